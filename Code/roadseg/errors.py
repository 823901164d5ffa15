"""The two errors that are addressed to the user of this package."""


class DataError(ValueError):
    """Input data is not what its format promises; the message names the file and the remedy."""


class TrainingError(RuntimeError):
    """A training cannot start, continue or finish; the message says what is kept and what to do."""

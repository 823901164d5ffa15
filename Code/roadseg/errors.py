"""The two errors that a user of this package is meant to meet."""


class DataError(ValueError):
    """Input data is not what its format promises; the message names the file and the remedy."""


class TrainingError(RuntimeError):
    """A training cannot start, continue or finish; the message says what is kept and what to do."""

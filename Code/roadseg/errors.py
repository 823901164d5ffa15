"""The two errors that are addressed to the user of this package."""


class DataError(ValueError):
    """Input data is not what its format promises; the message names the file and the remedy."""

    def __str__(self) -> str:
        """The message, also where the name of a file is not UTF-8 and could not be printed."""
        return super().__str__().encode("utf-8", "backslashreplace").decode()


class TrainingError(RuntimeError):
    """A training cannot start, continue or finish; the message says what is kept and what to do."""

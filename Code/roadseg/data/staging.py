"""The finished frames of a preprocessing that is not complete yet.

They lie in an SQLite database, because that survives a kill at any moment, which an HDF5 file does not.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path

from roadseg.data.store import Chunk

_COMMIT_EVERY = 64  # frames: what a kill can cost


class Staging:
    """Frame -> Chunk, for one way of preprocessing. What was made in another way is thrown away.

    A frame is kept with the state of its files, so that a file that was replaced is read again.
    Raises sqlite3.Error when the file cannot be written or another process writes it.
    """

    def __init__(self, path: Path, settings: str):
        self.path = path
        self._uncommitted = 0
        self._connection = sqlite3.connect(path, timeout=1)
        for statement in (
            "PRAGMA locking_mode = EXCLUSIVE",  # the lock is kept until the file is closed
            "PRAGMA synchronous = NORMAL",
            "PRAGMA page_size = 65536",  # a frame takes a few pages, not dozens
            "BEGIN EXCLUSIVE",  # one writer; a second run gets its error here
            "CREATE TABLE IF NOT EXISTS made (settings TEXT)",
            "CREATE TABLE IF NOT EXISTS chunk (sequence TEXT, number INTEGER, state TEXT,"
            " image BLOB, labels BLOB, checksum INTEGER, PRIMARY KEY (sequence, number))",
        ):
            self._connection.execute(statement)
        if self._connection.execute("SELECT settings FROM made").fetchall() != [(settings,)]:
            self._connection.execute("DELETE FROM chunk")
            self._connection.execute("DELETE FROM made")
            self._connection.execute("INSERT INTO made VALUES (?)", (settings,))
        self._connection.commit()

    def __enter__(self) -> "Staging":
        return self

    def __exit__(self, *_):
        """Keeps what is finished, also after an error."""
        try:
            self._connection.commit()
        finally:
            self._connection.close()

    def states(self) -> dict[tuple[str, int], str]:
        """(sequence, index) of each finished frame -> the state of its files."""
        rows = self._connection.execute("SELECT sequence, number, state FROM chunk")
        return {(sequence, index): state for sequence, index, state in rows}

    def add(self, name: tuple[str, int], state: str, chunk: Chunk) -> None:
        self._connection.execute(
            "INSERT OR REPLACE INTO chunk VALUES (?, ?, ?, ?, ?, ?)", (*name, state, *chunk)
        )
        self._uncommitted += 1
        if self._uncommitted == _COMMIT_EVERY:
            self._connection.commit()
            self._uncommitted = 0

    def chunks(self, names: Iterable[tuple[str, int]]) -> Iterator[Chunk]:
        """The chunk of each (sequence, index)."""
        query = "SELECT image, labels, checksum FROM chunk WHERE sequence = ? AND number = ?"
        return (Chunk(*self._connection.execute(query, name).fetchone()) for name in names)

    def discard(self) -> None:
        """Deletes the file; the connection lives on until the end of the `with` block."""
        self.path.unlink(missing_ok=True)

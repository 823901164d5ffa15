"""The finished frames of a preprocessing that is not complete yet.

They lie in an SQLite database, because that survives a kill at any moment, which an HDF5 file does not.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path

from roadseg.data.store import CompressedFrame

_FRAMES_PER_COMMIT = 64  # what a kill can cost


class Staging:
    """(sequence, index) -> CompressedFrame, all stored with the same settings.

    Frames that an earlier call staged with other settings are discarded. A frame is kept with the state
    of its files, so that a file that was replaced is read again.

    Raises sqlite3.Error when the file cannot be written, or while another process writes it.
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
        """Keeps the finished frames, also after an error."""
        try:
            self._connection.commit()
        finally:
            self._connection.close()

    def file_states(self) -> dict[tuple[str, int], str]:
        """(sequence, index) of each finished frame -> the state of its files."""
        rows = self._connection.execute("SELECT sequence, number, state FROM chunk")
        return {(sequence, index): state for sequence, index, state in rows}

    def add(self, name: tuple[str, int], file_state: str, frame: CompressedFrame) -> None:
        """Keeps a frame, in place of an older one of the same (sequence, index)."""
        self._connection.execute(
            "INSERT OR REPLACE INTO chunk VALUES (?, ?, ?, ?, ?, ?)", (*name, file_state, *frame)
        )
        self._uncommitted += 1
        if self._uncommitted == _FRAMES_PER_COMMIT:
            self._connection.commit()
            self._uncommitted = 0

    def frames(self, names: Iterable[tuple[str, int]]) -> Iterator[CompressedFrame]:
        """The frame of each (sequence, index), read one at a time."""
        query = "SELECT image, labels, checksum FROM chunk WHERE sequence = ? AND number = ?"
        return (CompressedFrame(*self._connection.execute(query, name).fetchone()) for name in names)

    def discard(self) -> None:
        """Deletes the file; the connection lives on until the end of the `with` block."""
        self.path.unlink(missing_ok=True)

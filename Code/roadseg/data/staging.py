"""The finished frames of a preprocessing that is not complete yet.

They lie in an SQLite database, because that survives a kill at any moment, which an HDF5 file does not.
"""

import contextlib
import json
import sqlite3
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from isal import isal_zlib

from roadseg.data.store import CompressedFrame
from roadseg.errors import DataError

_FRAMES_PER_COMMIT = 64  # what a kill can cost
_MAX_VALUE = 200_000_000  # bytes; no frame is larger
_TABLES = {
    "CREATE TABLE made (settings TEXT)",
    "CREATE TABLE chunk (sequence TEXT, number INTEGER, state TEXT, image BLOB, labels BLOB,"
    " checksum INTEGER, row_checksum INTEGER, PRIMARY KEY (sequence, number))",
}
# Beginnings of the names of errors that a damaged file gives; others are those of a disk.
_DAMAGE = (
    "SQLITE_CORRUPT", "SQLITE_ERROR", "SQLITE_FORMAT", "SQLITE_IOERR_SHORT_READ", "SQLITE_MISMATCH",
    "SQLITE_NOTADB", "SQLITE_SCHEMA", "SQLITE_TOOBIG",
)  # fmt: skip


class Staging:
    """(sequence, index) -> CompressedFrame, all stored with the same settings.

    Frames that an earlier call staged with other settings are discarded, and so are those that were
    damaged since; a file that cannot be read is made anew. A frame is kept with the state of its files,
    so that a file that was replaced is read again.

    Whoever makes one must hold the lock of the folder. Raises sqlite3.Error and OSError when the file
    cannot be written.
    """

    def __init__(self, path: Path, settings: str):
        self.path = path
        self._uncommitted = 0
        try:
            if path.is_symlink() or (path.exists() and not stat.S_ISREG(path.stat().st_mode)):
                remove(path)
            self._open(settings)
        except sqlite3.DatabaseError as error:
            if not getattr(error, "sqlite_errorname", "SQLITE_ERROR").startswith(_DAMAGE):
                raise
            self._connection.close()
            remove(path)
            self._open(settings)

    def _open(self, settings: str) -> None:
        # The lock of the folder keeps others out, also where the file system has no locks.
        self._connection = sqlite3.connect(f"{self.path.absolute().as_uri()}?nolock=1", uri=True)
        self._connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _MAX_VALUE)
        self._connection.execute("PRAGMA synchronous = NORMAL")
        self._connection.execute("PRAGMA page_size = 65536")  # a frame takes a few pages, not dozens
        self._prepare_tables()
        if self._connection.execute("SELECT settings FROM made").fetchall() != [(settings,)]:
            self._connection.execute("DELETE FROM chunk")
            self._connection.execute("DELETE FROM made")
            self._connection.execute("INSERT INTO made VALUES (?)", (settings,))
        self._states = dict(self._sound_frames())
        self._connection.commit()

    def _prepare_tables(self) -> None:
        found = {sql for (sql,) in self._connection.execute("SELECT sql FROM sqlite_master") if sql}
        if not found:
            for table in _TABLES:
                self._connection.execute(table)
        elif found != _TABLES:
            raise sqlite3.DatabaseError("other tables")
        if self._connection.execute("PRAGMA integrity_check(1)").fetchall() != [("ok",)]:
            raise sqlite3.DatabaseError("damaged tables")

    def _sound_frames(self) -> Iterator[tuple[tuple[str, int], str]]:
        """Name and state of the files of each frame; deletes frames that do not match their checksum."""
        damaged = []
        query = "SELECT rowid, sequence, number, state, image, labels, checksum, row_checksum FROM chunk"
        for row, sequence, index, state, *frame, expected in self._connection.execute(query):
            if _row_checksum((sequence, index), state, CompressedFrame(*frame)) == expected:
                yield (sequence, index), state
            else:
                damaged.append((row,))
        self._connection.executemany("DELETE FROM chunk WHERE rowid = ?", damaged)

    def __enter__(self) -> "Staging":
        return self

    def __exit__(self, *_):
        """Keeps the finished frames, also after an error."""
        try:
            if self._uncommitted:
                self.commit()
        finally:
            self._connection.close()

    def file_states(self) -> dict[tuple[str, int], str]:
        """(sequence, index) of each finished frame -> the state of its files."""
        return self._states

    def add(self, name: tuple[str, int], file_state: str, frame: CompressedFrame) -> None:
        """Keeps a frame, in place of an older one of the same (sequence, index)."""
        row = (*name, file_state, *frame, _row_checksum(name, file_state, frame))
        self._connection.execute("INSERT OR REPLACE INTO chunk VALUES (?, ?, ?, ?, ?, ?, ?)", row)
        self._states[name] = file_state
        self._uncommitted += 1
        if self._uncommitted == _FRAMES_PER_COMMIT:
            self.commit()

    def commit(self) -> None:
        """Brings all frames to the disk."""
        self._connection.commit()
        self._uncommitted = 0

    def frames(self, names: Iterable[tuple[str, int]]) -> Iterator[CompressedFrame]:
        """The frame of each (sequence, index), read one at a time.

        Raises DataError for one that is not as it was added.
        """
        query = (
            "SELECT state, row_checksum, image, labels, checksum FROM chunk"
            " WHERE sequence = ? AND number = ?"
        )
        for name in names:
            state, expected, *frame = self._connection.execute(query, name).fetchone() or 5 * (None,)
            frame = CompressedFrame(*frame)
            if expected is None or _row_checksum(name, state, frame) != expected:
                raise DataError(f"{self.path}: frame {name} was damaged on the disk; run again")
            yield frame


def remove(path: Path) -> None:
    """Deletes a staging file and what SQLite keeps beside it."""
    for suffix in ("", "-journal", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def _row_checksum(name: tuple[str, int], file_state: str, frame: CompressedFrame) -> int | None:
    """CRC-32 of all that is kept of a frame; None for values that cannot be one's."""
    with contextlib.suppress(TypeError):
        sizes = len(frame.image), len(frame.labels)
        header = json.dumps([*name, file_state, *sizes, frame.checksum]).encode()
        return isal_zlib.crc32(frame.labels, isal_zlib.crc32(frame.image, isal_zlib.crc32(header)))
    return None

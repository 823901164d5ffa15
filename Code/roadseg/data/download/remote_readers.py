"""A file on a server as a local file object, as far as tarfile needs one."""

from roadseg.data.download.remote import RemoteFile

_AHEAD = 1024  # bytes that hold the padding of a member and the next header


class RangeReader:
    """Reads anywhere in a file whose server gives ranges.

    A request brings a little more than asked for, so that one is enough for a member and the header
    that follows it.
    """

    def __init__(self, remote: RemoteFile):
        self._remote, self._size = remote, remote.size or 0
        self._position, self._start, self._window = 0, 0, b""

    def seek(self, position: int) -> None:
        self._position = position

    def tell(self) -> int:
        return self._position

    def read(self, size: int) -> bytes:
        """Up to `size` bytes, fewer only at the file's end."""
        start, stop = self._position, min(self._position + size, self._size)
        held = self._window[start - self._start :] if start >= self._start else b""
        if len(held) < stop - start:
            held += b"".join(self._remote.parts(start + len(held), min(stop + _AHEAD, self._size)))
        self._start, self._window = start, held
        self._position = max(start, stop)
        return held[: self._position - start]


class StreamReader:
    """Reads a file without ranges once, from its start to its end; seeks forwards only."""

    def __init__(self, remote: RemoteFile):
        self._parts = remote.parts(0, None)
        self._held, self._position = b"", 0

    def seek(self, position: int) -> None:
        while self._position < position and self._take(position - self._position):
            pass

    def tell(self) -> int:
        return self._position

    def read(self, size: int) -> bytes:
        """Up to `size` bytes, fewer only at the file's end."""
        pieces, end = [], self._position + size
        while self._position < end and (piece := self._take(end - self._position)):
            pieces.append(piece)
        return b"".join(pieces)

    def _take(self, at_most: int) -> bytes:
        """The next bytes; none at the file's end."""
        while not self._held:
            part = next(self._parts, None)
            if part is None:
                return b""
            self._held = part
        piece, self._held = self._held[:at_most], self._held[at_most:]
        self._position += len(piece)
        return piece

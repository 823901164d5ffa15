"""A file that remembers where the members of a tar archive lie, because the archive itself does not."""

import itertools
import json
import tarfile
from pathlib import Path

from roadseg.files import atomic_write

MAX_POSITION = 1 << 62  # bytes
_MAX_FILE = 50_000_000  # bytes; all members of both versions take a tenth
_MEMBERS_PER_SAVE = 200  # what a kill can cost


class MemberIndex:
    """The position of the known members of an archive, as far as it was read.

    places: name -> (first byte, number of bytes).
    read_to: the byte at which the first unread header begins.
    """

    def __init__(self, path: Path, state: object):
        """Loads the index, unless it is damaged or was made of an archive in another state.

        state: anything that JSON can hold and that changes when the archive does.
        """
        self._path, self._state, self._unsaved = path, json.loads(json.dumps(state)), 0
        self.places: dict[str, tuple[int, int]] = {}
        self.read_to = 0
        try:
            saved = json.loads(path.read_bytes().decode("utf-8"))
            state, read_to = saved["state"], saved["read_to"]
            places = {name: (first, size) for name, (first, size) in saved["places"].items()}
            numbers = [read_to, *itertools.chain.from_iterable(places.values())]
            is_sensible = set(map(type, numbers)) == {int} and 0 <= read_to < MAX_POSITION
            is_sensible = is_sensible and all(
                tarfile.BLOCKSIZE <= first < first + size <= read_to for first, size in places.values()
            )
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return  # none yet, or damaged: it is made again
        if is_sensible and state == self._state:
            self.places, self.read_to = places, read_to

    def __enter__(self) -> "MemberIndex":
        return self

    def __exit__(self, *_):
        if self._unsaved:
            self._save()

    def advance(self, read_to: int) -> None:
        """Notes that one more member was read, up to this byte."""
        self.read_to = read_to
        self._unsaved += 1
        if self._unsaved == _MEMBERS_PER_SAVE:
            self._save()

    def clear(self) -> None:
        """Forgets all members, on disk as well."""
        self.places, self.read_to = {}, 0
        self._save()

    def _save(self) -> None:
        content = {"state": self._state, "read_to": self.read_to, "places": self.places}
        atomic_write(self._path, lambda part: part.write_text(json.dumps(content), "utf-8"))
        self._unsaved = 0

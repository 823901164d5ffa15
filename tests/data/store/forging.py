"""Stores that somebody else's program changes, and then seals as if nothing had happened."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import h5py

from roadseg.data import store
from roadseg.data.store.sealing import seal


@contextmanager
def forged(target: Path) -> Iterator[h5py.File]:
    """The HDF5 file of a store, open to be changed; it has a right seal afterwards."""
    path = target / store.FRAMES_FILE
    with h5py.File(path, "r+") as file:
        block = file.userblock_size
        yield file
    seal(path, block, [])


def as_of_earlier_versions(target: Path) -> None:
    """Takes the user block and its seal away."""
    path = target / store.FRAMES_FILE
    sealed = path.rename(path.with_name("sealed"))
    with h5py.File(path, "w") as file, h5py.File(sealed) as old:
        for name in old:
            old.copy(name, file)
        file.attrs.update(old.attrs)
    sealed.unlink()

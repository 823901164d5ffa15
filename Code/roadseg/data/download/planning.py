"""What has to be fetched for some sequences, and about how much that is."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from roadseg.data.download.catalogue import Archive, release_of
from roadseg.errors import DataError
from roadseg.files import user_path


@dataclass(frozen=True)
class Plan:
    """What a call of `fetch` has to fetch.

    missing: for each archive, the names of the files that are not in `target` yet.
    sizes: for each archive, the bytes to fetch; an estimate.
    """

    sequences: tuple[str, ...]
    target: Path
    missing: dict[Archive, list[str]]
    sizes: dict[Archive, int]

    def __str__(self) -> str:
        files, size = sum(map(len, self.missing.values())), sum(self.sizes.values())
        return (
            f"{', '.join(self.sequences)}: {files:,} files, about {size / 1e6:,.0f} MB, to fetch "
            f"into {self.target}"
        )


def plan(sequences: str | Iterable[str], target: str | Path, version: str = "1.3.1") -> Plan:
    """What `fetch` with the same arguments would do; nothing is fetched.

    Raises DataError for an unknown sequence or version, and for a folder that cannot be read.
    """
    target, release = user_path(target), release_of(version)
    names = release.sequences(sequences)
    missing, sizes = {}, {}
    for archive in release.archives:
        files = dict.fromkeys(name for each in names for name in release.files(archive, each))
        missing[archive] = [name for name in files if not _is_there(target / name)]
        share = len(missing[archive]) / len(release.all_files(archive))
        if archive.is_fetched_whole:
            share = bool(missing[archive]) and not _is_there(target / archive.name)
        sizes[archive] = round(archive.size * share)
    return Plan(tuple(names), target, missing, sizes)


def _is_there(path: Path) -> bool:
    try:
        return path.is_file() and path.stat().st_size > 0
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}); check the folder's permissions")

"""A folder whose files change together, and are believed only together.

New files are written into its folder `next`. When the manifest that names them is in place, they move to
theirs: a kill at any moment leaves the state before or after. One process at a time writes.
"""

import contextlib
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from roadseg.errors import DataError, TrainingError
from roadseg.files import flush_to_disk, folder_lock, user_path
from roadseg.training.manifest import FILES, Fingerprint, Manifest

_LARGEST = 100_000_000  # bytes of a JSON file
_OF_AN_EPOCH = FILES[3:]  # what only a run with a finished epoch has


class CommittedFolder:
    """The files of a run, whatever is in them; `RunFolder` knows that."""

    def __init__(self, path: str | Path):
        self.path = user_path(path)
        self.manifest: Manifest | None = None  # as it was read or written last; None before the start
        self._manifest_file = self.path / "manifest.json"
        self._next = self.path / "next"
        self._staged: list[str] = []

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Creates the folder if necessary, and keeps other processes from training in it.

        Raises TrainingError while another one does, and where the file system has no locks.
        """
        with contextlib.ExitStack() as stack:
            with self._writing():
                self.path.mkdir(parents=True, exist_ok=True)
                try:
                    stack.enter_context(folder_lock(self.path))
                except DataError as error:
                    raise TrainingError(str(error))
            yield

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        """Says what a full or read-only disk means; h5py calls it a RuntimeError, in many lines."""
        try:
            yield
        except TrainingError:
            raise
        except (OSError, RuntimeError) as error:
            number = getattr(error, "errno", None)
            reason = os.strerror(number) if number else str(error).partition("\n")[0]
            epochs = self.manifest.epochs if self.manifest else 0
            raise TrainingError(
                f"{self.path}: cannot be written ({reason}); its {epochs} finished epochs are kept. "
                "Make room or get permission to write there, and train again to continue"
            )

    def read_manifest(self) -> Manifest | None:
        """The state of the run, None where there is none; raises TrainingError for a damaged one."""
        self.manifest = Manifest.load(self._manifest_file)
        return self.manifest

    def recover(self) -> None:
        """Finishes what a kill interrupted, and checks that every file is the one that was written."""
        if self.read_manifest() is None:
            if lost := [name for name in _OF_AN_EPOCH if (self.path / name).exists()]:
                raise TrainingError(
                    f"{self._manifest_file}: lost, or the run is of an earlier version that wrote none; "
                    f"nobody can say what {lost[0]} belongs to. Restore it from a copy, or delete the "
                    "folder to train again"
                )
            return
        with self._writing():
            self._settle()
        self.check(*(name for name in self.manifest.files if name != "metrics.json"))
        if self.manifest.is_finished and (self.path / "metrics.json").exists():
            self.check("metrics.json")

    def check(self, *names: str) -> None:
        """Raises TrainingError unless these files are as the manifest says."""
        for name in names:
            path, expected = self.path / name, self.manifest.files.get(name)
            if expected is None or not expected.is_of(path):
                what = "is not as the run wrote it" if path.exists() else "is lost"
                remedy = (
                    "delete this file, and training again only evaluates"
                    if name == "metrics.json"
                    else "restore it from a copy, or delete the folder to train again"
                )
                raise TrainingError(f"{path}: {what}; {remedy}")

    def stage(self, name: str, write: Callable[[Path], object], size: int = 0) -> None:
        """Writes a file of the epoch that the next `commit` finishes.

        size: bytes that there must be room for before `write` starts; on a full disk HDF5 prints pages.
        """
        with self._writing():
            self._next.mkdir(exist_ok=True)
            (self._next / name).write_bytes(bytes(size))
            write(self._next / name)
            flush_to_disk(self._next / name)
        self._staged.append(name)

    def stage_json(self, name: str, content: Mapping[str, object]) -> None:
        text = json.dumps(content, indent=1) + "\n"
        self.stage(name, lambda path: path.write_text(text, "utf-8"))

    def commit(self, epochs: int) -> None:
        """From now on the run has finished so many epochs, and the staged files are its files."""
        with self._writing():
            staged = {name: Fingerprint.of(self._next / name) for name in self._staged}
            before = self.manifest.files if self.manifest else {}
            manifest = Manifest(epochs, before | staged)
            flush_to_disk(self._next)
            manifest.save(self._manifest_file)
            self.manifest = manifest
            self._settle()
        self._staged.clear()

    def _settle(self) -> None:
        """Moves what the manifest names to its place, and drops what it does not name."""
        for name, fingerprint in self.manifest.files.items():
            if (self._next / name).exists() and fingerprint.is_of(self._next / name):
                (self._next / name).replace(self.path / name)
        flush_to_disk(self.path)
        shutil.rmtree(self._next, ignore_errors=True)

    def read_json(self, name: str) -> dict[str, object]:
        self.check(name)
        try:
            content = json.loads((self.path / name).read_bytes())
        except (OSError, ValueError, RecursionError) as error:
            raise TrainingError(f"{self.path / name}: not JSON ({error}); delete the folder")
        if not isinstance(content, dict):
            raise TrainingError(f"{self.path / name}: not what a run writes; delete the folder")
        return content

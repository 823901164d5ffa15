"""Manifest: which files belong to a run after its last finished epoch, and the digest of each."""

import hashlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from roadseg.errors import TrainingError
from roadseg.files import atomic_write

FILES = (
    "settings.json", "split.json", "initial.weights.h5", "history.csv", "best.keras",
    "last.weights.h5", "metrics.json",
)  # fmt: skip
_LARGEST = 100_000  # bytes of manifest.json
_BLOCK = 1 << 20  # bytes


@dataclass(frozen=True)
class Fingerprint:
    """What tells a file from a cut, changed or other one."""

    bytes: int
    sha256: str

    @classmethod
    def of(cls, path: Path) -> "Fingerprint":
        """Raises OSError when it cannot be read."""
        return cls._of(path, path.stat().st_size)

    @classmethod
    def _of(cls, path: Path, size: int) -> "Fingerprint":
        hashed = hashlib.sha256()
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                hashed.update(block)
        return cls(size, hashed.hexdigest())

    def is_of(self, path: Path) -> bool:
        """Whether the file is there, and has this size and content; a pipe or device is not read."""
        try:
            return path.stat().st_size == self.bytes and self._of(path, self.bytes) == self
        except OSError:
            return False


@dataclass(frozen=True)
class Manifest:
    """The state of a run.

    epochs: that are finished.
    files: name -> fingerprint.
    """

    epochs: int = 0
    files: dict[str, Fingerprint] = field(default_factory=dict)

    @property
    def is_finished(self) -> bool:
        return "metrics.json" in self.files

    def save(self, path: Path) -> None:
        content = asdict(self)
        text = json.dumps(content | {"sha256": _digest(content)}, indent=1) + "\n"
        atomic_write(path, lambda part: part.write_text(text, "utf-8"))

    @classmethod
    def load(cls, path: Path) -> "Manifest | None":
        """None where there is none; raises TrainingError for a damaged one."""
        try:
            content = json.loads(path.read_bytes())
            if content.pop("sha256") != _digest(content):
                raise ValueError("it was changed")
            return cls._checked(**content)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except PermissionError as error:
            raise TrainingError(f"{path}: cannot be read ({error.strerror}); get permission to read it")
        except (OSError, ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
            raise TrainingError(
                f"{path}: damaged ({error}), so that nobody can say what in this folder belongs "
                "together; restore it from a copy, or delete the folder to train again"
            )

    @classmethod
    def _checked(cls, epochs: int, files: dict[str, dict]) -> "Manifest":
        needed = set(FILES[:3]) | ({"history.csv", "last.weights.h5"} if epochs else set())
        needed |= {"best.keras"} if "metrics.json" in files else set()
        if type(epochs) is not int or epochs < 0 or not needed <= set(files) <= set(FILES):
            raise ValueError("its entries are not those of a run")
        return cls(epochs, {name: Fingerprint(**each) for name, each in files.items()})


def _digest(content: dict) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()

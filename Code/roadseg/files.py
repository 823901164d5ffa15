"""Files that are whole under their name, or not there, also when the process is killed at any moment."""

import os
from collections.abc import Callable
from pathlib import Path


def atomic_write(path: Path, write: Callable[[Path], object]) -> None:
    """`write` makes a hidden file with the same suffix beside it, which then takes its name."""
    part = path.with_name(f".part-{os.getpid()}-{path.name}")
    try:
        write(part)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)

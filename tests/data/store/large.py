"""Stores of thousands of tiny frames, and the work that something does with one."""

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

from roadseg.data import store
from roadseg.data.store import CompressedFrame, FrameStore

_SHAPE = (8, 12, 3)


def store_of(count: int, like: FrameStore, target: Path) -> Path:
    """Frames of noise, with the classes of another store."""
    target.mkdir()
    rng = np.random.default_rng(0)
    frames = (
        CompressedFrame.of(
            rng.integers(0, 256, _SHAPE, np.uint8), rng.integers(0, 9, _SHAPE[:2], np.uint8)
        )
        for _ in range(count)
    )
    names = [(f"{world:04d}/clone", i) for world in range(10) for i in range(count // 10)]
    store.write(target / store.FRAMES_FILE, names, frames, _SHAPE, like.attributes)
    shutil.copy(like.path / store.CLASS_MAPS_FILE, target)
    return target


def calls(work: Callable[[Path], object], target: Path) -> int:
    """How many functions are called meanwhile: the same on a fast machine and on a slow one."""
    count = 0

    def note(_, event, __):
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(note)
    try:
        work(target)
    finally:
        sys.setprofile(None)
    return count

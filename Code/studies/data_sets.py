"""The frames that the studies learn from, preprocessed once, and what of them is held out."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import roadscenes
from benchmarks import common
from roadscenes.layouts import LAYOUTS
from roadseg.data import preprocess, sources, store
from roadseg.data.sources.base import select_sequences
from roadseg.data.splits import Split
from roadseg.data.store import FrameStore


def camvid(folder: Path, scale: float) -> FrameStore:
    """Its parts `train` and `val`."""
    return _store(sources.open(folder), scale, ["train", "val"])


def rendered(scale: float = 3) -> FrameStore:
    """Every eighth frame of all five worlds."""
    folder = common.CODE / "Data" / "five-worlds"
    for world, layout in LAYOUTS.items():
        roadscenes.render(folder, [world], frames=range(0, layout.frames, 8))
    return _store(sources.open(folder), scale)


def of_one_kind(world: str, seeds: Iterable[int]) -> FrameStore:
    """Every tenth frame of one world, furnished in several ways: sequences "seed-0/0001/clone", ..."""
    parts = {}
    for seed in seeds:
        folder = common.CODE / "Data" / f"{world}-seed-{seed}"
        numbers = range(0, LAYOUTS[world].frames, 10)
        roadscenes.render(folder, [world], frames=numbers, seed=seed)
        parts[f"seed-{seed}"] = sources.open(folder)
    return _store(sources.Joined(parts), 3)


def _store(source: sources.Source, scale: float, sequences: Sequence[str] | None = None) -> FrameStore:
    target = common.CODE / "Data_compressed" / preprocess.folder_name(source, sequences, scale)
    preprocess.to_hdf5(source, target, sequences, scale)
    return store.open(target)


def split(frames: FrameStore, train: Sequence[str], validation: Sequence[str]) -> Split:
    """Some sequences to train on, others to validate on; the rest is not used.

    Names are those of sequences or of what they lie below: "train", "train/0006R0", "0002".
    """
    return Split(
        _positions(frames, train),
        _positions(frames, validation),
        description=f"trained on {', '.join(train)}, validated on {', '.join(validation)}",
    )


def _positions(frames: FrameStore, names: Sequence[str]) -> tuple[int, ...]:
    chosen = set(select_sequences(sorted(set(frames.sequence)), names, frames.path))
    return tuple(i for i, name in enumerate(frames.sequence) if name in chosen)

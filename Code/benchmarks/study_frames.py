"""The frames that the studies learn from, preprocessed once, and what of them is held out."""

from collections.abc import Sequence
from pathlib import Path

import common

from roadseg import preprocess, sources, store
from roadseg.sources.base import matching
from roadseg.sources.miniature.layouts import LAYOUTS
from roadseg.splits import Split
from roadseg.store import FrameStore


def camvid(folder: Path, scale: float) -> FrameStore:
    return _store(sources.open(folder), scale)


def rendered(scale: float = 3) -> FrameStore:
    """Every eighth frame of all five worlds."""
    folder = common.CODE / "Data" / "five-worlds"
    for world, layout in LAYOUTS.items():
        sources.miniature.render(folder, [world], frames=range(0, layout.frames, 8))
    return _store(sources.open(folder), scale)


def _store(source: sources.Source, scale: float) -> FrameStore:
    target = common.CODE / "Data_compressed" / preprocess.folder_name(source, None, scale)
    preprocess.to_hdf5(source, target, scale=scale)
    return store.open(target)


def split(frames: FrameStore, train: Sequence[str], validation: Sequence[str]) -> Split:
    """Some sequences to train on, others to validate on; the rest is not used.

    Names are those of sequences or of what they lie below: "train", "train/0006R0", "0002".
    """
    return Split(
        _positions(frames, train),
        _positions(frames, validation),
        how=f"trained on {', '.join(train)}, validated on {', '.join(validation)}",
    )


def _positions(frames: FrameStore, names: Sequence[str]) -> tuple[int, ...]:
    chosen = set(matching(sorted(set(frames.sequence)), names, frames.path))
    return tuple(i for i, name in enumerate(frames.sequence) if name in chosen)

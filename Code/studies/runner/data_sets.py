"""Opens the frames of studies, preprocessed once, and splits them."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import roadscenes
from roadscenes import WORLDS
from roadseg.data import preprocess, sources, splits, store
from roadseg.data.sources.base import select_sequences
from roadseg.data.splits import Split
from roadseg.data.store import FrameStore
from roadseg.errors import DataError
from studies.runner.study import Frames, MakeSplit

CODE = Path(__file__).resolve().parents[2]
DATA, PREPROCESSED = CODE / "Data", CODE / "Data_compressed"


def camvid(scale: float) -> Frames:
    """The parts `train` and `val` of CamVid, `scale` times smaller than 480 x 360."""

    def frames(folder: Path | None) -> FrameStore:
        if folder is None:
            raise DataError("this study trains on CamVid; name its folder: --camvid FOLDER")
        return preprocessed(sources.open(folder), scale, ["train", "val"])

    return frames


def rendered(scale: float = 3) -> Frames:
    """Every eighth frame of all five rendered worlds."""

    def frames(_: Path | None = None) -> FrameStore:
        folder = DATA / "five-worlds"
        for name, world in WORLDS.items():
            roadscenes.render(folder, [name], frames=range(0, world.frames, 8))
        return preprocessed(sources.open(folder), scale)

    return frames


def rendered_default(_: Path | None = None) -> FrameStore:
    """The scenes that train_network.ipynb renders when there is no data set."""
    roadscenes.render_default(DATA / "scenes")
    return preprocessed(sources.open(DATA / "scenes"))


def furnished(world: str, seeds: Iterable[int]) -> Frames:
    """Every tenth frame of one world as each seed furnishes it: sequences "seed-0/0001/clone", ..."""

    def frames(_: Path | None = None) -> FrameStore:
        parts = {}
        for seed in seeds:
            folder = DATA / f"{world}-seed-{seed}"
            numbers = range(0, WORLDS[world].frames, 10)
            roadscenes.render(folder, [world], frames=numbers, seed=seed)
            parts[f"seed-{seed}"] = sources.open(folder)
        return preprocessed(sources.Joined(parts))

    return frames


def preprocessed(
    source: sources.Source, scale: float = 3, sequences: Sequence[str] | None = None
) -> FrameStore:
    """The frames of a source, which are preprocessed where that was not done before."""
    target = PREPROCESSED / preprocess.folder_name(source, sequences, scale)
    preprocess.to_hdf5(source, target, sequences, scale)
    return store.open(target)


def hold_out(*sequences: str) -> MakeSplit:
    """Validates on these sequences, or on what lies below these names, and trains on all others."""
    return lambda frames: splits.by_sequence(frames, sequences)


def train_on(train: Sequence[str], validation: Sequence[str]) -> MakeSplit:
    """Trains on some sequences and validates on others; the rest is not used.

    Names are those of sequences or of what they lie below: "train", "train/0006R0", "0002".
    """

    def split(frames: FrameStore) -> Split:
        return Split(
            positions(frames, train),
            positions(frames, validation),
            description=f"trained on {', '.join(train)}, validated on {', '.join(validation)}",
        )

    return split


def positions(frames: FrameStore, names: Sequence[str]) -> tuple[int, ...]:
    """Positions of the frames of these sequences, or of what lies below these names."""
    chosen = set(select_sequences(sorted(set(frames.sequence)), names, frames.path))
    return tuple(i for i, name in enumerate(frames.sequence) if name in chosen)

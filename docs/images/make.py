"""Makes the images of the README and of the docs, from rendered scenes and the weights that ship.

    .venv/bin/python docs/images/make.py

Writes simple.png, strip.png, drive.webp and variations.jpg beside this file, in about a minute on two
cores. The weights were not trained on scenes of this seed. page.webp is a screenshot of what
`roadseg export simple_plus --format web` writes.
"""

from collections.abc import Iterable
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from PIL import Image

import roadscenes
from roadseg import evaluation, networks, plots
from roadseg.data import preprocess, sources, store

SEED = 8
GALLERY_FRAME = 120
DRIVE = range(100, 160)  # frames of world 0001, six seconds


def make(
    target: Path,
    data: Path,
    stores: Path,
    variations: Iterable[str] = tuple(roadscenes.VARIATIONS),
    drive: Iterable[int] = DRIVE,
) -> None:
    """Renders what is missing and makes the images.

    Args:
        target: folder of the images.
        data: folder of the rendered scenes.
        stores: folder of the preprocessed scenes.
        variations: that variations.jpg shows, "clone" among them.
        drive: frames that drive.webp shows.
    """
    gallery = _preprocessed(data / "gallery", stores, roadscenes.WORLDS, variations, [GALLERY_FRAME])
    plots.variations(gallery).savefig(target / "variations.jpg")
    network = networks.load_pretrained("simple", gallery.image_shape)
    plots.network_diagram(network).savefig(target / "simple.png")
    chosen = [gallery.sequence.index(f"{world}/clone") for world in ("0002", "0006", "0020")]
    plots.predictions({"prediction": network}, gallery, chosen).savefig(target / "strip.png")
    plt.close("all")
    frames = _preprocessed(data / "drive", stores, ["0001"], ["clone"], drive)
    first, *others = (Image.fromarray(each) for each in _stacked(network, frames))
    first.save(
        target / "drive.webp",
        save_all=True,
        append_images=others,
        duration=100,
        loop=0,
        quality=60,
        method=6,
    )


def _preprocessed(raw: Path, stores: Path, worlds, variations, frames) -> store.FrameStore:
    roadscenes.render(raw, worlds, variations, frames, seed=SEED)
    preprocess.to_hdf5(sources.open(raw), stores / raw.name)
    return store.open(stores / raw.name)


def _stacked(network, frames: store.FrameStore) -> list[np.ndarray]:
    """Of each frame: image, truth and prediction, below each other."""
    return [
        np.vstack([image, *(plots.paint(ids, frames.palette) for ids in (truth, predicted))])
        for images, labels, predictions in evaluation.predict(network, frames, range(len(frames)))
        for image, truth, predicted in zip(images, labels, predictions, strict=True)
    ]


if __name__ == "__main__":
    here = Path(__file__).resolve().parent
    code = here.parents[1] / "Code"
    make(here, code / "Data", code / "Data_compressed")

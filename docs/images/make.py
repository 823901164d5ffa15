"""Makes the pictures of the README, from rendered scenes and the weights that ship with the project.

    .venv/bin/python Code/make_pictures.py

The scenes are of seed 8, from which the weights have not learned. Writes into pictures/.
"""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from PIL import Image

import roadscenes
from roadscenes.layouts import LAYOUTS
from roadscenes.light import VARIATIONS
from roadseg import evaluation, networks, plots
from roadseg.data import preprocess, sources, store

_HERE = Path(__file__).resolve().parent
_PICTURES = _HERE / "pictures"
_SEED = 8
_DRIVE = range(100, 160)  # frames of world 0001, six seconds


def main() -> None:
    _PICTURES.mkdir(exist_ok=True)
    scenes = _rendered("gallery", LAYOUTS, VARIATIONS, [120])
    plots.variations(scenes).savefig(_PICTURES / "variations.jpg", dpi=75)
    plt.close("all")
    network = networks.load_pretrained("simple", scenes.image_shape)
    chosen = [scenes.sequence.index(f"{world}/clone") for world in ("0002", "0006", "0020")]
    plots.predictions({"prediction": network}, scenes, chosen).savefig(_PICTURES / "strip.png")
    plt.close("all")
    drive = _rendered("drive", ["0001"], ["clone"], _DRIVE)
    first, *others = (Image.fromarray(each) for each in _stacked(network, drive, range(len(drive))))
    first.save(
        _PICTURES / "drive.webp",
        save_all=True,
        append_images=others,
        duration=100,
        loop=0,
        quality=60,
        method=6,
    )


def _rendered(name: str, worlds, variations, frames) -> store.FrameStore:
    raw, target = _HERE / "Data" / name, _HERE / "Data_compressed" / name
    roadscenes.render(raw, worlds, variations, frames, seed=_SEED)
    preprocess.to_hdf5(sources.open(raw), target)
    return store.open(target)


def _stacked(network, frames: store.FrameStore, indices) -> list[np.ndarray]:
    """Of each frame: scene, truth and prediction, below each other."""
    return [
        np.vstack([image, plots.paint(truth, frames.palette), plots.paint(predicted, frames.palette)])
        for images, labels, predictions in evaluation.predict(network, frames, indices)
        for image, truth, predicted in zip(images, labels, predictions, strict=True)
    ]


if __name__ == "__main__":
    main()

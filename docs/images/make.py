"""Makes the images of the README and of the docs, from rendered scenes and the weights that ship.

    .venv/bin/python docs/images/make.py

Writes simple.png, strip.png, drive.webp, variations.jpg, town.jpg and a small picture of each notebook
beside this file, in minutes. The weights were not trained on scenes of this seed. page.webp is a
screenshot of what `roadseg export simple_plus --format web` writes.
"""

import io
from collections.abc import Iterable
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from PIL import Image, ImageOps

import roadscenes
from roadseg import inference, networks, plots
from roadseg.data import preprocess, sources, store
from studies import ideas
from studies.runner import by_trial, load

SEED = 8
GALLERY_FRAME, TOWN_FRAME = 120, 100
DRIVE = range(100, 140)  # frames of world 0001, four seconds
WIDTH = 828  # pixels of the drive: as wide as a page on GitHub
SMALL = 400, 240  # pixels of a notebook's picture
MARGIN = {"bbox_inches": "tight", "pad_inches": 0.05}  # room for the borders of the outer panels


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
    gallery = _preprocessed(data / "gallery", stores, roadscenes.WORLDS, variations, GALLERY_FRAME)
    plots.variations(gallery).savefig(target / "variations.jpg")
    town = _preprocessed(data / "town", stores, ["0001", "0006"], ["clone"], TOWN_FRAME, "camvid")
    plots.samples(town, [0, 1]).savefig(target / "town.jpg")
    network = networks.load_pretrained("simple", gallery.image_shape)
    plots.network_diagram(network).savefig(target / "simple.png")
    chosen = [gallery.sequence.index(f"{world}/clone") for world in ("0002", "0006", "0020")]
    plots.predictions({"prediction": network}, gallery, chosen).savefig(target / "strip.png", **MARGIN)
    roadscenes.render(data / "drive", ["0001"], frames=drive, seed=SEED)
    driven = [frame.image for frame in sources.open(data / "drive").frames()]
    first, *others = _labelled(driven)
    pictures = {
        "train_network": _halves(data / "gallery"),
        "use_network": ImageOps.fit(inference.segment(driven[0], "simple").overlay(legend_of=()), SMALL),
        "ideas": _small(plots.differences(by_trial(load(ideas.ONE_BY_ONE)), ideas.BASELINE, "mean IoU")),
        "edgesegnet_study": _small(
            plots.network_diagram(networks.build("edgesegnet", gallery.image_shape, 14))
        ),
    }
    for name, picture in pictures.items():
        picture.save(target / f"{name}.jpg", quality=85)
    plt.close("all")
    first.save(
        target / "drive.webp",
        save_all=True,
        append_images=others,
        duration=100,
        loop=0,
        quality=50,
        method=6,
    )


def _preprocessed(
    raw: Path, stores: Path, worlds, variations, frame: int, labels: str = "virtual_kitti"
) -> store.FrameStore:
    """One frame of each, all about 450 pixels wide."""
    roadscenes.render(raw, worlds, variations, [frame], SEED, labels=labels)
    preprocess.to_hdf5(sources.open(raw), stores / raw.name, scale=1 if labels == "camvid" else 3)
    return store.open(stores / raw.name)


def _labelled(images: Iterable[Path]) -> list[Image.Image]:
    """Each image above its overlay, with one legend for all."""
    labeller = inference.open("simple")
    found = [labeller.segment(image) for image in images]
    legend = found[0].class_names
    pairs = [np.vstack([each.image, each.overlay(0.5, legend)]) for each in found]
    return [ImageOps.contain(Image.fromarray(pair), (WIDTH, WIDTH)) for pair in pairs]


def _halves(raw: Path) -> Image.Image:
    """A scene, whose right half shows its true classes."""
    source = sources.open(raw)
    frame = source.frames(["0006/clone"])[0]
    image, truth = source.read_image(frame), plots.paint(source.read_labels(frame), source.palette)
    halves = np.asarray(image).copy()
    halves[:, image.width // 2 :] = truth[:, image.width // 2 :]
    return ImageOps.fit(Image.fromarray(halves), SMALL)


def _small(figure: Figure) -> Image.Image:
    """The upper part of a figure."""
    buffer = io.BytesIO()
    figure.savefig(buffer, dpi=60, **MARGIN)
    return ImageOps.fit(Image.open(buffer).convert("RGB"), SMALL, centering=(0.5, 0))


if __name__ == "__main__":
    here = Path(__file__).resolve().parent
    code = here.parents[1] / "Code"
    make(here, code / "Data", code / "Data_compressed")

"""Tiny raw data sets in the layouts of the real ones, drawn from a seed."""

from pathlib import Path

import numpy as np
from PIL import Image

WIDTH, HEIGHT = 96, 63  # pixels; divisible by 3, not by 16
STUFF = {
    "Terrain": (210, 0, 200),
    "Sky": (90, 200, 255),
    "Tree": (0, 199, 0),
    "Vegetation": (90, 240, 0),
    "Building": (140, 140, 140),
    "Road": (100, 60, 100),
    "GuardRail": (255, 100, 255),
    "TrafficSign": (255, 255, 0),
    "TrafficLight": (200, 200, 0),
    "Pole": (255, 130, 0),
    "Misc": (80, 80, 80),
    "Truck": (160, 60, 60),
}
SHARED_COLOUR = (230, 208, 202)  # a Car in world 0001, a Van in world 0002, as in the real data set


def scene(generator: np.random.Generator) -> np.ndarray:
    """Class names (H, W): sky over trees over road, with a pole and a vehicle somewhere."""
    names = np.full((HEIGHT, WIDTH), "Sky", dtype=object)
    horizon = int(generator.integers(20, 28))
    names[horizon:] = "Tree"
    names[horizon + 12 :] = "Road"
    left = int(generator.integers(5, WIDTH - 30))
    names[horizon + 6 : horizon + 24, left : left + 20] = "vehicle"
    names[10 : horizon + 14, left - 4 : left - 1] = "Pole"
    return names


def noisy_image(names: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """A noisy image in which classes look different, uint8 (H, W, 3)."""
    looks = {"Sky": 220, "Tree": 70, "Road": 120, "Pole": 170, "vehicle": 20}
    grey = np.vectorize(looks.get)(names)[..., None] + np.array([0, 8, -8])
    return np.clip(grey + generator.normal(0, 6, grey.shape), 0, 255).astype(np.uint8)


def painted(names: np.ndarray, colours: dict[str, tuple[int, int, int]]) -> np.ndarray:
    """uint8 (H, W, 3)"""
    return np.array([colours[name] for name in names.ravel()], np.uint8).reshape(HEIGHT, WIDTH, 3)


def virtual_kitti_1(
    root: Path, sequences: tuple[str, ...] = ("0001/clone",), frames: int = 4, seed: int = 0
) -> Path:
    """The 1.3.1 layout. The vehicle is Car:7 in world 0001 and Van:7 in all others."""
    for sequence in sequences:
        world, variation = sequence.split("/")
        images = root / "vkitti_1.3.1_rgb" / sequence
        labels = root / "vkitti_1.3.1_scenegt" / sequence
        images.mkdir(parents=True)
        labels.mkdir(parents=True)
        vehicle = "Car" if world == "0001" else "Van"
        lines = [f"{name} {r} {g} {b}" for name, (r, g, b) in STUFF.items()]
        lines += [f"{vehicle}:7 {' '.join(map(str, SHARED_COLOUR))}", "Car:8 200 201 202"]
        encoding = labels.parents[1] / f"{world}_{variation}_scenegt_rgb_encoding.txt"
        encoding.write_text("\n".join(["Category(:id) r g b", *lines]) + "\n")
        for index in range(frames):
            generator = np.random.default_rng([seed, int(world), index])
            names = scene(generator)
            Image.fromarray(noisy_image(names, generator)).save(images / f"{index:05d}.png")
            label = painted(names, STUFF | {"vehicle": SHARED_COLOUR})
            Image.fromarray(label).save(labels / f"{index:05d}.png")
    return root


def render(
    target, worlds=("0001",), variations=("clone",), frames=1, seed=0, *_, labels="", **__
) -> None:
    """In the place of `roadscenes.render`, at once: as many frames, or a CamVid of its own size."""
    if labels == "camvid":
        camvid(target)
        return
    sequences = [f"{world}/{variation}" for world in worlds for variation in variations]
    virtual_kitti_1(target, sequences, frames if isinstance(frames, int) else len(frames), seed)


def virtual_kitti_2(root: Path, frames: int = 2, own_folders: bool = False) -> Path:
    """The 2.0.3 layout, Scene01/clone/Camera_0; the lower right corner is Undefined."""
    rgb, labels, text = (
        root / f"vkitti_2.0.3_{archive}" if own_folders else root
        for archive in ("rgb", "classSegmentation", "textgt")
    )
    images = rgb / "Scene01/clone/frames/rgb/Camera_0"
    masks = labels / "Scene01/clone/frames/classSegmentation/Camera_0"
    images.mkdir(parents=True)
    masks.mkdir(parents=True)
    colours = STUFF | {"GuardRail": (250, 100, 255), "Car": (255, 127, 80), "Van": (0, 139, 139)}
    lines = [f"{name} {r} {g} {b}" for name, (r, g, b) in (colours | {"Undefined": (0, 0, 0)}).items()]
    (text / "Scene01/clone").mkdir(parents=True, exist_ok=True)
    (text / "Scene01/clone/colors.txt").write_text("\n".join(["Category r g b", *lines]) + "\n")
    for index in range(frames):
        generator = np.random.default_rng(index)
        names = scene(generator)
        label = painted(names, colours | {"vehicle": colours["Van"]})
        label[-3:, -3:] = 0
        Image.fromarray(noisy_image(names, generator)).save(images / f"rgb_{index:05d}.jpg", quality=95)
        Image.fromarray(label).save(masks / f"classgt_{index:05d}.png")
    return root


def camvid(root: Path, frames: int = 2) -> Path:
    """Parts train and val; ids 0 Sky, 3 Road, 8 Car, 11 void."""
    for part, drives in (("train", ("0001TP_", "0006R0_f")), ("val", ("0016E5_",))):
        (root / part).mkdir(parents=True)
        (root / f"{part}annot").mkdir()
        for drive in drives:
            for index in range(frames):
                generator = np.random.default_rng(index)
                names = scene(generator)
                ids = np.zeros(names.shape, np.uint8)
                for name, class_id in {"Tree": 5, "Road": 3, "Pole": 2, "vehicle": 8}.items():
                    ids[names == name] = class_id
                ids[:3, :3] = 11
                name = f"{drive}{index * 30:05d}.png"
                Image.fromarray(noisy_image(names, generator)).save(root / part / name)
                Image.fromarray(ids).save(root / f"{part}annot" / name)
    return root

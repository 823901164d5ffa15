"""Tiny folders of one's own images and masks."""

from pathlib import Path

import numpy as np
from PIL import Image

IDS = np.repeat(np.repeat(np.array([[0, 7, 7], [8, 300, 255]]), 4, axis=0), 6, axis=1)  # 8 x 18
ID_TABLE = "name,id\nroad,7\nkerb,8\nsky,0 | 300\nvoid,255\n"
CLASS_IDS = np.select([IDS == 7, IDS == 8, IDS == 255], [0, 1, 255], 2).astype(np.uint8)
COLOURS = {0: (10, 20, 30), 7: (128, 64, 128), 8: (244, 35, 232), 300: (10, 20, 31), 255: (0, 0, 0)}
COLOUR_TABLE = "name,colour\nroad,128 64 128\nkerb,#f423e8\nsky,10 20 30 | 10 20 31\nvoid,0 0 0\n"


def coloured(ids: np.ndarray = IDS) -> Image.Image:
    """An RGB mask."""
    mask = np.zeros((*ids.shape, 3), np.uint8)
    for number, colour in COLOURS.items():
        mask[ids == number] = colour
    return Image.fromarray(mask)


def grey(ids: np.ndarray = IDS) -> Image.Image:
    """A mask of 16 bits a pixel, or of 8 where these suffice."""
    return Image.fromarray(ids.astype(np.uint8 if ids.max() < 256 else np.uint16))


def image(size: tuple[int, int] = (18, 8), seed: int = 0) -> Image.Image:
    """Noise of (width, height)."""
    generator = np.random.default_rng(seed)
    return Image.fromarray(generator.integers(0, 256, (*size[::-1], 3), np.uint8))


def save(path: Path, what: Image.Image, **options) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    what.save(path, **options)
    return path


def folder(root: Path, table: str | None = ID_TABLE, mask: Image.Image | None = None) -> Path:
    """Sequence "a" with frames 2 and 10, sequence "b/c" with frame 1, all with the same mask."""
    for seed, place in enumerate(("a/x2.png", "a/x10.jpg", "b/c/1.png")):
        save(root / "images" / place, image(seed=seed))
        save((root / "masks" / place).with_suffix(".png"), mask or grey())
    if table is not None:
        (root / "classes.csv").write_text(table)
    return root

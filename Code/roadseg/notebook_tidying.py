"""Tidies an executed notebook: outputs as a terminal would show them, and small images."""

import base64
import io
import re
from pathlib import Path

import nbformat
import numpy as np
from PIL import Image
from scipy.spatial import cKDTree

_OVERWRITTEN = re.compile(r"[^\n]*\r(?!\n)")
_EXACT = 96  # colours of an image that stay as they are


def tidy(path: Path) -> None:
    """Joins each cell's pieces of text, keeps the last state of progress bars, and shrinks images.

    It also removes the runner's notes and the state of widgets, which nothing shows without a kernel.
    """
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        for key in ("papermill", "execution"):
            cell.metadata.pop(key, None)
        if "outputs" in cell:
            cell.outputs = _tidied(cell.outputs)
    for key in ("papermill", "widgets"):
        notebook.metadata.pop(key, None)
    nbformat.write(notebook, path)


def _tidied(outputs: list) -> list:
    kept = []
    for output in outputs:
        last = kept[-1] if kept else {}
        if output.output_type == "stream" and last.get("name") == output.name:
            last.text += output.text
        else:
            kept.append(output)
    for output in kept:
        if output.output_type == "stream":
            output.text = _OVERWRITTEN.sub("", output.text)
        elif "image/png" in output.get("data", {}):
            png = smaller_png(base64.b64decode(output.data["image/png"]))
            output.data["image/png"] = base64.b64encode(png).decode()
    return [output for output in kept if output.get("text") != ""]


def smaller_png(png: bytes) -> bytes:
    """The image in 256 colours, a third of the bytes; those of plain areas, such as legends, stay."""
    image = Image.open(io.BytesIO(png)).convert("RGB")
    colours, places = np.unique(np.asarray(image).reshape(-1, 3), axis=0, return_inverse=True)
    palette = colours
    if len(colours) > 256:
        counts = _plain_pixels(places.reshape(image.height, image.width), len(colours))
        palette = _palette(image, colours[np.argsort(-counts)[:_EXACT]])
    # Pillow maps colours to a palette more coarsely: white does not stay white.
    nearest = cKDTree(palette).query(colours)[1].astype(np.uint8)
    reduced = Image.fromarray(nearest[places].reshape(image.height, image.width), "P")
    reduced.putpalette(palette.tobytes())
    buffer = io.BytesIO()
    reduced.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def _plain_pixels(places: np.ndarray, count: int) -> np.ndarray:
    """int (count): how many pixels of each colour have the same colour above them and to their left."""
    here = places[1:, 1:]
    plain = (here == places[:-1, 1:]) & (here == places[1:, :-1])
    return np.bincount(here[plain], minlength=count)


def _palette(image: Image.Image, exact: np.ndarray) -> np.ndarray:
    """uint8 (256, 3): the exact colours, and others that serve the image best."""
    others = image.quantize(256 - len(exact), dither=Image.Dither.NONE).getpalette("RGB")
    return np.concatenate([exact, np.reshape(others, (-1, 3))])[:256].astype(np.uint8)

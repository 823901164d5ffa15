"""Rendered road scenes: a small Virtual KITTI 1.3.1 for machines without it.

Scenes have the camera, classes, variations and file layout of the real data set, so
`roadseg.data.sources` reads a rendered folder as `virtual_kitti_1`; with CamVid's labels as `camvid`.
"""

from roadscenes.dataset import open_or_render, render, render_default, render_seeds
from roadscenes.render.variations import VARIATIONS
from roadscenes.worlds.layouts import WORLDS

__all__ = ["VARIATIONS", "WORLDS", "open_or_render", "render", "render_default", "render_seeds"]

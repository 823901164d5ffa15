"""The embedded data set: road scenes that the project renders itself, laid out as Virtual KITTI 1.3.1.

A miniature of Virtual KITTI for machines without it: the same camera, classes, worlds, variations and
file formats, so that the reader of the real data set reads it.
"""

from pathlib import Path

from roadseg.sources.miniature.rendering import MARKER, render
from roadseg.sources.virtual_kitti import VirtualKitti1

__all__ = ["Miniature", "render", "render_default"]

# A street to learn from and an avenue to be tested on; about two frames of each second.
_DEFAULT = {"0001": range(0, 447, 5), "0002": range(0, 233, 6)}


class Miniature(VirtualKitti1):
    """What `render` wrote; a sequence is "<world>/<variation>", such as "0001/sunset"."""

    kind = "miniature"
    layout = f"a folder that miniature.render made, with {MARKER}"

    @classmethod
    def recognises(cls, path: Path) -> bool:
        return (path / MARKER).is_file()


def render_default(target: str | Path, progress: bool = True) -> None:
    """A small set for a first training: parts of two worlds, 129 frames, in less than a minute."""
    for world, frames in _DEFAULT.items():
        render(target, [world], frames=frames, progress=progress)

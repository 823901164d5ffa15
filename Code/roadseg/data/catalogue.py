"""The official archives of Virtual KITTI, and which of their members a sequence needs."""

import itertools
from collections.abc import Iterable
from dataclasses import dataclass

from roadseg.data.sources.base import select_sequences
from roadseg.data.sources.virtual_kitti import FRAME_COUNTS, VARIATIONS

LICENCE = """\
Virtual KITTI is under the licence Creative Commons BY-NC-SA 3.0 (Xerox and Naver): not for commercial
use; frames, crops and figures that show them stay under it. An adaptation of KITTI. Please cite:
  1.3.1: A. Gaidon, Q. Wang, Y. Cabon, E. Vig: Virtual Worlds as Proxy for Multi-Object Tracking
         Analysis, CVPR 2016.
  2.0.3: Y. Cabon, N. Murray, M. Humenberger: Virtual KITTI 2, arXiv 2001.10773, 2020.
"""


@dataclass(frozen=True)
class Archive:
    """One archive."""

    name: str
    size: int  # bytes, exact or about
    members: tuple[str, ...]  # with fields that `Release.files` fills in; {i} is the index of a frame

    @property
    def is_compressed(self) -> bool:
        """Then it cannot be entered in its middle, and is fetched whole."""
        return self.name.endswith(".gz")


@dataclass(frozen=True)
class Release:
    """One version of the data set."""

    address: str  # of the folder that holds the archives
    worlds: dict[str, str]  # name of a world in 1.3.1 -> its name here
    cameras: tuple[str, ...]  # "" for the only one
    archives: tuple[Archive, ...]  # labels first: `sources` lists a sequence as soon as it has images

    @property
    def frames(self) -> int:
        """How many all sequences have together."""
        return sum(FRAME_COUNTS.values()) * len(VARIATIONS) * len(self.cameras)

    def sequences(self, wanted: Iterable[str]) -> list[str]:
        """Full names of the sequences; raises DataError for an unknown one or none at all."""
        parts = itertools.product(self.worlds.values(), VARIATIONS, self.cameras)
        known = ["/".join(filter(None, each)) for each in parts]
        return select_sequences(known, wanted, "Virtual KITTI")

    def files(self, archive: Archive, sequence: str) -> list[str]:
        """Names of the members of an archive that a sequence needs."""
        world, variation, *camera = sequence.split("/")
        original = {name: name_in_1 for name_in_1, name in self.worlds.items()}[world]
        return [
            member.format(world=world, variation=variation, camera="".join(camera), i=i)
            for member in archive.members
            for i in range(FRAME_COUNTS[original] if "{i" in member else 1)
        ]


RELEASES: dict[str, Release] = {
    "1.3.1": Release(
        address="https://download.europe.naverlabs.com/virtual-kitti-1.3.1",
        worlds={world: world for world in FRAME_COUNTS},
        cameras=("",),
        archives=(
            Archive(
                "vkitti_1.3.1_scenegt.tar",
                500_000_000,
                (
                    "vkitti_1.3.1_scenegt/{world}_{variation}_scenegt_rgb_encoding.txt",
                    "vkitti_1.3.1_scenegt/{world}/{variation}/{i:05d}.png",
                ),
            ),
            Archive(
                "vkitti_1.3.1_rgb.tar", 14 * 10**9, ("vkitti_1.3.1_rgb/{world}/{variation}/{i:05d}.png",)
            ),
        ),
    ),
    "2.0.3": Release(
        address="https://download.europe.naverlabs.com/virtual_kitti_2.0.3",
        worlds={world: f"Scene{world[2:]}" for world in FRAME_COUNTS},
        cameras=("Camera_0", "Camera_1"),
        archives=(
            Archive("vkitti_2.0.3_textgt.tar.gz", 24_451_078, ("{world}/{variation}/colors.txt",)),
            Archive(
                "vkitti_2.0.3_classSegmentation.tar",
                1_015_961_600,
                ("{world}/{variation}/frames/classSegmentation/{camera}/classgt_{i:05d}.png",),
            ),
            Archive(
                "vkitti_2.0.3_rgb.tar",
                7_532_472_320,
                ("{world}/{variation}/frames/rgb/{camera}/rgb_{i:05d}.jpg",),
            ),
        ),
    ),
}

"""The command `roadseg render`."""

import argparse
from pathlib import Path

from roadscenes.dataset import render
from roadscenes.render.variations import VARIATIONS
from roadscenes.worlds.layouts import WORLDS
from roadscenes.worlds.world import LABELS, VIRTUAL_KITTI
from roadseg.parallel import add_options, on_cluster


def add_commands(commands) -> None:
    """Adds the parser of `roadseg render` to the sub-parsers of the command line."""
    parser = commands.add_parser(
        "render",
        help="render road scenes as a data set with exact labels",
        description="Renders drives through five kinds of worlds, in the layout of Virtual KITTI 1.3.1: "
        "0001 a street, 0002 an avenue, 0006 a crossing, 0018 a country road, 0020 a motorway. "
        "Frames that are already there are kept, so a later call can add more.",
    )
    add = parser.add_argument
    worlds = f"{', '.join(WORLDS)}; default: 0001"
    add("--worlds", nargs="+", choices=WORLDS, default=["0001"], metavar="WORLD", help=worlds)
    variations = f"{', '.join(VARIATIONS)}; default: clone, the plain drive"
    add(
        "--variations", nargs="+", choices=VARIATIONS, default=["clone"], metavar="NAME", help=variations
    )
    frames = (
        "how many from the start of each drive, or START:STOP:STEP, such as 0:400:5 for every fifth of "
        "the first 400; default: the whole drive"
    )
    add("--frames", type=_frames, metavar="FRAMES", help=frames)
    seed = "another seed furnishes the worlds differently; default: 0"
    add("--seed", type=int, default=0, help=seed)
    randomise = "give each frame random light and colours, to train networks for images from elsewhere"
    add("--randomise", action="store_true", help=randomise)
    labels = (
        "virtual_kitti, or camvid: CamVid's 11 classes, with people and more fences, in images of "
        "480 x 360; default: virtual_kitti"
    )
    add("--labels", choices=LABELS, default=VIRTUAL_KITTI, metavar="SET", help=labels)
    add_options(parser, "parallel processes", "all its machines must share the folder of the scenes")
    output = "folder for the scenes of this seed; default: Data/scenes"
    add("--output", type=Path, default=Path("Data/scenes"), help=output)
    parser.set_defaults(run=_render)


def _frames(text: str) -> int | range:
    """N or START:STOP:STEP, as `render` takes it."""
    try:
        numbers = [int(number) for number in text.split(":")]
        return numbers[0] if len(numbers) == 1 else range(*numbers)
    except (TypeError, ValueError):
        raise argparse.ArgumentTypeError(f"{text!r} is neither N nor START:STOP nor START:STOP:STEP")


def _render(options: argparse.Namespace) -> None:
    with on_cluster(options.dask):
        choice = options.worlds, options.variations, options.frames, options.seed, options.randomise
        render(options.output, *choice, options.labels, options.workers)
    print(f"Complete in {options.output}")

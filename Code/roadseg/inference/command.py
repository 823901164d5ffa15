"""`roadseg predict`: labels images, folders and videos."""

from pathlib import Path

from roadseg.errors import DataError

_NAMED_FAILURES = 20


def add_command(commands) -> None:
    """Adds the command to the sub-parsers of `roadseg`."""
    from roadseg.inference.results import KINDS, LAYOUTS

    parser = commands.add_parser(
        "predict",
        help="label images, folders and videos",
        description="Labels images and videos with a trained network. What is labelled already is "
        "skipped, and an interrupted call continues.",
    )
    parser.add_argument(
        "network",
        help="folder of a finished run, exported file, or weights: simple_plus-camvid for photographs, "
        "simple or simple_plus for rendered scenes",
    )
    parser.add_argument("inputs", nargs="+", metavar="INPUT", help="file, folder or quoted pattern")
    parser.add_argument("--output", type=Path, required=True, help="folder of the results")
    parser.add_argument(
        "--save", nargs="+", choices=KINDS, default=("ids", "overlay", "shares"), metavar="RESULT",
        help=f"of {', '.join(KINDS)}; default: ids, overlay, shares",
    )  # fmt: skip
    parser.add_argument("--classes", nargs="+", metavar="CLASS", help="keep these alone; default: all")
    parser.add_argument("--opacity", type=float, default=0.5, help="of the overlay; default: 0.5")
    parser.add_argument(
        "--layout", choices=LAYOUTS, default="overlay",
        help="of videos: overlay (default), or beside: the frame and its overlay",
    )  # fmt: skip
    parser.add_argument(
        "--scale", type=float, help="how much images are shrunk; default: to the width in training"
    )
    parser.add_argument("--tile", action="store_true", help="label in overlapping windows, for detail")
    parser.add_argument("--tta", choices=("flip",), help="average with the mirror image; half as fast")
    parser.add_argument("--strict", action="store_true", help="stop at the first file that is damaged")
    parser.add_argument("--overwrite", action="store_true", help="replace results that are there")
    parser.set_defaults(run=_predict)


def _predict(options) -> None:
    from roadseg import inference

    labeller = inference.open(
        options.network, scale=options.scale, tile=options.tile, flip=options.tta == "flip"
    )
    print(labeller.description)
    report = inference.predict(
        labeller,
        options.inputs,
        options.output,
        kinds=options.save,
        appearance=inference.Appearance(
            tuple(options.classes) if options.classes else None, options.opacity, options.layout
        ),
        strict=options.strict,
        overwrite=options.overwrite,
    )
    there = f", {report.skipped:,} were there already" if report.skipped else ""
    print(f"{options.output}: {report.labelled:,} labelled{there}")
    if report.failed:
        raise DataError(_failures(report.failed))


def _failures(failed: dict[Path, str]) -> str:
    shown = list(failed.values())[:_NAMED_FAILURES]
    if len(failed) > len(shown):
        shown.append(f"and {len(failed) - len(shown):,} more")
    return "\n  ".join((f"{len(failed):,} could not be labelled:", *shown))

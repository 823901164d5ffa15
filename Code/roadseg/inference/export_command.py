"""The command `roadseg export`; it imports Keras only when it runs."""

import argparse
from pathlib import Path

from roadseg.inference.export_target import FORMATS, Target


def add_command(commands) -> None:
    """Adds `roadseg export` to the subparsers of the command line."""
    parser = commands.add_parser(
        "export",
        help="write a trained network for ONNX Runtime, LiteRT, OpenVINO or TensorFlow",
        description="Writes a trained network as a file for another runtime, then runs that file over "
        "held-out frames and compares it with Keras: size, speed, labels and mean IoU. Exits with 1 "
        "when the file labels too differently. All formats but saved_model need "
        '`pip install "roadseg[export]"`.',
    )
    parser.add_argument(
        "trained",
        metavar="RUN_OR_WEIGHTS",
        help="folder of a run, or the name of weights, as for predict",
    )
    parser.add_argument("--format", required=True, choices=FORMATS)
    parser.add_argument(
        "--frames",
        type=Path,
        required=True,
        metavar="STORE",
        help="folder of preprocessed frames to measure on, with the classes of the network",
    )
    parser.add_argument(
        "--validation",
        nargs="+",
        metavar="SEQUENCE",
        help="worlds or sequences to measure on; default: those of the run, or the last world or drive",
    )
    parser.add_argument(
        "--int8", action="store_true", help="8-bit integers, calibrated on training frames"
    )
    parser.add_argument(
        "--precision",
        choices=("f32", "bf16"),
        default="f32",
        help="what OpenVINO computes in; default: f32",
    )
    parser.add_argument(
        "--size",
        type=int,
        nargs=2,
        metavar=("H", "W"),
        help="pixels of the images that the file takes; default: as in the store",
    )
    parser.add_argument(
        "--output", type=Path, default=Path("Exported"), help="folder; default: Exported"
    )
    parser.add_argument("--overwrite", action="store_true", help="replace an earlier export")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    from roadseg.inference import export, export_proof

    if options.int8 and options.precision == "bf16":
        raise ValueError("--int8 and --precision bf16 exclude one another")
    precision = {"f32": "float32", "bf16": "bfloat16"}[options.precision]
    path, table = export.export(
        options.trained,
        Target(options.format, "int8" if options.int8 else precision),
        options.frames,
        validation=options.validation,
        size=tuple(options.size) if options.size else None,
        folder=options.output,
        overwrite=options.overwrite,
    )
    print(f"{path}\n{export_proof.as_text(table)}")
    problems = export_proof.shortfalls(table)
    for problem in problems:
        print(f"Not good enough: {problem}")
    return 1 if problems else 0

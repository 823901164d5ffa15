"""The `roadseg` command: thin shells over the functions that the notebooks call.

Other packages add their commands through the entry-point group "roadseg.commands".
"""

import argparse
import importlib.util
import os
import sys
from pathlib import Path

from roadseg.errors import TrainingError
from roadseg.parallel import add_options, on_cluster

# Written out, because importing them would import Keras, and `roadseg --help` answers at once.
NETWORKS = "simple", "simple_plus", "edgesegnet"
RECIPES = "quick", "best", "transfer", "original"


def main(arguments: list[str] | None = None) -> int:
    """Runs one command and returns its exit status; arguments: None for those of the command line."""
    command = "roadseg"
    try:  # from the first moment: imports take a second, in which somebody may stop it
        options = _parser().parse_args(arguments)
        command = f"roadseg {options.command}"
        return options.run(options) or 0
    except (ValueError, TrainingError) as error:  # a DataError is a ValueError
        print(f"\n{command}: {error}", file=sys.stderr)
    except BrokenPipeError:  # of `| head`, which has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt:
        print("\nStopped. Finished work is kept: call again to continue", file=sys.stderr)
    return 1


def _parser() -> argparse.ArgumentParser:
    from importlib.metadata import entry_points

    from roadseg.data import check_data
    from roadseg.inference import label_files

    parser = argparse.ArgumentParser(
        prog="roadseg",
        description="Semantic segmentation of urban road scenes: from raw frames to metrics.",
        epilog="`roadseg COMMAND --help` explains a command. Given again, an interrupted one continues.",
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    _add_fetch(commands)
    check_data.add_command(commands)
    _add_preprocess(commands)
    _add_train(commands)
    _add_evaluate(commands)
    label_files.add_command(commands)
    _add_export(commands)
    if importlib.util.find_spec("nbformat"):  # the extra notebook is there
        from roadseg import notebook

        notebook.add_command(commands)
    for entry in entry_points(group="roadseg.commands"):
        entry.load()(commands)
    return parser


def _add_fetch(commands) -> None:
    parser = commands.add_parser(
        "fetch",
        help="download single sequences of Virtual KITTI",
        description="Downloads only the sequences asked for out of Virtual KITTI's official archives. "
        "Without --accept-licence it shows the size and the licence, and downloads nothing.",
    )
    add = parser.add_argument
    names = "such as 0001/sunset, 0001 or Scene01/sunset/Camera_0"
    add("sequences", nargs="+", metavar="SEQUENCE", help=names)
    add("--version", default="1.3.1", help="1.3.1 (default) or 2.0.3")
    add("--output", type=Path, default=Path("Data"), help="folder; default: Data")
    add("--url", help="a mirror, or a folder with the archives")
    add("--accept-licence", action="store_true", help="accept CC BY-NC-SA 3.0")
    parser.set_defaults(run=_fetch)


def _fetch(options) -> None:
    from roadseg.data import fetch

    print(fetch.plan(options.sequences, options.output, options.version))
    if not options.accept_licence:
        print(f"\n{fetch.LICENCE}Nothing was fetched. --accept-licence accepts this licence.")
        return
    fetch.fetch(options.sequences, options.output, options.version, options.url, accept_licence=True)
    print(f"Complete in {options.output}")


def _add_preprocess(commands) -> None:
    parser = commands.add_parser(
        "preprocess",
        help="write the frames of a data set into one HDF5 file",
        description="Shrinks the images and labels of a raw data set and writes them into one "
        "compressed HDF5 file, with the class tables in a pickle beside it.",
    )
    add = parser.add_argument
    add("folder", type=Path, help="raw data set; its kind is recognised from its layout")
    add("--sequences", nargs="+", metavar="SEQUENCE", help="default: all of them")
    add("--scale", type=float, default=3, help="how many times smaller; default: 3")
    fit = "fit frames of different sizes to H x W pixels before they shrink, with void around them"
    add("--size", type=int, nargs=2, metavar=("H", "W"), help=fit)
    add("--labelled-only", action="store_true", help="leave out images without labels")
    add("--output", type=Path, help="folder; default: one below Data_compressed")
    add_options(parser, "decoding threads", "all its machines must see the raw data set")
    parser.set_defaults(run=_preprocess)


def _preprocess(options) -> None:
    from roadseg.data import preprocess, sources

    source = sources.open(
        options.folder, size=options.size and tuple(options.size), labelled_only=options.labelled_only
    )
    name = preprocess.folder_name(source, options.sequences, options.scale)
    target = options.output or Path("Data_compressed") / name
    with on_cluster(options.dask):
        report = preprocess.to_hdf5(source, target, options.sequences, options.scale, options.workers)
    print(report)


def _add_train(commands) -> None:
    parser = commands.add_parser(
        "train",
        help="train a network on preprocessed frames",
        description="Trains a network on the frames of a folder that `roadseg preprocess` wrote.",
    )
    add = parser.add_argument
    add("store", type=Path, help="folder of the preprocessed frames")
    begun = parser.add_mutually_exclusive_group()
    begun.add_argument("--network", choices=NETWORKS, default="simple", help="default: simple")
    trained = "fine-tune weights that ship, such as simple_plus-camvid, or the network of a run's folder"
    begun.add_argument("--weights", metavar="WEIGHTS_OR_RUN", help=trained)
    renamed = "with --weights: classes of one's own and the trained network's, where names differ"
    add("--map", nargs="+", default=(), metavar="OWN=TRAINED", help=renamed)
    add("--recipe", choices=RECIPES, default="quick", help="default: quick")
    add("--epochs", type=int, help="default: those of the recipe")
    held_out = "sequences to hold out, or a share such as 0.2; default: part val, or the last drive"
    add("--validation", nargs="+", metavar="SEQUENCE", help=held_out)
    add("--output", type=Path, help="folder of the run; default: one below Runs")
    more = "processes that read frames; default: 1, more for a GPU"
    add("--workers", type=int, default=1, help=more)
    several = parser.add_argument_group(
        "several processes",
        "The same command in each of them, with KERAS_BACKEND=jax. One process alone uses all GPUs of "
        "its machine, and needs none of these.",
    )
    several.add_argument("--processes", type=int, metavar="N", help="how many train together")
    several.add_argument("--coordinator", metavar="HOST:PORT", help="where the others reach process 0")
    several.add_argument("--process-id", type=int, metavar="I", help="which one this is, from 0")
    parser.set_defaults(run=_train)


def _train(options) -> None:
    from roadseg import networks, training
    from roadseg.data import splits, store
    from roadseg.training import distributed

    recipe = training.get_recipe(options.recipe, options.epochs)
    several = options.processes, options.coordinator, options.process_id
    if several != (None, None, None):
        if None in several:
            raise ValueError("--processes, --coordinator and --process-id belong together")
        distributed.connect(*several)  # before anything is computed
    frames = store.open(options.store)
    if options.map and not options.weights:
        raise ValueError("--map says which classes of --weights are meant; give both")
    if options.weights:
        renamed = dict(pair.partition("=")[::2] for pair in options.map)
        shape, names = frames.image_shape, frames.class_names
        network, kept = networks.fine_tunable(options.weights, shape, names, renamed)
        others = ", ".join(name for name in names if name not in kept) or "none"
        print(f"Classes that keep their weights: {', '.join(kept) or 'none'}; new: {others}")
    else:
        network = networks.build(options.network, frames.image_shape, frames.num_classes)
    split = splits.choose(frames, options.validation)
    begun = f"-from-{Path(options.weights).name}" if options.weights else ""
    name = f"{frames.path.name}-{training.folder_name(network, split, recipe)}{begun}"
    folder = options.output or Path("Runs") / name
    run = training.train(network, frames, split, recipe, folder, workers=options.workers)
    if not options.process_id:  # the folder is that of process 0
        print(f"{run.folder}: {run.metrics['minutes']:.1f} minutes of training\n{run.result}")


def _add_evaluate(commands) -> None:
    parser = commands.add_parser(
        "evaluate",
        help="measure a trained network on preprocessed frames",
        description="Evaluates the best network of a run: on the validation frames of the store that it "
        "was trained on, or on all frames of another store that did not train it.",
    )
    add = parser.add_argument
    add("run_folder", type=Path, metavar="run", help="folder of a finished run")
    add("store", type=Path, help="folder of the preprocessed frames")
    mapping = "label map between the classes of both, with a column 'class': a CSV file or a ready table"
    add("--table", help=mapping)
    add("--all", action="store_true", help="measure all frames, even those that trained the network")
    parser.set_defaults(run=_evaluate)


def _evaluate(options) -> None:
    from roadseg import evaluation, training
    from roadseg.data import sources, store

    frames, run = store.open(options.store), training.open_run(options.run_folder)
    count, trained = len(frames), run.trained(frames)
    if options.all:
        measured = range(count)
    elif run.is_of(frames):
        measured = run.split.validation
    else:
        measured = [position for position in range(count) if position not in trained]
    if not measured:
        what = f"all {count} images of {options.store} trained this network (the same pixels)"
        raise ValueError(f"{what}; --all measures them")
    among = "and are among them" if options.all else "and are left out"
    print(f"{len(measured)} of {count} frames are measured; {len(trained)} trained the network {among}")
    if options.table:
        table, names = sources.load_table(options.table), run.card.class_names
        print(evaluation.evaluate_transfer(run.load_best(), names, frames, table, measured))
    else:
        print(evaluation.evaluate(run.load_best(), frames, measured))


def _add_export(commands) -> None:
    parser = commands.add_parser(
        "export",
        help="write a trained network for ONNX Runtime, LiteRT, OpenVINO, TensorFlow or a browser",
        description="Writes a trained network as a file for another runtime, then runs that file over "
        "held-out frames and compares it with Keras: size, speed, labels and mean IoU. Exits with 1 "
        "when the file labels too differently. All formats but saved_model need "
        '`pip install "roadseg[export]"`.',
    )
    add = parser.add_argument
    add("trained", metavar="RUN_OR_WEIGHTS", help="folder of a run, or name of weights")
    add("--format", required=True, choices=("onnx", "litert", "openvino", "saved_model", "web"))
    measured = "store to measure on; default: rendered scenes, where the network has their classes"
    add("--frames", type=Path, metavar="STORE", help=measured)
    held_out = "to measure on, or a share; default: those of the run, or the last world or drive"
    add("--validation", nargs="+", metavar="SEQUENCE", help=held_out)
    precision = parser.add_mutually_exclusive_group()
    precision.add_argument("--int8", action="store_true", help="8-bit integers, for onnx, litert, web")
    of_openvino = "of OpenVINO; default: f32"
    precision.add_argument("--precision", choices=("f32", "bf16"), default="f32", help=of_openvino)
    pixels = "of the images that the file takes; default: as in the store, or in training"
    add("--size", type=int, nargs=2, metavar=("H", "W"), help=pixels)
    add("--output", type=Path, default="Exported", help="folder; default: Exported")
    add("--overwrite", action="store_true", help="replace an earlier export")
    web = parser.add_argument_group("web: a page that labels images in the browser")
    npm = "of the npm package onnxruntime-web, copied beside the page; default: loaded from a CDN"
    web.add_argument("--runtime", type=Path, metavar="FOLDER", help=npm)
    web.add_argument("--single-file", action="store_true", help="one file that needs no server")
    shown = "that the page labels first; default: a rendered scene"
    web.add_argument("--sample", type=Path, metavar="IMAGE", help=shown)
    parser.set_defaults(run=_export)


def _export(options) -> int:
    from dataclasses import replace

    from roadseg.inference import export, export_formats
    from roadseg.inference.web_page import SAMPLE, WebPage

    precision = {"f32": "float32", "bf16": "bfloat16"}[options.precision]
    format = export_formats.get(options.format, "int8" if options.int8 else precision)
    if format.page:
        page = WebPage(options.runtime, options.single_file, options.sample or SAMPLE)
        format = replace(format, page=page)
    (path,), table = export.export(
        options.trained,
        [format],
        options.frames,
        validation=options.validation,
        size=options.size and tuple(options.size),
        folder=options.output,
        overwrite=options.overwrite,
    )
    print(path)
    if table is None:
        print("Not measured: rendered scenes have other classes, or embreex is missing; give --frames")
        return 0
    problems = export.shortfalls(table)
    print(export.as_text(table), *(f"Not good enough: {each}" for each in problems), sep="\n")
    return 1 if problems else 0

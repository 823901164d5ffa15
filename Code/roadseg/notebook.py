"""The command `roadseg notebook`: runs a notebook with the caller's settings.

Writes the executed notebook and its web page into Runs/ beside the notebooks, named by the settings.
"""

import argparse
import base64
import hashlib
import io
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image

from roadseg.cli import NETWORKS, RECIPES
from roadseg.errors import DataError

_FOLDER = Path(__file__).resolve().parents[1]  # in the repository; wheels hold no notebooks
_NOTEBOOKS = "train_network", "use_network", "ideas", "edgesegnet_study"
_ANSI = re.compile(r"\x1b\[[\d;]*m")
_OVERWRITTEN = re.compile(r"[^\n]*\r(?!\n)")
_EXACT = 96  # colours of an image that stay as they are
# The page of nbconvert shows source code that is an output in the font of the text.
_SOURCE_CODE = (
    "<style>.jp-RenderedHTML pre { font: var(--jp-code-font-size) var(--jp-code-font-family); }</style>"
)


def add_command(commands) -> None:
    """Adds the parser of `roadseg notebook` to the sub-parsers of the command line."""
    parser = commands.add_parser(
        "notebook",
        help="run a notebook from top to bottom",
        description="Runs a notebook from top to bottom with the settings given, and writes it and its "
        "web page into Runs/. Settings that are not given keep the notebook's own values.",
    )
    add = parser.add_argument
    add("notebook", nargs="?", choices=_NOTEBOOKS, default=_NOTEBOOKS[0], help="default: train_network")
    add("--data", type=_absolute, help="raw data set; default: that in Data, or rendered scenes")
    add("--sequences", nargs="+", metavar="SEQUENCE", help="default: all of them")
    held_out = "held out, or a share such as 0.2; default: the last world or drive"
    add("--validation", nargs="+", metavar="SEQUENCE", help=held_out)
    add("--scale", type=float, help="how many times smaller frames become")
    add("--networks", nargs="+", choices=NETWORKS, help="default: simple edgesegnet")
    add("--start", metavar="WEIGHTS_OR_RUN", help="fine-tunes this network as well")
    add("--recipe", choices=RECIPES, help="default: quick")
    add("--epochs", type=int, help="default: those of the notebook or of the recipe")
    add("--image", type=_absolute, help="photograph to label; default: a rendered scene")
    add("--weights", choices=("simple", "simple_plus"), help="weights that ship, to label with")
    add("--seconds", type=int, help="of the rendered drive that is labelled")
    add("--leakage", choices=("yes", "no"), help="also hold out random frames, to show a leak")
    add("--output", type=Path, help="executed notebook; default: in Runs, named by the settings")
    parser.set_defaults(run=_run)


def _absolute(path: str) -> str:
    return str(Path(path).expanduser().resolve())


def _run(options: argparse.Namespace) -> int:
    source = _FOLDER / f"{options.notebook}.ipynb"
    if not source.is_file():
        raise DataError(f"{source}: no such notebook; the repository has them, the package has not")
    own = "command", "notebook", "output", "run"
    given = {name: each for name, each in vars(options).items() if each is not None and name not in own}
    check_settings(given, source)
    output = options.output or _FOLDER / "Runs" / f"{source.stem}{label(given)}.ipynb"
    if "networks" in given:  # a module of that name is imported in the notebook
        given["chosen_networks"] = given.pop("networks")
    if "leakage" in given:
        given["leakage"] = given["leakage"] == "yes"
    return execute(source, given, output)


def check_settings(given: Mapping[str, object], notebook: Path) -> None:
    """Raises ValueError for a setting that cannot work, before a kernel starts."""
    import nbformat  # takes seconds, for which `roadseg --help` need not wait

    from roadseg.data import sources, splits
    from roadseg.data.sources.base import select_sequences
    from roadseg.data.sources.images import read_image

    cells = nbformat.read(notebook, as_version=4).cells
    first = next(cell.source for cell in cells if cell.cell_type == "code")
    known = re.findall(r"^(?:chosen_)?(\w+) = ", first, re.MULTILINE)
    for name, value in given.items():
        if name not in known:
            shown, others = f"{name.upper()}={value} (--{name})", ", ".join(known).upper()
            raise ValueError(f"{shown}: {notebook.stem} has no such setting, but {others}")
    if "data" in given:
        sequences, held_out = sources.open(given["data"]).sequences(), given.get("validation")
        if held_out and splits.share_of(held_out):
            held_out = None
        for chosen in (given.get("sequences"), held_out):
            sequences = select_sequences(sequences, chosen, given["data"])
    if "image" in given:
        read_image(given["image"])


def label(given: Mapping[str, object]) -> str:
    """A suffix for file names that no other settings share; empty when nothing is given."""
    text = "".join(
        f"-{name}-{' '.join(value) if isinstance(value, list) else value}"
        for name, value in sorted(given.items())
    )
    readable = re.sub(r"[^\w.-]+", "_", text)
    if len(readable) <= 80 and not {"data", "image"} & given.keys():
        return readable
    return f"{readable[:60]}-{hashlib.sha256(text.encode()).hexdigest()[:6]}"


def execute(source: Path, parameters: Mapping[str, object], output: Path) -> int:
    """Runs a notebook in its own folder and returns the exit status.

    A run that fails leaves earlier notebooks alone, and keeps its outputs in NAME-unfinished.ipynb.
    parameters: of the cell tagged "parameters". output: executed notebook, with a web page beside it.
    """
    import papermill
    from jupyter_client import AsyncKernelManager
    from nbclient.exceptions import DeadKernelError
    from nbconvert import HTMLExporter

    class Kernel(AsyncKernelManager):
        """Silent about its end, when it stops joblib's processes; errors of cells come as messages."""

        async def start_kernel(self, **options):
            await super().start_kernel(stderr=subprocess.DEVNULL, **options)

    output = output.resolve()
    unfinished = output.with_name(f"{output.stem}-unfinished.ipynb")
    output.parent.mkdir(parents=True, exist_ok=True)
    failure = None
    try:
        papermill.execute_notebook(
            source,
            unfinished,
            parameters,
            cwd=source.parent,
            stdout_file=sys.stdout,
            stderr_file=sys.stderr,
            progress_bar=False,  # the cells show their own
            kernel_manager_class=Kernel,
        )
    except papermill.PapermillExecutionError as error:
        arrow = re.search(r"^-+> \d+ (.*)$", _ANSI.sub("", "\n".join(error.traceback)), re.MULTILINE)
        line = arrow[1].strip() if arrow else error.source.strip().splitlines()[0]
        failure = f"Cell [{error.exec_count}] failed at {line!r}:\n{error.ename}: {error.evalue}"
    except (DeadKernelError, KeyboardInterrupt) as error:
        failure = f"The notebook was stopped before its end ({type(error).__name__})"
    tidy(unfinished)
    if failure:
        print(f"\n{failure}\n\nWhat ran before: {unfinished}", file=sys.stderr)
        return 1
    unfinished.replace(output)
    page = output.with_suffix(".html")
    text, _ = HTMLExporter().from_filename(str(output))
    page.write_text(text.replace("</head>", f"{_SOURCE_CODE}</head>", 1), "utf-8")
    print(f"\nExecuted notebook: {output}\nAs a web page:     {page}")
    return 0


def tidy(path: Path) -> None:
    """Joins each cell's pieces of text, keeps the last state of progress bars, and shrinks images.

    It also removes the runner's notes and the state of widgets, which nothing shows without a kernel.
    """
    import nbformat
    from nbconvert.preprocessors import CoalesceStreamsPreprocessor

    notebook, _ = CoalesceStreamsPreprocessor().preprocess(nbformat.read(path, as_version=4), {})
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if output.output_type == "stream":
                output.text = _OVERWRITTEN.sub("", output.text)
            elif "image/png" in output.get("data", {}):
                png = smaller_png(base64.b64decode(output.data["image/png"]))
                output.data["image/png"] = base64.b64encode(png).decode()
        if "outputs" in cell:
            cell.outputs = [output for output in cell.outputs if output.get("text") != ""]
    for part in (notebook, *notebook.cells):
        for key in ("papermill", "widgets", "execution"):
            part.metadata.pop(key, None)
    nbformat.write(notebook, path)


def smaller_png(png: bytes) -> bytes:
    """The image in 256 colours, a third of the bytes; those of plain areas, such as legends, stay."""
    from scipy.spatial import cKDTree

    image = Image.open(io.BytesIO(png)).convert("RGB")
    colours, places = np.unique(np.asarray(image).reshape(-1, 3), axis=0, return_inverse=True)
    places = places.reshape(image.height, image.width)
    palette = colours
    if len(colours) > 256:
        # A pixel is in a plain area when those above it and to its left have its colour.
        here = places[1:, 1:]
        plain = here[(here == places[:-1, 1:]) & (here == places[1:, :-1])]
        exact = colours[np.argsort(-np.bincount(plain, minlength=len(colours)))[:_EXACT]]
        others = image.quantize(256 - _EXACT, dither=Image.Dither.NONE).getpalette("RGB")
        palette = np.concatenate([exact, np.reshape(others, (-1, 3))])[:256].astype(np.uint8)
    # Pillow maps colours to a palette more coarsely: white does not stay white.
    nearest = cKDTree(palette).query(colours)[1].astype(np.uint8)
    reduced = Image.fromarray(nearest[places], "P")
    reduced.putpalette(palette.tobytes())
    buffer = io.BytesIO()
    reduced.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()

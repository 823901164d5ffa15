"""The command `roadseg notebook`: runs a notebook with the caller's settings.

Writes the executed notebook and its web page into Runs/ beside the notebooks. When a cell fails, the
part that ran is kept, and the message names the cell.
"""

import argparse
import re
import sys
from pathlib import Path

import nbformat

from roadseg.errors import DataError

_FOLDER = Path(__file__).resolve().parents[1]  # in the repository; wheels hold no notebooks
_NOTEBOOKS = "train_network", "ideas", "edgesegnet_study"
_OVERWRITTEN = re.compile(r"[^\n]*\r(?!\n)")
# TensorFlow prints these whatever its log level: missing GPUs at its start, and networks that it
# compiles again because several take turns.
_NOISE = re.compile(
    r"(WARNING: All log messages before absl|[IWE]\d{4} \d\d:\d\d:\d+\.\d+"
    r"|WARNING:tensorflow:\d+ out of the last)[^\n]*\n?",
)


def add_command(commands) -> None:
    """Adds the parser of `roadseg notebook` to the sub-parsers of the command line."""
    parser = commands.add_parser(
        "notebook",
        help="run a notebook from top to bottom",
        description="Runs a notebook from top to bottom with the settings given, and writes it and its "
        "web page into Runs/. Settings that are not given keep the notebook's own values.",
    )
    parser.add_argument(
        "notebook", nargs="?", choices=_NOTEBOOKS, default=_NOTEBOOKS[0], help="default: train_network"
    )
    parser.add_argument("--data", type=_absolute, help="raw data set; default: rendered scenes")
    parser.add_argument("--sequences", nargs="+", metavar="SEQUENCE", help="default: all of them")
    parser.add_argument(
        "--validation", nargs="+", metavar="SEQUENCE", help="held out; default: the last drive"
    )
    parser.add_argument("--scale", type=float, help="how much smaller frames become")
    parser.add_argument(
        "--networks", dest="chosen_networks", nargs="+", metavar="NETWORK", help="names of networks"
    )
    parser.add_argument("--recipe", help="name of a recipe")
    parser.add_argument("--epochs", type=int, help="instead of the recipe's own")
    parser.add_argument("--leakage", type=_yes_or_no, help="hold out random frames too: yes or no")
    parser.add_argument("--output", type=Path, help="executed notebook; default: Runs/NOTEBOOK.ipynb")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    source = _FOLDER / f"{options.notebook}.ipynb"
    if not source.is_file():
        raise DataError(f"{source}: no such notebook; the repository has them, the package has not")
    return execute(source, _parameters(options, source), options.output)


def _parameters(options: argparse.Namespace, source: Path) -> dict[str, object]:
    """The settings that were given; raises ValueError for one that the notebook does not have."""
    given = {
        name: value
        for name, value in vars(options).items()
        if name not in {"command", "notebook", "output", "run"} and value is not None
    }
    known = _settings(source)
    for name in given:
        if name not in known:
            raise ValueError(f"{options.notebook} has no setting {name}, but {', '.join(known)}")
    return given


def _settings(source: Path) -> list[str]:
    """The names that the notebook's first code cell sets."""
    cells = nbformat.read(source, as_version=4).cells
    first = next(cell.source for cell in cells if cell.cell_type == "code")
    return [
        name for line in re.findall(r"^([\w, ]+) = ", first, re.MULTILINE) for name in line.split(", ")
    ]


def execute(source: Path, parameters: dict[str, object], output: Path | None = None) -> int:
    """Runs a notebook in its own folder and returns the exit status.

    Args:
        source: the notebook; its cell tagged "parameters" holds the settings.
        parameters: name of a setting -> value.
        output: where the executed notebook goes, with an HTML page beside it; None: Runs/ beside it.
    """
    import papermill
    from nbclient.exceptions import DeadKernelError
    from nbconvert import HTMLExporter

    executed = (output or source.parent / "Runs" / source.name).resolve()
    executed.parent.mkdir(parents=True, exist_ok=True)
    failure = None
    try:
        papermill.execute_notebook(
            source,
            executed,
            parameters,
            cwd=source.parent,
            stdout_file=sys.stdout,
            stderr_file=sys.stderr,
        )
    except papermill.PapermillExecutionError as error:
        first_line = error.source.strip().splitlines()[0]
        failure = f"Cell [{error.exec_count}], {first_line!r}, failed: {error.ename}: {error.evalue}"
    except (DeadKernelError, KeyboardInterrupt) as error:
        failure = f"The notebook was stopped before its end ({type(error).__name__})"
    _tidy(executed)
    page = executed.with_suffix(".html")
    page.write_text(HTMLExporter().from_filename(str(executed))[0], "utf-8")
    if failure:
        print(f"\n{failure}", file=sys.stderr)
    print(f"\nExecuted notebook: {executed}\nAs a web page:     {page}")
    return 1 if failure else 0


def _yes_or_no(answer: str) -> bool:
    if answer not in ("yes", "no"):
        raise argparse.ArgumentTypeError(f"{answer!r}: yes or no")
    return answer == "yes"


def _absolute(path: str) -> str:
    return str(Path(path).expanduser().resolve())


def _tidy(path: Path) -> None:
    """Joins each cell's pieces of terminal output and keeps the last state of every progress bar.

    Papermill's notes and TensorFlow's noise go.
    """
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        outputs = []
        for output in cell.get("outputs", []):
            last = outputs[-1] if outputs else {}
            if output.output_type == "stream" and last.get("name") == output.name:
                last.text += output.text
            else:
                outputs.append(output)
        for output in outputs:
            if output.output_type == "stream":
                output.text = _OVERWRITTEN.sub("", _NOISE.sub("", output.text))
        cell.metadata.pop("papermill", None)
        if "outputs" in cell:
            cell.outputs = [each for each in outputs if each.get("text") != ""]
    notebook.metadata.pop("papermill", None)
    nbformat.write(notebook, path)

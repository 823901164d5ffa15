"""Runs a notebook with the caller's parameters: `make notebook DATA=... SEQUENCES=...`.

Writes the executed notebook and its HTML into Runs/. When a cell fails, the notebook up to there is
kept, and the cell is named.
"""

import argparse
import re
import sys
from pathlib import Path

import nbformat
import papermill
from nbclient.exceptions import DeadKernelError
from nbconvert import HTMLExporter

_HERE = Path(__file__).resolve().parent
_NOTEBOOKS = "train_network", "edgesegnet_study", "ideas"
_OVERWRITTEN = re.compile(r"[^\n]*\r(?!\n)")
# What TensorFlow prints whatever its log level: of missing GPUs when it starts, and of networks that it
# compiles anew, because several are asked in turn.
_NOISE = re.compile(
    r"(WARNING: All log messages before absl|[IWE]\d{4} \d\d:\d\d:\d+\.\d+"
    r"|WARNING:tensorflow:\d+ out of the last)[^\n]*\n?",
)


def main(arguments: list[str] | None = None) -> int:
    options = _parse(arguments)
    executed = (options.output or _HERE / "Runs" / f"{options.notebook}.ipynb").resolve()
    executed.parent.mkdir(parents=True, exist_ok=True)
    parameters = {
        name: value
        for name, value in vars(options).items()
        if name not in ("notebook", "output") and value is not None
    }
    failure = None
    try:
        papermill.execute_notebook(
            _HERE / f"{options.notebook}.ipynb",
            executed,
            parameters,
            cwd=_HERE,
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


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--notebook", choices=_NOTEBOOKS, default=_NOTEBOOKS[0])
    parser.add_argument(
        "--data", type=_absolute, help="folder of the raw data set; default: rendered scenes"
    )
    parser.add_argument("--sequences", nargs="+", help="default: all that are there")
    parser.add_argument("--validation", nargs="+", help="sequences held out; default: the last drive")
    parser.add_argument("--scale", type=float)
    parser.add_argument("--networks", dest="chosen_networks", nargs="+", help="names; default: both")
    parser.add_argument("--recipe")
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--leakage", type=_yes_or_no, help="hold back random frames: yes or no")
    parser.add_argument("--output", type=Path, help="executed notebook; default: in Runs/")
    options = parser.parse_args(arguments)
    settings = _settings(options.notebook)
    for name, value in vars(options).items():
        if value is not None and name not in {"notebook", "output", *settings}:
            parser.error(f"{options.notebook} has no setting {name}, but {', '.join(settings)}")
    return options


def _settings(notebook: str) -> list[str]:
    """Names that the notebook's first cell of code sets."""
    cells = nbformat.read(_HERE / f"{notebook}.ipynb", as_version=4).cells
    first = next(cell.source for cell in cells if cell.cell_type == "code")
    return [
        name for line in re.findall(r"^([\w, ]+) = ", first, re.MULTILINE) for name in line.split(", ")
    ]


def _yes_or_no(answer: str) -> bool:
    if answer not in ("yes", "no"):
        raise argparse.ArgumentTypeError(f"{answer!r}: yes or no")
    return answer == "yes"


def _absolute(path: str) -> str:
    return str(Path(path).expanduser().resolve())


def _tidy(path: Path) -> None:
    """Joins each cell's pieces of terminal output, keeps the last state of every progress bar, and drops
    papermill's notes and TensorFlow's noise."""
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


if __name__ == "__main__":
    sys.exit(main())

"""The command `roadseg notebook`: runs a notebook with the caller's settings.

Writes the executed notebook and its web page into Runs/ beside the notebooks, named by the settings.
"""

import argparse
import re
import sys
from pathlib import Path

from roadseg import notebook_settings
from roadseg.errors import DataError
from roadseg.notebook_tidying import tidy

_FOLDER = Path(__file__).resolve().parents[1]  # in the repository; wheels hold no notebooks
_NOTEBOOKS = "train_network", "use_network", "ideas", "edgesegnet_study"
_ANSI = re.compile(r"\x1b\[[\d;]*m")


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
    parser.add_argument(
        "--data", type=_absolute, help="raw data set; default: that in Data, or rendered scenes"
    )
    parser.add_argument("--sequences", nargs="+", metavar="SEQUENCE", help="default: all of them")
    parser.add_argument(
        "--validation", nargs="+", metavar="SEQUENCE", help="held out; default: the last world or drive"
    )
    parser.add_argument("--scale", type=float, help="how many times smaller frames become")
    parser.add_argument(
        "--networks",
        dest="chosen_networks",
        nargs="+",
        metavar="NETWORK",
        help="simple, simple_plus, edgesegnet",
    )
    parser.add_argument("--recipe", help="quick, best, transfer, original")
    parser.add_argument("--epochs", type=int, help="default: those of the notebook or of the recipe")
    parser.add_argument("--image", type=_absolute, help="photograph to label; default: a rendered scene")
    parser.add_argument("--weights", help="weights that ship, to label with: simple, simple_plus")
    parser.add_argument("--seconds", type=int, help="of the rendered drive that is labelled")
    parser.add_argument(
        "--leakage",
        type=_yes_or_no,
        metavar="{yes,no}",
        help="also hold out random frames, to show a leak",
    )
    parser.add_argument(
        "--output", type=Path, help="executed notebook; default: in Runs, named by the settings"
    )
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    source = _FOLDER / f"{options.notebook}.ipynb"
    if not source.is_file():
        raise DataError(f"{source}: no such notebook; the repository has them, the package has not")
    given = {
        name: value
        for name, value in vars(options).items()
        if name not in {"command", "notebook", "output", "run"} and value is not None
    }
    notebook_settings.check(given, source)
    name = f"{source.stem}{notebook_settings.label(given)}.ipynb"
    return execute(source, given, options.output or _FOLDER / "Runs" / name)


def execute(source: Path, parameters: dict[str, object], output: Path) -> int:
    """Runs a notebook in its own folder and returns the exit status.

    A run that fails leaves earlier notebooks alone, and keeps its outputs in NAME-unfinished.ipynb.

    Args:
        source: the notebook; its cell tagged "parameters" holds the settings.
        parameters: name of a setting -> value.
        output: where the executed notebook goes, with a web page beside it.
    """
    import papermill
    from nbclient.exceptions import DeadKernelError

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
            extra_arguments=["--IPKernelApp.log_level=50"],  # its messages when it is stopped
        )
    except papermill.PapermillExecutionError as error:
        failure = f"Cell [{error.exec_count}] failed at {_failed_line(error)!r}:\n"
        failure += f"{error.ename}: {error.evalue}"
    except (DeadKernelError, KeyboardInterrupt) as error:
        failure = f"The notebook was stopped before its end ({type(error).__name__})"
    tidy(unfinished)
    if failure:
        print(f"\n{failure}\n\nWhat ran before: {unfinished}", file=sys.stderr)
        return 1
    unfinished.replace(output)
    page = output.with_suffix(".html")
    page.write_text(_as_page(output), "utf-8")
    print(f"\nExecuted notebook: {output}\nAs a web page:     {page}")
    return 0


def _failed_line(error) -> str:
    """The line of the cell that failed."""
    traceback = _ANSI.sub("", "\n".join(error.traceback))
    arrow = re.search(r"^-+> \d+ (.*)$", traceback, re.MULTILINE)
    return arrow[1].strip() if arrow else error.source.strip().splitlines()[0]


def _as_page(notebook: Path) -> str:
    from nbconvert import HTMLExporter

    return HTMLExporter().from_filename(str(notebook))[0]


def _yes_or_no(answer: str) -> bool:
    if answer not in ("yes", "no"):
        raise argparse.ArgumentTypeError(f"{answer!r}: yes or no")
    return answer == "yes"


def _absolute(path: str) -> str:
    return str(Path(path).expanduser().resolve())

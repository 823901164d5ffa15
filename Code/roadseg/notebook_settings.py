"""The settings of a notebook, checked before a kernel starts."""

import hashlib
import re
from collections.abc import Callable, Mapping
from pathlib import Path

import nbformat

from roadseg.data import sources
from roadseg.data.resize import Downscale
from roadseg.data.sources.base import select_sequences

# What `make` and the command call a setting where the notebook has another name.
_OPTIONS = {"chosen_networks": "networks"}
_PATHS = {"data", "image"}


def of_notebook(path: Path) -> list[str]:
    """The names of the settings in the notebook's first code cell."""
    cells = nbformat.read(path, as_version=4).cells
    first = next(cell.source for cell in cells if cell.cell_type == "code")
    return [
        name for line in re.findall(r"^([\w, ]+) = ", first, re.MULTILINE) for name in line.split(", ")
    ]


def check(given: Mapping[str, object], notebook: Path) -> None:
    """Raises ValueError for a setting that cannot work, and names it as `make` and the command do."""
    known = of_notebook(notebook)
    for name, value in given.items():
        if name not in known:
            others = ", ".join(_option(each).upper() for each in known)
            raise ValueError(f"{_shown(name, value)}: {notebook.stem} has no such setting, but {others}")
    for name, checked in _CHECKS.items():
        if name in given:
            try:
                checked(given)
            except ValueError as error:
                raise ValueError(f"{_shown(name, given[name])}: {error}")


def label(given: Mapping[str, object]) -> str:
    """A suffix for file names that no other settings share; empty when nothing is given."""
    parts = [f"-{_option(name)}-{_text(value)}" for name, value in sorted(given.items())]
    text = re.sub(r"[^\w.-]+", "_", "".join(parts))
    if len(text) <= 80 and not _PATHS & given.keys():
        return text
    return f"{text[:60]}-{hashlib.sha256(repr(sorted(given.items())).encode()).hexdigest()[:6]}"


def _option(name: str) -> str:
    return _OPTIONS.get(name, name)


def _shown(name: str, value: object) -> str:
    return f"{_option(name).upper()}={_text(value)} (--{_option(name)})"


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)


def _check_data(given: Mapping[str, object]) -> None:
    sources.open(given["data"])


def _check_sequences(given: Mapping[str, object]) -> None:
    if "data" in given:
        _sequences(given)


def _check_validation(given: Mapping[str, object]) -> None:
    if "data" in given:
        select_sequences(_sequences(given), given["validation"], given["data"])


def _sequences(given: Mapping[str, object]) -> list[str]:
    return select_sequences(
        sources.open(given["data"]).sequences(), given.get("sequences"), given["data"]
    )


def _check_scale(given: Mapping[str, object]) -> None:
    Downscale.of((1242, 375), given["scale"])


def _check_networks(given: Mapping[str, object]) -> None:
    from roadseg.networks import NETWORKS

    for name in given["chosen_networks"]:
        if name not in NETWORKS:
            raise ValueError(f"unknown network {name!r}: one of {', '.join(NETWORKS)}")


def _check_recipe(given: Mapping[str, object]) -> None:
    from roadseg.training import get_recipe

    get_recipe(given["recipe"], given.get("epochs"))


def _check_epochs(given: Mapping[str, object]) -> None:
    _check_count(given["epochs"])


def _check_image(given: Mapping[str, object]) -> None:
    from roadseg.inference.images import read_image

    read_image(given["image"])


def _check_weights(given: Mapping[str, object]) -> None:
    from roadseg import networks

    # The notebook compares labels with rendered scenes.
    fit = [name for name in networks.shipped() if networks.split_name(name)[1] == "rendered"]
    if given["weights"] not in fit:
        raise ValueError(f"unknown weights {given['weights']!r}: one of {', '.join(fit)}")


def _check_seconds(given: Mapping[str, object]) -> None:
    _check_count(given["seconds"])


def _check_count(count: int) -> None:
    if count < 1:
        raise ValueError("at least 1 is needed")


_CHECKS: dict[str, Callable[[Mapping[str, object]], None]] = {
    "data": _check_data,
    "sequences": _check_sequences,
    "validation": _check_validation,
    "scale": _check_scale,
    "chosen_networks": _check_networks,
    "epochs": _check_epochs,
    "recipe": _check_recipe,
    "image": _check_image,
    "weights": _check_weights,
    "seconds": _check_seconds,
}

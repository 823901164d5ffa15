"""A first classes.csv for masks that have none, from the values that are in them."""

import os
from collections import Counter
from collections.abc import Hashable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from roadseg.data.sources.class_table import (
    MAX_CLASSES,
    VOID,
    ClassTable,
    load_table,
    raw_labels,
    ready_tables,
    ready_text,
    unique_labels,
    written,
)
from roadseg.data.sources.folder import Folder
from roadseg.data.sources.images import read_mask
from roadseg.errors import DataError
from roadseg.progress import progress_bar

_USUAL_VOID = 255, (0, 0, 0)
_HEAD = """\
# Give each class its name. What shall not count is called void; labels of one class stand in
# one line, separated by |.
"""


class _Seen(NamedTuple):
    """What is in a mask: pixels of each raw label, and the colours of a palette."""

    counts: dict[Hashable, int]
    palette: dict[int, tuple[int, int, int]]


def propose_table(
    folder: Path, image_suffix: str = "", mask_suffix: str = "", progress: bool = True
) -> tuple[str, list[str]]:
    """The text of a table with a line for each raw label, and messages about masks that are unusable.

    A table that ships is proposed as it is when it lists all colours that occur.

    Args:
        folder: with images/ and masks/.
        image_suffix, mask_suffix: as of `Folder`. Without that of masks, one that all have is found.
        progress: whether to show a progress bar.

    Raises:
        DataError: there is no mask, or there are more values than classes can be.
    """
    suffixes = {"image_suffix": image_suffix, "mask_suffix": mask_suffix}
    source = Folder(folder, ClassTable((), ()), **suffixes)
    if not source.mask_suffix:
        suffixes["mask_suffix"] = source.guess_mask_suffix()
        source = Folder(folder, ClassTable((), ()), **suffixes)
    masks = [mask for name in source.sequences() for mask in source.files(name).labels.values()]
    pixels, palette, first, problems = Counter(), {}, {}, []
    bar = progress_bar(len(masks), 0, unit="mask", description="read", shown=progress)
    with ThreadPoolExecutor(os.cpu_count()) as pool, bar:
        for path, seen in zip(masks, pool.map(_look, masks), strict=True):
            bar.update()
            if isinstance(seen, DataError):
                problems.append(str(seen))
                continue
            pixels.update(seen.counts)
            palette |= seen.palette
            first = dict.fromkeys(seen.counts, path) | first
            if len(pixels) > MAX_CLASSES + 1:
                raise DataError(
                    f"{path}: up to this mask there are {len(pixels)} different values, but at most "
                    f"{MAX_CLASSES} classes are possible; save masks without smoothing, shading or "
                    "compression that loses pixels"
                )
    if not pixels:
        raise DataError(f"{folder}: no usable mask in it\n" + "\n".join(problems[:1]))
    settings = settings_text(**suffixes)
    # Ids are too much alike to tell tables by them.
    fitting = (name for name in ready_tables() if pixels.keys() <= load_table(name).colours.keys())
    if ready := next(fitting, None):
        return settings + ready_text(ready), problems
    return settings + _text(pixels, palette, first), problems


def _look(path: Path) -> _Seen | DataError:
    try:
        mask = read_mask(path)
    except DataError as error:
        return error
    found, _, counts = unique_labels(raw_labels(mask, in_colours=False))
    flat = mask.getpalette() if mask.mode == "P" else []
    palette = {place: tuple(flat[3 * place : 3 * place + 3]) for place in range(len(flat) // 3)}
    counted = dict(zip(found, counts, strict=True))
    return _Seen(counted, {label: palette[label] for label in found if label in palette})


def settings_text(image_suffix: str = "", mask_suffix: str = "") -> str:
    """The lines above a table's header that name the suffixes."""
    suffixes = {"image": image_suffix, "mask": mask_suffix}
    return "".join(f"# {kind} suffix: {suffix}\n" for kind, suffix in suffixes.items() if suffix)


def _text(pixels: Counter, palette: dict, first: dict[Hashable, Path]) -> str:
    """A class for each raw label, named by its value; share and place stand above it."""
    if len(set(palette.values())) < len(palette):  # each class needs its own
        palette = {}
    kinds = {"id": int, "colour": tuple}
    columns = [column for column, kind in kinds.items() if any(type(label) is kind for label in pixels)]
    columns += ["palette"] * bool(palette)
    lines = [",".join(["name", *columns])]
    void = {}
    for column, kind in kinds.items():
        for label in sorted(label for label in pixels if type(label) is kind):
            if label in _USUAL_VOID:
                void[column] = written(label)
                continue
            cells = {column: written(label), "palette": written(palette.get(label, ""))}
            share = pixels[label] / pixels.total()
            lines.append(f"# {share:.2%} of the pixels, first in {first[label].name}")
            name = f"class_{written(label).replace(' ', '_')}"
            lines.append(",".join([name, *(cells.get(each, "") for each in columns)]))
    if void:
        lines.append(",".join([VOID, *(void.get(each, "") for each in columns)]))
    return _HEAD + "\n".join(lines) + "\n"

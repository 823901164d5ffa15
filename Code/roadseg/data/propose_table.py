"""A first classes.csv for masks that have none, from the values that are in them."""

import os
from collections import Counter
from collections.abc import Hashable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from roadseg.data.sources.class_table import MASK_MODES, VOID, raw_labels, unique_labels, written
from roadseg.data.sources.image_files import read_image
from roadseg.data.sources.pairing import Pairing
from roadseg.data.sources.table_file import MAX_CLASSES, load_table, ready_tables, ready_text
from roadseg.errors import DataError
from roadseg.progress import progress_bar

_USUAL_VOID = 255, (0, 0, 0)


class _Seen(NamedTuple):
    """What is in a mask: pixels of each raw label, and the colours of a palette."""

    counts: dict[Hashable, int]
    palette: dict[int, tuple[int, int, int]]


def propose_table(pairing: Pairing, progress: bool = True) -> tuple[str, list[str]]:
    """The text of a table with a line for each raw label, and messages about masks that are unusable.

    A table that ships is proposed as it is when it lists all colours that occur.

    Args:
        pairing: where the masks lie. Without a suffix of masks, one that all have is found.
        progress: whether to show a progress bar.

    Raises:
        DataError: there is no mask, or there are more values than classes can be.
    """
    pairing = replace(pairing, mask_suffix=pairing.mask_suffix or pairing.guess_mask_suffix())
    masks = [mask for name in pairing.sequences() for mask in pairing.scan(name)[1].values()]
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
        raise DataError(f"{pairing.masks}: no usable mask in it\n" + "\n".join(problems[:1]))
    settings = settings_text(pairing.image_suffix, pairing.mask_suffix)
    if ready := _ready_for(pixels):
        return settings + ready_text(ready), problems
    return settings + _text(pixels, palette, first), problems


def _look(path: Path) -> _Seen | DataError:
    try:
        mask = read_image(path, "PNG", *MASK_MODES)
        found, _, counts = unique_labels(raw_labels(mask, path, in_colours=False))
    except DataError as error:
        return error
    flat = mask.getpalette() if mask.mode == "P" else []
    palette = {place: tuple(flat[3 * place : 3 * place + 3]) for place in range(len(flat) // 3)}
    counted = dict(zip(found, counts, strict=True))
    return _Seen(counted, {label: palette[label] for label in found if label in palette})


def settings_text(image_suffix: str = "", mask_suffix: str = "") -> str:
    """The lines above a table's header that name the suffixes."""
    suffixes = {"image": image_suffix, "mask": mask_suffix}
    return "".join(f"# {kind} suffix: {suffix}\n" for kind, suffix in suffixes.items() if suffix)


def _ready_for(labels: Counter) -> str | None:
    """The ready table that lists all colours; ids are too much alike to tell tables by them."""
    fitting = (name for name in ready_tables() if labels.keys() <= load_table(name).colours.keys())
    return next(fitting, None)


def _text(pixels: Counter, palette: dict, first: dict[Hashable, Path]) -> str:
    """A class for each raw label, named by its value; share and place stand above it."""
    ids, colours = (
        sorted(label for label in pixels if isinstance(label, kind)) for kind in (int, tuple)
    )
    palette = palette if len(set(palette.values())) == len(palette) else {}  # each class needs its own
    columns = [*(["id"] * bool(ids)), *(["colour"] * bool(colours)), *(["palette"] * bool(palette))]
    lines = [
        "# Give each class its name. What shall not count is called void; labels of one class stand in",
        "# one line, separated by |.",
        ",".join(["name", *columns]),
    ]
    void: dict[str, list[str]] = {}
    for label in [*ids, *colours]:
        column = "id" if isinstance(label, int) else "colour"
        if label in _USUAL_VOID:
            void[column] = [written(label)]
            continue
        share = pixels[label] / pixels.total()
        cells = {"id": "", "colour": "", column: written(label)}
        cells["palette"] = written(palette[label]) if label in palette else ""
        lines.append(f"# {share:.2%} of the pixels, first in {first[label].name}")
        name = f"class_{written(label).replace(' ', '_')}"
        lines.append(",".join([name, *(cells[each] for each in columns)]))
    if void:
        lines.append(",".join([VOID, *(" | ".join(void.get(each, [])) for each in columns)]))
    return "\n".join(lines) + "\n"

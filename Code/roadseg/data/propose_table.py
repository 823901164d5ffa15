"""A first classes.csv for masks that have none, from the values that are in them."""

import os
from collections import Counter
from collections.abc import Hashable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from roadseg.data.sources.class_table import (
    MAX_CLASSES,
    VOID,
    ClassTable,
    load_table,
    ready_tables,
    ready_text,
    written,
)
from roadseg.data.sources.folder import Folder
from roadseg.data.sources.images import index_colours, inner_labels, raw_labels, read_mask, unique_labels
from roadseg.errors import DataError
from roadseg.progress import progress_bar

_BLACK, _WHITE = (0, 0, 0), 255  # void, if they are rare
_RARE = 0.4  # of all pixels
_SMALL_ID = 32  # beside which 255 is no class
_HEAD = """\
# Give each class its name. What shall not count is called void; labels of one class stand in
# one line, separated by |.
"""


def propose_table(
    folder: Path,
    image_suffix: str = "",
    mask_suffix: str = "",
    progress: bool = True,
    in_colours: bool = False,
    kind: type[Folder] = Folder,
) -> tuple[str, list[str]]:
    """The text of a table with a line for each raw label, and messages about masks that are unusable.

    A table that ships is proposed as it is when it lists all colours that occur, and most of its own do.

    Args:
        folder: with images/ and masks/, or laid out as `kind` is.
        image_suffix, mask_suffix: as of `Folder`. Without that of masks, one that all have is found.
        progress: shows a progress bar.
        in_colours: reads masks with a palette as colours, as is done where palettes differ.

    Raises DataError when there is no mask, or its values are no classes.
    """
    suffixes = {"image_suffix": image_suffix, "mask_suffix": mask_suffix}
    source = kind(folder, ClassTable((), ()), **suffixes)
    if not source.mask_suffix:
        suffixes["mask_suffix"] = source.guess_mask_suffix()
        source = kind(folder, ClassTable((), ()), **suffixes)
    masks = [mask for name in source.sequences() for mask in source.files(name).labels.values()]
    pixels, inside, palette, first, problems = Counter(), set(), {}, {}, []
    bar = progress_bar(len(masks), 0, unit="mask", description="read", shown=progress)
    with ThreadPoolExecutor(os.cpu_count()) as pool, bar:
        seen = pool.map(lambda path: _look(path, in_colours), masks)
        for path, (counts, within, colours, problem) in zip(masks, seen, strict=True):
            bar.update()
            if any(palette.get(index, colour) != colour for index, colour in colours.items()):
                return propose_table(folder, **suffixes, progress=progress, in_colours=True, kind=kind)
            pixels.update(counts)
            inside |= within
            palette |= colours
            first = dict.fromkeys(counts, path) | first
            problems += problem
            if len(pixels) > MAX_CLASSES + 1:
                break
    if not pixels:
        raise DataError(f"{folder}: no usable mask in it\n" + "\n".join(problems[:1]))
    lines = len(pixels) - len(inside)
    if len(pixels) > MAX_CLASSES + 1 or lines >= max(3, len(inside)):
        raise DataError(
            f"{folder}: {len(inside)} values fill areas in the masks, and {lines} others occur only as "
            f"lines between them; at most {MAX_CLASSES} classes are possible; save masks without "
            "smoothing, shading or compression, or write ranges such as 'background,0-127' into a table"
        )
    for name in ready_tables():  # ids are too much alike to tell tables by them
        listed = load_table(name).colours
        if pixels.keys() <= listed.keys() and 2 * len(pixels) >= len(listed):
            return settings_text(**suffixes) + ready_text(name), problems
    return settings_text(**suffixes) + _text(pixels, palette, first), problems


def _look(path: Path, in_colours: bool) -> tuple[dict, set, dict, list[str]]:
    """Of a mask: pixels of each raw label, which of them fill areas, its palette, what is wrong."""
    try:
        mask = read_mask(path)
    except DataError as error:
        return {}, set(), {}, [str(error)]
    found, places, counts = unique_labels(raw_labels(mask, in_colours))
    inside = {found[place] for place in set(inner_labels(places).tolist())}
    palette = index_colours(mask) if mask.mode == "P" and not in_colours else {}
    return dict(zip(found, counts, strict=True)), inside, palette, []


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
            share = f"{pixels[label] / pixels.total():.2%} of the pixels"
            if _is_void(label, pixels):
                void[column] = written(label)
                lines.append(f"# {written(label)}: {share}, taken for void")
                continue
            name = f"class_{written(label).replace(' ', '_')}" if label != _BLACK else "background"
            cells = {column: written(label), "palette": written(palette.get(label, ""))}
            lines.append(f"# {share}, first in {first[label].name}")
            lines.append(",".join([name, *(cells.get(each, "") for each in columns)]))
    if void:
        lines.append(",".join([VOID, *(void.get(each, "") for each in columns)]))
    return _HEAD + "\n".join(lines) + "\n"


def _is_void(label: Hashable, pixels: Counter) -> bool:
    """Black in colours, and 255 beside small ids; not what covers much of the images."""
    has_small = any(type(each) is int and 0 < each < _SMALL_ID for each in pixels)
    is_void = label == _BLACK or (label == _WHITE and has_small)
    return is_void and pixels[label] <= _RARE * pixels.total()

"""The colour and the name of each class, below an image."""

import functools

from PIL import Image, ImageDraw, ImageFont

Entry = tuple[str, tuple[int, int, int]]  # name and colour

_SMALLEST_TEXT = 13  # pixels high


def below(image: Image.Image, entries: tuple[Entry, ...]) -> Image.Image:
    """The image with its legend; the image alone where there are no entries."""
    legend = _strip(entries, image.width)
    if not legend.height:
        return image
    both = Image.new("RGB", (image.width, image.height + legend.height))
    both.paste(image)
    both.paste(legend, (0, image.height))
    return both


@functools.lru_cache(maxsize=64)  # neighbouring frames have the same one
def _strip(entries: tuple[Entry, ...], width: int) -> Image.Image:
    """As wide as the image, as high as its rows need; text grows with the image."""
    size = max(_SMALLEST_TEXT, width // 60)
    font = ImageFont.load_default(size)
    rows = _rows(entries, width, size, font)
    height = round(size * 1.6)
    image = Image.new("RGB", (width, height * len(rows) + size // 2 if rows else 0), "white")
    draw = ImageDraw.Draw(image)
    for number, row in enumerate(rows):
        middle = size // 4 + height * number + height // 2
        for left, name, colour in row:
            box = left, middle - size // 2, left + size, middle + size // 2
            draw.rectangle(box, fill=colour, outline="black")
            draw.text((left + size * 1.4, middle), name, fill="black", font=font, anchor="lm")
    return image


def _rows(entries, width: int, size: int, font) -> list[list[tuple[int, str, tuple[int, int, int]]]]:
    """The left edge, name and colour of each entry, row by row."""
    rows, left = [], width
    for name, colour in entries:
        needed = round(size * 1.4 + font.getlength(name))
        if left + needed > width - size // 2:
            rows.append([])
            left = size // 2
        rows[-1].append((left, name, colour))
        left += needed + size
    return rows

"""Random damage to bytes: flipped bits, holes, cuts, inserted, repeated and swapped blocks."""

import pickletools
import re
import zlib
from collections.abc import Callable

import numpy as np

_NUMBERS = (b"-1", b"0", b"1e400", b"0.5", b"NaN", b"null", b"true", b'"a"', 25 * b"9", b"4294967296")


def mutate(content: bytes, rng: np.random.Generator, ends: int = 0) -> bytes:
    """One to three changes; ends: half of them begin within so many bytes of the start or end."""
    for _ in range(rng.integers(1, 4)):
        change = _CHANGES[rng.integers(len(_CHANGES))]
        content = change(content, _place(len(content), rng, ends), rng)
    return content


def _place(size: int, rng: np.random.Generator, ends: int) -> int:
    if ends and rng.random() < 0.5:
        place = int(rng.integers(min(ends, size) + 1))
        return place if rng.random() < 0.5 else size - place
    return int(rng.integers(size + 1))


def _length(rng: np.random.Generator) -> int:
    return int(2 ** rng.uniform(0, 11))


def _flip_bits(content: bytes, place: int, rng: np.random.Generator) -> bytes:
    changed = bytearray(content)
    for _ in range(rng.integers(1, 4)):
        if place < len(changed):
            changed[place] ^= 1 << rng.integers(8)
        place += int(rng.integers(9))
    return bytes(changed)


def _overwrite(content: bytes, place: int, rng: np.random.Generator) -> bytes:
    length = min(_length(rng), len(content) - place)
    kinds = (bytes(length), length * b"\xff", rng.bytes(length))
    return content[:place] + kinds[rng.integers(3)] + content[place + length :]


def _set_number(content: bytes, place: int, rng: np.random.Generator) -> bytes:
    """An extreme value where a size or a place may be declared."""
    length = int(rng.choice([1, 2, 4, 8]))
    value = int(rng.choice([0, 1, 127, 128, 255])) if length == 1 else 1 << int(rng.integers(8 * length))
    value = min(max(value - int(rng.integers(2)), 0), (1 << 8 * length) - 1)
    order = "little" if rng.random() < 0.5 else "big"
    return content[:place] + value.to_bytes(length, order) + content[place + length :]


def _cut(content: bytes, place: int, rng: np.random.Generator) -> bytes:
    return content[:place]


def _remove(content: bytes, place: int, rng: np.random.Generator) -> bytes:
    return content[:place] + content[place + _length(rng) :]


def _insert(content: bytes, place: int, rng: np.random.Generator) -> bytes:
    return content[:place] + rng.bytes(_length(rng)) + content[place:]


def _repeat(content: bytes, place: int, rng: np.random.Generator) -> bytes:
    block = content[place : place + _length(rng)]
    return content[:place] + int(rng.integers(2, 5)) * block + content[place:]


def _swap(content: bytes, place: int, rng: np.random.Generator) -> bytes:
    length = _length(rng)
    first, second = sorted((place, int(rng.integers(len(content) + 1))))
    length = min(length, second - first, len(content) - second)
    one, two = content[first : first + length], content[second : second + length]
    between = content[first + length : second]
    return content[:first] + two + between + one + content[second + length :]


_CHANGES: tuple[Callable[[bytes, int, np.random.Generator], bytes], ...] = (
    _flip_bits, _flip_bits, _overwrite, _set_number, _cut, _remove, _insert, _repeat, _swap,
)  # fmt: skip


def mutate_png(content: bytes, rng: np.random.Generator) -> bytes:
    """Damage within some chunks of a PNG, which get right lengths and checksums again."""
    chunks, start = [], 8
    while start < len(content):
        length = int.from_bytes(content[start : start + 4])
        chunks.append([content[start + 4 : start + 8], content[start + 8 : start + 8 + length]])
        start += length + 12
    for _ in range(rng.integers(1, 4)):
        one = chunks[rng.integers(len(chunks))]
        change = rng.integers(4)
        if change == 0:
            chunks.insert(int(rng.integers(len(chunks) + 1)), list(one))
        elif change == 1:
            kinds = (
                b"tEXt",
                b"zTXt",
                b"iTXt",
                b"iCCP",
                b"eXIf",
                b"PLTE",
                b"tRNS",
                b"acTL",
                b"fdAT",
                b"IDAT",
            )
            new = [kinds[rng.integers(len(kinds))], rng.bytes(int(rng.integers(60)))]
            chunks.insert(int(rng.integers(len(chunks) + 1)), new)
        elif one[0] == b"IDAT" and change == 2:
            pixels = mutate(zlib.decompress(one[1]), rng) if _is_deflate(one[1]) else one[1]
            one[1] = zlib.compress(pixels)
        else:
            one[1] = mutate(one[1], rng)
    return content[:8] + b"".join(
        len(body).to_bytes(4) + kind + body + zlib.crc32(kind + body).to_bytes(4)
        for kind, body in chunks
    )


def _is_deflate(body: bytes) -> bool:
    try:
        return bool(zlib.decompress(body))
    except zlib.error:
        return False


def mutate_pickle(content: bytes, rng: np.random.Generator) -> bytes:
    """As `mutate`, or with opcodes inserted: any that there are, with any argument."""
    if rng.random() < 0.4:
        return mutate(content, rng)
    codes = [each.code.encode("latin-1") for each in pickletools.opcodes]
    program = b"".join(
        codes[rng.integers(len(codes))] + rng.bytes(int(rng.integers(6)))
        for _ in range(rng.integers(1, 30))
    )
    place = int(rng.integers(len(content)))
    return (
        (b"\x80\x04", content[:place])[rng.integers(2)]
        + program
        + (b".", content[place:])[rng.integers(2)]
    )


def mutate_text(content: bytes, rng: np.random.Generator) -> bytes:
    """As `mutate`, or a number, word or line of a text exchanged for another."""
    if rng.random() < 0.4:
        return mutate(content, rng)
    pattern = (rb"[0-9]+", rb"[A-Za-z]+", rb"[^\n]*\n")[rng.integers(3)]
    found = list(re.finditer(pattern, content))
    if not found:
        return mutate(content, rng)
    one, two = (found[rng.integers(len(found))] for _ in range(2))
    new = two[0] if rng.random() < 0.5 else _NUMBERS[rng.integers(len(_NUMBERS))]
    if rng.random() < 0.05:
        new = 50_000 * (b"[", b'{"a":', b"9", b" ")[rng.integers(4)]
    return content[: one.start()] + new + content[one.end() :]

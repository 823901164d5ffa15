"""What may be in an archive: nothing but the wanted files is taken, and damage is one clear error."""

import tarfile

import pytest

from benchmarks.archive_server import ArchiveServer
from roadseg.errors import DataError
from tests.data.download.helpers import (
    CAMERA,
    IMAGES,
    LABELS,
    MEMBER,
    expected,
    extra,
    fetch,
    files,
    flip_a_bit,
    rebuilt,
)


def with_dots(member, content, outside):
    member.name = f"./{member.name}"
    yield member, content


def twice(member, content, outside):
    """Only the first of two members with one name counts."""
    yield member, content
    if member.isfile():
        yield member, bytes(len(content))


HARMLESS = {
    "absolute name": extra("/{outside}/roadseg_evil"),
    "parent folder": extra("../roadseg_evil"),
    "parent folder inside": extra("vkitti_1.3.1_rgb/../../roadseg_evil"),
    "unexpected file": extra("vkitti_1.3.1_rgb/0001/sunset/evil.sh"),
    "unexpected number": extra("vkitti_1.3.1_rgb/0001/sunset/00099.png"),
    "symbolic link": extra("vkitti_1.3.1_rgb/0001/link", tarfile.SYMTYPE, "/etc"),
    "hard link": extra("vkitti_1.3.1_rgb/0001/link", tarfile.LNKTYPE, "/etc/passwd"),
    "link for a folder": extra("vkitti_1.3.1_rgb", tarfile.SYMTYPE, "/tmp"),
    "device": extra("vkitti_1.3.1_rgb/zero", tarfile.CHRTYPE),
    "pipe": extra("vkitti_1.3.1_rgb/pipe", tarfile.FIFOTYPE),
    "long name": extra("vkitti_1.3.1_rgb/" + 60 * "long/" + "name"),
    "names with a dot": with_dots,
    "names twice": twice,
}


@pytest.mark.parametrize("change", HARMLESS.values(), ids=HARMLESS)
@pytest.mark.parametrize("ranges", [True, False], ids=["ranges", "stream"])
def test_nothing_but_the_wanted_files_is_taken(change, ranges, archives_1, tree_1, tmp_path):
    target = tmp_path / "a" / "target"
    archive = rebuilt(archives_1[IMAGES], lambda *member: change(*member, outside=tmp_path))
    with ArchiveServer(archives_1 | {IMAGES: archive}, ranges) as server:
        fetch(server, target)
    assert files(target) == expected(tree_1)
    assert [path.name for path in tmp_path.rglob("*evil*")] == []
    assert not any(path.is_symlink() for path in target.rglob("*"))


def instead(kind: bytes = tarfile.REGTYPE, link: str = "", body=lambda content: content):
    """Another thing under the name of a wanted file."""

    def change(member, content):
        if member.name == MEMBER:
            member.type, member.linkname = kind, link
            content = body(content) if kind == tarfile.REGTYPE else b""
            member.size = len(content)
        yield member, content

    return change


def leave_out(member, content):
    if member.name != MEMBER:
        yield member, content


def forged(name: str, size: bytes):
    """Another size (12 bytes) in the header of a member, with the checksum right."""

    def change(data: bytes) -> bytes:
        start = data.index(name.encode() + b"\0")
        header = bytearray(data[start : start + 512])
        header[124:136], header[148:156] = size, 8 * b" "
        header[148:156] = b"%06o\0 " % sum(header)
        return data[:start] + bytes(header) + data[start + 512 :]

    return change


def giant_extension(data: bytes) -> bytes:
    """An extended header that asks for 8 GB."""
    info = tarfile.TarInfo("pax")
    info.type, info.size = tarfile.XHDTYPE, 8 << 30
    return info.tobuf(tarfile.GNU_FORMAT) + data


def extended(records: bytes):
    """An extended header with these records, before a member with another name."""

    def change(data: bytes) -> bytes:
        info, after = tarfile.TarInfo("pax"), tarfile.TarInfo("a")
        info.type, info.size = tarfile.XHDTYPE, len(records)
        padding = bytes(-len(records) % 512)
        return info.tobuf(tarfile.GNU_FORMAT) + records + padding + after.tobuf() + data

    return change


def names_upon_names(data: bytes) -> bytes:
    """1,500 long names in a row."""
    info = tarfile.TarInfo("long")
    info.type, info.size = tarfile.GNUTYPE_LONGNAME, 5
    return 1500 * (info.tobuf(tarfile.GNU_FORMAT) + b"name\0" + bytes(507)) + data


def changed(change):
    return lambda data: rebuilt(data, change)


BELOW_ZERO = b"\xff" * 10 + b"\xfc\x00"  # -1024 in base 256
HARMFUL = {
    "symbolic link": (changed(instead(tarfile.SYMTYPE, "/etc/passwd")), "not a plain file"),
    "hard link": (changed(instead(tarfile.LNKTYPE, "/etc/passwd")), "not a plain file"),
    "device": (changed(instead(tarfile.BLKTYPE)), "not a plain file"),
    "folder": (changed(instead(tarfile.DIRTYPE)), "not a plain file"),
    "sparse file": (changed(instead(tarfile.GNUTYPE_SPARSE)), "not a plain file|not a readable"),
    "bit flip_a_bit": (changed(instead(body=flip_a_bit)), "not a complete PNG"),
    "image cut short": (changed(instead(body=lambda content: content[:-20])), "not a complete PNG"),
    "only its beginning": (changed(instead(body=lambda content: content[:9])), "not a complete PNG"),
    "text": (changed(instead(body=lambda _: b"<html>sorry</html>")), "not a complete PNG"),
    "empty": (changed(instead(body=lambda _: b"")), "has 0 bytes"),
    "too large": (changed(instead(body=lambda _: bytes(9_000_000))), "9000000 bytes; refused"),
    "missing": (changed(leave_out), "1 of the 4 files .* are not in it, such as .*00001.png"),
    "cut within a member": (
        lambda data: data[: data.index(MEMBER.encode()) + 700],
        "ends within|not a re",
    ),
    "cut within a header": (
        lambda data: data[: data.index(MEMBER.encode()) + 100],
        "not in it|not a re",
    ),
    "forged size": (forged(MEMBER, b"77777777777\0"), "bytes; refused"),
    "size below zero": (
        forged("vkitti_1.3.1_rgb/0001/clone/00002.png", BELOW_ZERO),
        "below zero|not in",
    ),
    "giant extension": (giant_extension, "forged or damaged"),
    "many digits": (extended(2_000_000 * b"1"), "forged or damaged"),
    "odd sparse size": (extended(b"26 GNU.sparse.size=x1234567\n"[:26] + b"\n"), "not a readable"),
    "names upon names": (names_upon_names, "forged or damaged"),
    "far beyond": (
        forged("vkitti_1.3.1_rgb/0001/clone/00002.png", b"\x80\0\0\0\x7f" + 7 * b"\xff"),
        "forged|not in",
    ),
    "no archive": (lambda data: 1000 * b"<html>", "not a readable archive"),
    "nothing": (lambda _: b"", "not a readable archive|no byte 0|4 tries"),
    "zeros": (lambda data: bytes(len(data)), "not in it"),
}


@pytest.mark.parametrize(("change", "message"), HARMFUL.values(), ids=HARMFUL)
@pytest.mark.parametrize("where", ["ranges", "stream", "disk"])
def test_a_damaged_archive_gives_one_clear_error(change, message, where, archives_1, tree_1, tmp_path):
    served, target = archives_1 | {IMAGES: change(archives_1[IMAGES])}, tmp_path / "target"
    for name, content in served.items():
        (tmp_path / name).write_bytes(content)
    with (
        ArchiveServer(served, where == "ranges") as server,
        pytest.raises(DataError, match=message),
    ):
        fetch(tmp_path if where == "disk" else server, target)
    assert files(target).items() < expected(tree_1).items()


def test_an_encoding_file_is_checked(archives_1, tmp_path):
    def change(member, content):
        member.size = 5 if member.name.endswith(".txt") else member.size
        yield member, b"sorry" if member.name.endswith(".txt") else content

    with (
        ArchiveServer(archives_1 | {LABELS: rebuilt(archives_1[LABELS], change)}) as server,
        pytest.raises(DataError, match="line 1 must be"),
    ):
        fetch(server, tmp_path)


def test_a_damaged_jpeg_is_an_error(archives_2, tmp_path):
    def change(member, content):
        content = content[:-2] if member.name.endswith("00002.jpg") else content
        member.size = len(content)
        yield member, content

    images = "vkitti_2.0.3_rgb.tar"
    with (
        ArchiveServer(archives_2 | {images: rebuilt(archives_2[images], change)}) as server,
        pytest.raises(DataError, match="not a complete JPEG"),
    ):
        fetch(server, tmp_path, CAMERA, version="2.0.3")

"""Shared by the tests of fetching: names of archives, a quick fetch, and archives that are changed."""

import io
import tarfile
from pathlib import Path

from benchmarks.archive_server import ArchiveServer
from roadseg.data import download
from roadseg.data.download import RetryPolicy

LABELS, IMAGES = "vkitti_1.3.1_scenegt.tar", "vkitti_1.3.1_rgb.tar"
TEXTS, SUMS = "vkitti_2.0.3_textgt.tar.gz", "vkitti_2.0.3_md5_checksums.txt"
WANTED = "0001/sunset"
MEMBER = "vkitti_1.3.1_rgb/0001/sunset/00001.png"
CAMERA = "Scene01/clone/Camera_0"
QUICK = RetryPolicy(attempts=4, timeout=0.3, pause=0.001, longest_pause=0.02)


def fetch(server: ArchiveServer | Path, target: Path, sequences=WANTED, **options) -> None:
    url = server if isinstance(server, Path) else server.address
    options = {"accept_licence": True, "progress": False, "retries": QUICK} | options
    download.fetch(sequences, target, url=url, **options)


def files(folder: Path) -> dict[str, bytes]:
    """Everything with a final name, but for the licence."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.startswith((".", "LICENCE"))
    }


def expected(tree: Path, sequence: str = WANTED) -> dict[str, bytes]:
    """What a sequence consists of."""
    return {
        name: content
        for name, content in files(tree).items()
        if f"/{sequence}/" in name or f"/{sequence.replace('/', '_')}_" in name
    }


def rebuilt(data: bytes, change) -> bytes:
    """The archive with every member as `change` yields it: (TarInfo, content)."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=io.BytesIO(data)) as old, tarfile.open(fileobj=buffer, mode="w") as new:
        for member in old:
            content = old.extractfile(member).read() if member.isfile() else b""
            for info, body in change(member, content):
                new.addfile(info, io.BytesIO(body))
    return buffer.getvalue()


def extra(name: str, kind: bytes = tarfile.REGTYPE, link: str = "", body: bytes = b"evil"):
    """One more member before the wanted ones."""

    def change(member, content, outside=""):
        if member.name == "vkitti_1.3.1_rgb/0001":
            info = tarfile.TarInfo(name.replace("{outside}", str(outside)))
            info.type, info.linkname = kind, link
            info.size = len(body) if kind == tarfile.REGTYPE else 0
            yield info, body
        yield member, content

    return change


def flip_a_bit(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]

"""Counts the bytes that it takes to fetch one sequence out of an archive.

    .venv/bin/python Code/benchmarks/download.py [--output FILE]

A local server offers an archive of 1,000 label images of rendered scenes, laid out as version 1.3.1,
with ranges; 0002/clone is fetched out of its middle.
"""

import io
import tarfile
import tempfile
import time
from pathlib import Path

import roadscenes
from benchmarks import harness
from benchmarks.archive_server import ArchiveServer
from roadseg.data import download
from roadseg.data.download.catalogue import RELEASES

MEMBERS, WANTED = 1000, "0002/clone"
RELEASE = RELEASES["1.3.1"]


def main() -> None:
    options = harness.parser(__doc__).parse_args()
    with tempfile.TemporaryDirectory() as folder:
        measurements = measure(label_archive(Path(folder) / "scenes"), Path(folder) / "target")
    harness.report(measurements, options.output)


def label_archive(scenes: Path) -> dict[str, bytes]:
    """Name and content of the members: label images of a few rendered scenes, in turn."""
    roadscenes.render(scenes, ["0002"], frames=range(0, 233, 29), progress=False)
    images = [path.read_bytes() for path in sorted(scenes.glob("vkitti_1.3.1_scenegt/0002/*/*.png"))]
    encoding = next(scenes.glob("vkitti_1.3.1_scenegt/*.txt")).read_bytes()
    labels, _ = RELEASE.archives
    before_and_after = "0002/30-deg-right", WANTED, "0001/fog"
    names = sorted(name for sequence in before_and_after for name in RELEASE.files(labels, sequence))
    names += RELEASE.files(labels, "0006/clone")[: MEMBERS - len(names)]
    return {
        name: encoding if name.endswith(".txt") else images[number % len(images)]
        for number, name in enumerate(names)
    }


def measure(members: dict[str, bytes], target: Path) -> dict[str, object]:
    """Fetches the label files of one sequence into `target`; its images count as fetched before."""
    labels, images = RELEASE.archives
    for name in RELEASE.files(images, WANTED):
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        (target / name).write_bytes(b"there")
    with ArchiveServer({labels.name: _tar(members)}) as server:
        start = time.perf_counter()
        download.fetch(WANTED, target, url=server.address, accept_licence=True)
        seconds = time.perf_counter() - start
    wanted = RELEASE.files(labels, WANTED)
    size = sum(len(members[name]) for name in wanted)
    return {
        "members": len(members),
        "wanted_members": len(wanted),
        "wanted_bytes": size,
        "sent_bytes_with_headers": server.sent,
        "allowed_bytes": round(1.1 * size + 2000 * len(members)),
        "requests": server.requests[labels.name],
        "complete": all((target / name).read_bytes() == members[name] for name in wanted),
        "seconds": round(seconds, 2),
    }


def _tar(contents: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, content in contents.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


if __name__ == "__main__":
    main()

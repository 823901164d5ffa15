"""How many bytes it takes to fetch one sequence out of an archive.

    .venv/bin/python Code/benchmarks/download.py [--output FILE]

An archive of 1,000 label images of rendered scenes, laid out as version 1.3.1, is served with ranges
from the loopback address by the server of the tests; 0002/clone is fetched out of its middle.
"""

import io
import tarfile
import tempfile
import time
from pathlib import Path

import roadscenes
from benchmarks import common
from benchmarks.archive_server import ArchiveServer
from roadseg.data import download
from roadseg.data.download.catalogue import RELEASES

MEMBERS, WANTED = 1000, "0002/clone"


def main() -> None:
    options = common.parser(__doc__).parse_args()
    release = RELEASES["1.3.1"]
    labels, _ = release.archives
    with tempfile.TemporaryDirectory() as folder:
        scenes, target = Path(folder) / "scenes", Path(folder) / "target"
        roadscenes.render(scenes, ["0002"], frames=range(0, 233, 29), progress=False)
        pictures = [
            path.read_bytes() for path in sorted(scenes.glob("vkitti_1.3.1_scenegt/0002/*/*.png"))
        ]
        encoding = next(scenes.glob("vkitti_1.3.1_scenegt/*.txt")).read_bytes()
        wanted = release.files(labels, WANTED)
        names = sorted(
            release.files(labels, "0002/30-deg-right") + wanted + release.files(labels, "0001/fog")
        )
        names += release.files(labels, "0006/clone")[: MEMBERS - len(names)]
        contents = {
            name: encoding if name.endswith(".txt") else pictures[number % len(pictures)]
            for number, name in enumerate(names)
        }
        # The pictures' archive has no part in this: they are there.
        for name in release.files(release.archives[1], WANTED):
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            (target / name).write_bytes(b"there")
        with ArchiveServer({labels.name: _tar(contents)}) as server:
            start = time.perf_counter()
            download.fetch(WANTED, target, url=server.address, accept_licence=True)
            seconds = time.perf_counter() - start
        complete = all((target / name).read_bytes() == contents[name] for name in wanted)
    size = sum(len(contents[name]) for name in wanted)
    common.report(
        {
            "members": len(contents),
            "wanted_members": len(wanted),
            "wanted_bytes": size,
            "sent_bytes_with_headers": server.sent,
            "allowed_bytes": round(1.1 * size + 2000 * len(contents)),
            "requests": server.requests[labels.name],
            "complete": complete,
            "seconds": round(seconds, 2),
        },
        options.output,
    )


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

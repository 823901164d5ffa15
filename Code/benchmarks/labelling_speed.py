"""Frames a second that `roadseg predict` labels at 1242 x 375, and where the time goes.

    .venv/bin/python Code/benchmarks/labelling_speed.py [--network NAME] [--files 120] [--output FILE]

Rendered frames as JPEG files; each gets its class ids as PNG and an overlay as JPEG. Opening the network
is not counted. The steps are timed one after another, in milliseconds of one frame, while whole folders
are labelled by threads that share the cores.
"""

import itertools
import shutil
import tempfile
import time
from pathlib import Path

from PIL import Image

import roadscenes
from benchmarks import harness
from roadseg import inference
from roadseg.data.sources.images import read_image

RENDERED, ROUNDS = 6, 30


def main() -> None:
    parser = harness.parser(__doc__)
    parser.add_argument("--network", default="simple_plus")
    parser.add_argument("--files", type=int, default=120)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        scenes = Path(folder) / "scenes"
        roadscenes.render(scenes, frames=range(0, 447, 447 // RENDERED), progress=False)
        images = sorted((scenes / "vkitti_1.3.1_rgb").rglob("*.png"))
        files = write_files(images, Path(folder) / "in", options.files)
        measurements = {"network": options.network, "files": options.files}
        plain, flip = (inference.open(options.network, flip=mirrored) for mirrored in (False, True))
        measurements |= measure(plain, flip, files, Path(folder) / "out")
    harness.report(measurements, options.output)


def write_files(images: list[Path], folder: Path, count: int) -> list[Path]:
    """So many JPEG files, in which the images take turns."""
    folder.mkdir()
    files = [folder / f"{number:05d}.jpg" for number in range(count)]
    for file, image in zip(files, itertools.cycle(images), strict=False):
        with Image.open(image) as opened:
            opened.convert("RGB").save(file, quality=95)
    return files


def measure(
    plain: inference.Labeller, flip: inference.Labeller, files: list[Path], output: Path
) -> dict[str, object]:
    """Frames a second, without and with flip averaging; then each step for one file."""
    image = read_image(files[0])
    plain.segment(image)  # the first call builds what later ones use
    speeds = {"files": speed(plain, files, output), "files, flip": speed(flip, files, output)}
    steps = {
        "read JPEG": lambda: read_image(files[0]),
        "shrink": lambda: plain.shrink(image),
        "shrink, network, class of every pixel": lambda: plain.segment(image),
    }
    milliseconds = harness.median_ms_in_turns(steps, ROUNDS)
    rounded = {name: round(value, 2) for name, value in milliseconds.items()}
    return {"frames_per_second": speeds, "milliseconds": rounded}


def speed(labeller: inference.Labeller, files: list[Path], output: Path) -> float:
    """Frames a second, the faster of two times."""
    seconds = []
    for _ in range(2):
        shutil.rmtree(output, ignore_errors=True)
        start = time.perf_counter()
        inference.predict(labeller, files, output, kinds=("ids", "overlay"), progress=False)
        seconds.append(time.perf_counter() - start)
    return round(len(files) / min(seconds), 1)


if __name__ == "__main__":
    main()

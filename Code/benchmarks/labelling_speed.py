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

import av
import numpy as np
from PIL import Image

import roadscenes
from benchmarks import harness
from roadseg import inference
from roadseg.inference import deciding
from roadseg.inference.images import read_image
from roadseg.inference.model import open_model
from roadseg.inference.results import ResultFolder

KINDS = "ids", "overlay"
RENDERED, ROUNDS, RATE = 6, 30, 25


def main() -> None:
    parser = harness.parser(__doc__)
    parser.add_argument("--network", default="simple_plus")
    parser.add_argument("--files", type=int, default=120)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        files = write_files(render(Path(folder) / "scenes"), Path(folder) / "in", options.files)
        measurements = {"network": options.network, "files": options.files}
        measurements |= measure(options.network, files, Path(folder))
    harness.report(measurements, options.output)


def render(folder: Path) -> list[Path]:
    """A few frames of one drive, far apart."""
    roadscenes.render(folder, frames=range(0, 447, 447 // RENDERED), progress=False)
    return sorted((folder / "vkitti_1.3.1_rgb").rglob("*.png"))


def write_files(images: list[Path], folder: Path, count: int) -> list[Path]:
    """So many JPEG files, in which the images take turns."""
    folder.mkdir()
    files = [folder / f"{number:05d}.jpg" for number in range(count)]
    for file, image in zip(files, itertools.cycle(images), strict=False):
        with Image.open(image) as opened:
            opened.convert("RGB").save(file, quality=95)
    return files


def measure(network: str, files: list[Path], folder: Path) -> dict[str, object]:
    """Frames a second of files, of files with flip averaging, and of a video; then each step."""
    model = open_model(network)
    plain, flip = inference.Labeller(model), inference.Labeller(model, flip=True)
    video = write_video(files, folder / "drive.mp4")
    plain.segment(files[0])  # the first call builds what later ones use
    return {
        "frames_per_second": {
            "files": speed(plain, [files[0].parent], folder / "out", len(files)),
            "files, flip": speed(flip, [files[0].parent], folder / "out", len(files)),
            "video": speed(plain, [video], folder / "out", len(files)),
        },
        "milliseconds": steps(model, files[0]),
    }


def speed(labeller: inference.Labeller, inputs: list[Path], output: Path, frames: int) -> float:
    """Frames a second, the faster of two times."""
    seconds = []
    for _ in range(2):
        shutil.rmtree(output, ignore_errors=True)
        start = time.perf_counter()
        inference.predict(labeller, inputs, output, kinds=KINDS, progress=False)
        seconds.append(time.perf_counter() - start)
    return round(frames / min(seconds), 1)


def steps(model, file: Path) -> dict[str, float]:
    """Milliseconds of each step for one file."""
    labeller = inference.Labeller(model)
    image, segmentation = read_image(file), labeller.segment(file)
    small = labeller.shrink(image)
    logits = model.logits(small)
    probable = deciding.probabilities(logits)
    rows, columns = (
        (np.arange(full) + 0.5) * length / full - 0.5
        for full, length in zip((image.height, image.width), small.shape, strict=False)
    )
    results = ResultFolder(file.parent, inference.Appearance())
    milliseconds = harness.median_ms_in_turns(
        {
            "read JPEG": lambda: read_image(file),
            "shrink": lambda: labeller.shrink(image),
            "network": lambda: model.logits(small),
            "probabilities": lambda: deciding.probabilities(logits),
            "class of every pixel": lambda: deciding.decide(probable, rows, columns),
            "ids as PNG": lambda: results.encoded("ids", segmentation),
            "overlay as JPEG": lambda: results.encoded("overlay", segmentation),
        },
        ROUNDS,
    )
    return {name: round(value, 2) for name, value in milliseconds.items()}


def write_video(files: list[Path], path: Path) -> Path:
    """The files as an MP4 file."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=RATE)
        stream.bit_rate = 8_000_000
        width, height = read_image(files[0]).size
        stream.width, stream.height, stream.pix_fmt = width, height // 2 * 2, "yuv420p"
        for number, file in enumerate(files):
            image = read_image(file)
            frame = av.VideoFrame.from_image(image.crop((0, 0, stream.width, stream.height)))
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


if __name__ == "__main__":
    main()

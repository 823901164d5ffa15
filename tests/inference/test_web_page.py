"""`roadseg export --format web`: what it writes, and the page in headless Chromium.

The browser's tests need chromium, the packages of the extra export, and in ROADSEG_WEB_RUNTIME the
folder of the npm package onnxruntime-web: `.ci/run` brings them where it can.
"""

import json
import os
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from roadseg import inference, networks
from roadseg.cli import main
from roadseg.inference import export_formats
from roadseg.inference.web_page import SAMPLE, WebPage
from tests.inference import browser

RUNTIME = os.environ.get("ROADSEG_WEB_RUNTIME")
CARD = networks.model_card("simple_plus", "camvid")


@pytest.fixture(scope="module")
def package(tmp_path_factory) -> Path:
    """An imitation of the npm package."""
    folder = tmp_path_factory.mktemp("onnxruntime-web")
    (folder / "dist").mkdir()
    for name in ("wasm", "webgpu"):
        (folder / f"dist/ort.{name}.bundle.min.mjs").write_text(name)
    for name in ("", ".asyncify"):
        (folder / f"dist/ort-wasm-simd-threaded{name}.wasm").write_bytes(b"program")
    return folder


def written(folder: Path, page: WebPage, card=CARD) -> dict:
    """The settings in the page that it writes, beside a file in place of a network."""
    (folder / "index.onnx").write_bytes(b"network")
    page.write(folder / "index.html", card)
    text = (folder / "index.html").read_text("utf-8")
    return json.loads(re.search('<script type="application/json".*?>(.*?)</script>', text)[1])


def test_a_page_loads_its_runtime_from_the_cdn_by_hash_or_from_beside_itself(package, tmp_path):
    settings = written(tmp_path, WebPage())
    assert settings["card"]["licence"] == CARD.licence
    assert {each["url"] for each in (settings["files"][name] for name in ("network", "sample"))} == {
        "index.onnx",
        "sample.jpg",
    }
    for part in (*settings["files"]["wasm"], *settings["files"]["webgpu"]):
        assert re.match(r"https://.*/onnxruntime-web@[\d.]+/dist/ort", part["url"])
        assert re.match(r"sha256-[\w+/]{43}=$", part["integrity"])
    files = written(tmp_path, WebPage(package))["files"]
    for part in (*files["wasm"], *files["webgpu"]):
        assert (tmp_path / part["url"]).read_bytes() == (package / "dist" / part["url"]).read_bytes()


def test_a_single_file_needs_no_other(package, tmp_path):
    files = written(tmp_path, WebPage(package, single_file=True))["files"]
    assert files.keys() == {"network", "sample", "wasm"}
    assert all(each["url"].startswith("data:") for each in (files["network"], *files["wasm"]))
    assert {path.name for path in tmp_path.iterdir()} == {"index.html", "index.onnx"}


def test_a_sample_of_ones_own_is_upright_and_keeps_no_secrets(tmp_path):
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "at home"  # turned, and a description
    Image.new("RGB", (2000, 100), "red").save(tmp_path / "mine.tif", exif=exif)
    written(tmp_path, WebPage(sample=tmp_path / "mine.tif"))
    with Image.open(tmp_path / "sample.jpg") as sample:
        assert (sample.size, sample.getexif()) == ((80, 1600), {})


def test_a_page_that_cannot_be_written_is_one_line_before_any_work(
    package, tmp_path, capsys, monkeypatch
):
    monkeypatch.setattr(export_formats.Format, "missing", [])
    wrong = {
        "--single-file needs --runtime FOLDER": ["--single-file"],
        "no dist/ort.wasm": ["--runtime", str(tmp_path)],
        "nowhere.jpg: cannot be read": ["--sample", "nowhere.jpg"],
    }
    for message, options in wrong.items():
        output = ["--output", str(tmp_path / "page")]
        assert main(["export", "simple_plus-camvid", "--format", "web", *options, *output]) == 1
        error = capsys.readouterr().err
        assert message in error
        assert len(error.strip().splitlines()) == 1
    assert not (tmp_path / "page").exists()


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Of a page with the weights for photographs, in a small size."""
    reasons = {
        "chromium is not installed": not browser.CHROMIUM,
        "ROADSEG_WEB_RUNTIME does not name a folder of npm's onnxruntime-web": not RUNTIME,
        'no ONNX: pip install -e ".[dev,export]"': export_formats.get("web").missing,
    }
    if missing := [reason for reason, is_missing in reasons.items() if is_missing]:
        pytest.skip("; ".join(missing))
    folder = tmp_path_factory.mktemp("page")
    options = ["--format", "web", "--runtime", RUNTIME, "--size", "120", "160"]
    assert main(["export", "simple_plus-camvid", *options, "--output", str(folder)]) == 0
    return folder


def agreement(page: browser.Page, labeller: inference.Labeller, image) -> float:
    """The share of pixels that the page labels as Python does."""
    return (page.canvas("result") == labeller.segment(image).distinct().painted()).all(-1).mean()


def test_the_page_labels_files_and_the_camera_as_python_does(folder, tmp_path):
    scene, labeller = Image.open(SAMPLE), inference.open(folder / "index.html")
    scene.crop((300, 0, 800, 375)).save(tmp_path / "crop.png")  # higher than the network sees
    (tmp_path / "bad.png").write_bytes(b"no image")
    drive = [scene.crop((x, 0, x + 480, 360)) for x in range(300, 400, 10)]
    for frame in drive:  # frames of JPEG one after the other are a video
        with (tmp_path / "drive.mjpeg").open("ab") as video:
            frame.save(video, "JPEG", quality=95)
    camera = ("fake-device-for-media-stream", "fake-ui-for-media-stream")
    options = [f"--use-{name}" for name in camera]
    options.append(f"--use-file-for-fake-video-capture={tmp_path / 'drive.mjpeg'}")
    with (
        browser.served(folder) as address,
        browser.opened(address, tmp_path / "profile", *options) as page,
    ):
        page.wait("status", "Sample: ")
        page.run("opacity.value = 1, opacity.oninput()")
        assert agreement(page, labeller, folder / "sample.jpg") >= 0.995
        assert page.run("legend.querySelectorAll('li').length") == len(CARD.class_names)
        page.choose("file", tmp_path / "crop.png")
        page.wait("status", "crop.png: ")
        assert agreement(page, labeller, tmp_path / "crop.png") >= 0.995
        page.choose("file", tmp_path / "bad.png")
        page.wait("status", "bad.png is no image")
        page.run("camera.click()")
        page.wait("status", "Camera: ")
        page.run("camera.click()")
        page.wait("camera", "Camera")
        page.run("running.then(() => new Promise(requestAnimationFrame))")
        painted = page.canvas("result")
        page.run("opacity.value = 0, opacity.oninput()")
        frame = page.canvas("result")
    assert (painted == labeller.segment(frame).distinct().painted()).all(-1).mean() >= 0.995
    assert min(np.abs(frame - np.asarray(each, float)).mean() for each in drive) < 12


def test_a_single_file_opens_from_a_disk_and_a_folder_says_what_it_needs(folder, tmp_path):
    page_file = tmp_path / "index.html"
    (tmp_path / "index.onnx").symlink_to(folder / "index.onnx")
    WebPage(Path(RUNTIME), single_file=True).write(page_file, inference.open(folder / "index.html").card)
    with browser.opened(page_file.as_uri(), tmp_path / "profile") as page:
        page.wait("status", "Sample: ")
        page.call("Page.navigate", url=(folder / "index.html").as_uri())
        page.wait("status", "A page from a disk cannot load its files")

"""Files, folders and videos into a folder of results."""

import json

import numpy as np
import pytest
from PIL import Image

from roadseg import inference
from roadseg.errors import DataError
from roadseg.inference import Appearance, Labeller, results, video_writer
from tests.inference import videos
from tests.inference.conftest import PALETTE, BrightnessModel


@pytest.fixture
def folder(tmp_path, halves):
    (tmp_path / "in/city").mkdir(parents=True)
    for name in ("a.jpg", "b.png", "city/c.png"):
        Image.fromarray(halves).save(tmp_path / "in" / name)
    return tmp_path / "in"


def predict(labeller, inputs, output, **options):
    return inference.predict(labeller, inputs, output, progress=False, **options)


def listing(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_every_result_of_an_image(labeller, folder, tmp_path):
    report = predict(labeller, [folder], tmp_path / "out", kinds=results.KINDS)
    assert (report.labelled, report.skipped, report.failed) == (3, 0, {})
    endings = "confidence.png", "ids.png", "overlay.jpg", "shares.json"
    expected = [f"{name}-{ending}" for name in ("a", "b", "city/c") for ending in endings]
    assert listing(tmp_path / "out") == sorted([*expected, "predict.json"])
    ids = Image.open(tmp_path / "out/b-ids.png")
    assert np.unique(ids).tolist() == [0, 2]
    assert tuple(ids.getpalette()[:9]) == sum(PALETTE, ())
    assert Image.open(tmp_path / "out/b-overlay.jpg").width == 64
    assert np.asarray(Image.open(tmp_path / "out/b-confidence.png"))[0, 0] > 250
    shares = json.loads((tmp_path / "out/b-shares.json").read_text("utf-8"))
    assert shares["pixels"] == 64 * 40
    assert shares["shares"]["Dark"] == pytest.approx(0.5, abs=0.05)
    assert sum(shares["shares"].values()) == pytest.approx(1)


def test_chosen_classes_alone(labeller, folder, tmp_path):
    predict(labeller, [folder / "b.png"], tmp_path / "out", appearance=Appearance(classes=("Bright",)))
    assert np.unique(Image.open(tmp_path / "out/b-ids.png")).tolist() == [2, 255]
    shares = json.loads((tmp_path / "out/b-shares.json").read_text("utf-8"))["shares"]
    assert list(shares) == ["Bright"]
    with pytest.raises(ValueError, match="unknown class 'Bike'"):
        predict(labeller, [folder], tmp_path / "other", appearance=Appearance(classes=("Bike",)))
    assert not (tmp_path / "other").exists()


def test_what_is_there_is_kept_and_only_the_rest_is_labelled(model, folder, tmp_path):
    output = tmp_path / "out"
    predict(Labeller(model), [folder / "a.jpg"], output)
    (output / "a-ids.png").write_bytes(b"mine")
    (output / "a-shares.json").unlink()
    report = predict(Labeller(model), [folder / "a.jpg", folder / "b.png"], output)
    assert (report.labelled, report.skipped) == (2, 0)
    assert (output / "a-ids.png").read_bytes() == b"mine"
    report = predict(Labeller(model), [folder], output)
    assert (report.labelled, report.skipped) == (1, 2)
    assert len(model.seen) == 4
    predict(Labeller(model), [folder], output, overwrite=True)
    assert (output / "a-ids.png").read_bytes() != b"mine"


def test_results_of_other_settings_are_not_mixed(model, folder, tmp_path):
    predict(Labeller(model), [folder / "a.jpg"], tmp_path / "out")
    other = Labeller(model, flip=True)
    with pytest.raises(DataError, match=r"made with another flip.*--overwrite"):
        predict(other, [folder], tmp_path / "out")
    assert predict(other, [folder], tmp_path / "out", overwrite=True).labelled == 3


def test_a_bad_file_among_many_is_reported_and_the_rest_is_done(labeller, folder, tmp_path):
    (folder / "b.png").write_bytes((folder / "b.png").read_bytes()[:90])
    report = predict(labeller, [folder, folder / "nowhere.png"], tmp_path / "out")
    assert report.labelled == 2
    assert [path.name for path in report.failed] == ["b.png", "nowhere.png"]
    assert "damaged or cut off" in report.failed[folder / "b.png"]
    with pytest.raises(DataError, match=r"b\.png: damaged"):
        predict(labeller, [folder], tmp_path / "strict", strict=True)


def test_a_full_disk_stops_everything(labeller, folder, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    predict(labeller, [folder / "a.jpg"], tmp_path / "out")
    before = listing(tmp_path / "out")
    monkeypatch.setattr(results.Path, "write_bytes", full)
    with pytest.raises(DataError, match=r"cannot be written \(No space left on device\); free"):
        predict(labeller, [folder], tmp_path / "out")
    assert listing(tmp_path / "out") == before


def test_a_file_in_the_place_of_the_results_is_named(labeller, folder):
    with pytest.raises(DataError, match=r"a\.jpg.*cannot be written"):
        predict(labeller, [folder / "b.png"], folder / "a.jpg")


@pytest.fixture
def short_segments(monkeypatch):
    monkeypatch.setattr(video_writer, "_SEGMENT", 5)


def test_a_video_becomes_a_labelled_one_at_its_rate(labeller, tmp_path, short_segments):
    times = [*range(20), 30, 31]  # with a gap
    source = videos.write(tmp_path / "drive.mp4", frames=22, times=times)
    assert predict(labeller, [source], tmp_path / "out").labelled == 1
    assert listing(tmp_path / "out") == ["drive-overlay.mp4", "drive-shares.json", "predict.json"]
    found = videos.read(tmp_path / "out/drive-overlay.mp4")
    assert len(found) == 22
    expected = [time / float(videos.RATE) for time in times]
    assert videos.seconds(tmp_path / "out/drive-overlay.mp4") == pytest.approx(expected, abs=1e-3)
    overlay = found[3].to_ndarray(format="rgb24")
    assert overlay.shape[0] > videos.HEIGHT  # with a legend
    np.testing.assert_allclose(overlay[20, 13], np.mean([PALETTE[2], [255] * 3], axis=0), atol=25)
    shares = json.loads((tmp_path / "out/drive-shares.json").read_text("utf-8"))
    assert shares["pixels"] == 22 * videos.WIDTH * videos.HEIGHT
    assert sum(shares["shares"].values()) == pytest.approx(1)
    assert predict(labeller, [source], tmp_path / "out").skipped == 1


@pytest.mark.parametrize(("size", "factor"), [((64, 40), (1, 2)), ((101, 31), (2, 1))])
def test_a_frame_stands_beside_its_overlay_or_above_it(labeller, tmp_path, size, factor):
    source = videos.write(tmp_path / "drive.avi", frames=2, size=size)
    predict(labeller, [source], tmp_path / "out", appearance=Appearance(layout="beside"))
    frame = videos.read(tmp_path / "out/drive-overlay.mp4")[0]
    assert frame.width == size[0] * factor[1] + size[0] * factor[1] % 2
    assert frame.height > size[1] * factor[0]


def test_an_interrupted_video_continues_to_the_same_file(tmp_path, monkeypatch, short_segments):
    source = videos.write(tmp_path / "drive.mp4", frames=24)
    predict(Labeller(BrightnessModel()), [source], tmp_path / "whole")

    class Killed(BrightnessModel):
        def logits(self, image):
            if len(self.seen) == 18:
                raise KeyboardInterrupt
            return super().logits(image)

    with pytest.raises(KeyboardInterrupt):
        predict(Labeller(Killed()), [source], tmp_path / "out")
    assert not (tmp_path / "out/drive-overlay.mp4").exists()
    model = BrightnessModel()
    predict(Labeller(model), [source], tmp_path / "out")
    assert 6 <= len(model.seen) < 24
    for name in listing(tmp_path / "whole"):
        assert (tmp_path / "out" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    assert listing(tmp_path / "out") == listing(tmp_path / "whole")


def test_a_damaged_video_leaves_nothing_and_does_not_stop_the_others(labeller, tmp_path):
    whole = videos.write(tmp_path / "good.mp4", options={"movflags": "faststart"})
    (tmp_path / "bad.mp4").write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    report = predict(labeller, [tmp_path / "bad.mp4", whole], tmp_path / "out")
    assert report.labelled == 1
    assert list(report.failed) == [tmp_path / "bad.mp4"]
    assert listing(tmp_path / "out") == ["good-overlay.mp4", "good-shares.json", "predict.json"]


def test_a_codec_is_found_wherever_h264_is_missing(labeller, tmp_path, monkeypatch):
    monkeypatch.setattr(video_writer, "_is_installed", lambda codec: codec == "mpeg4")
    source = videos.write(tmp_path / "drive.mp4", frames=4)
    predict(labeller, [source], tmp_path / "out")
    assert len(videos.read(tmp_path / "out/drive-overlay.mp4")) == 4

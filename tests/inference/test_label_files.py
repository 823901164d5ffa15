"""Files, folders and videos into a folder of results, from Python and from the command line."""

import json

import numpy as np
import pytest
from PIL import Image

from roadseg import files, inference
from roadseg.cli import main
from roadseg.data import sources
from roadseg.errors import DataError
from roadseg.inference import Appearance, Labeller, label_files
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
    report = predict(labeller, [folder], tmp_path / "out", kinds=label_files.KINDS)
    assert (report.labelled, report.skipped, report.failed) == (3, 0, {})
    assert 0.9 < report.confidence <= 1
    endings = "confidence.png", "ids.png", "overlay.jpg", "shares.json"
    expected = [f"{name}-{ending}" for name in ("a", "b", "city/c") for ending in endings]
    assert listing(tmp_path / "out") == sorted([*expected, "classes.csv"])
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
    assert list(json.loads((tmp_path / "out/b-shares.json").read_text())["shares"]) == ["Bright"]
    for wrong, message in (
        ({"appearance": Appearance(classes=("Bike",))}, "unknown class 'Bike': one of Dark, Grey"),
        ({"kinds": ["masks"]}, "unknown result 'masks': one of ids"),
    ):
        with pytest.raises(ValueError, match=message):
            predict(labeller, [folder], tmp_path / "other", **wrong)
    assert not (tmp_path / "other").exists()


def test_ids_are_masks_of_a_data_set(labeller, halves, tmp_path):
    (tmp_path / "images/drive").mkdir(parents=True)
    Image.fromarray(halves).save(tmp_path / "images/drive/0001.png")
    predict(labeller, [tmp_path / "images"], tmp_path / "labelled", kinds=["ids"])
    (tmp_path / "labelled/classes.csv").rename(tmp_path / "classes.csv")
    (tmp_path / "labelled").rename(tmp_path / "masks")
    source = sources.open(tmp_path)
    (frame,) = source.frames()
    assert source.class_names == ("Dark", "Grey", "Bright")
    assert source.palette == PALETTE
    np.testing.assert_array_equal(source.read(frame)[1], labeller.segment(halves).ids)


def test_results_belong_to_the_image_given(model, folder, tmp_path):
    output = tmp_path / "out"
    predict(Labeller(model), [folder / "b.png"], output)
    Image.new("RGB", (30, 20), "white").save(folder / "b.png")
    assert predict(Labeller(model), [folder / "b.png"], output).labelled == 1
    assert np.asarray(Image.open(output / "b-ids.png")).shape == (20, 30)
    report = predict(Labeller(model), [folder], output, skip_existing=True)
    assert (report.labelled, report.skipped) == (2, 1)
    (output / "b-shares.json").unlink()
    report = predict(Labeller(model), [folder], output, skip_existing=True)
    assert (report.labelled, report.skipped) == (1, 2)


def test_a_bad_file_among_many_is_reported_and_the_rest_is_done(model, folder, tmp_path):
    (folder / "b.png").write_bytes((folder / "b.png").read_bytes()[:90])
    (folder / "bad.mp4").write_bytes(b"no video" * 100)
    videos.write(folder / "good.mp4", frames=3)
    Image.new("RGB", (64, 40), (100, 100, 100)).save(folder / "odd.png")
    plain = model.logits

    def logits(image):
        if (image == 100).all():
            raise RuntimeError("whatever a network raises")
        return plain(image)

    model.logits = logits
    report = predict(Labeller(model), [folder, folder / "nowhere.png"], tmp_path / "out")
    assert report.labelled == 3
    names = ["b.png", "odd.png", "nowhere.png", "bad.mp4"]
    assert [path.name for path in report.failed] == names
    assert "damaged or cut off" in report.failed[folder / "b.png"]
    assert "RuntimeError: whatever" in report.failed[folder / "odd.png"]
    assert not any(name.startswith(("b-", "bad", "odd")) for name in listing(tmp_path / "out"))
    with pytest.raises(DataError, match=r"b\.png: damaged"):
        predict(Labeller(model), [folder], tmp_path / "strict", strict=True)


def test_images_unlike_those_in_training_are_told(labeller, folder, tmp_path, recwarn):
    predict(labeller, [folder], tmp_path / "out")  # shrink by 2, as in training
    assert not recwarn
    for name in "de":  # as long as one, and grey levels that are far from all classes
        Image.new("RGB", (32, 20), (63, 63, 63)).save(folder / f"{name}.png")
    predict(labeller, [folder / "[de].png"], tmp_path / "out")
    sure, scale = sorted(str(each.message) for each in recwarn)[::-1]
    assert "mean confidence 0.52, but 0.90 on images like those in training" in sure
    assert "2 images, such as " in scale
    assert "d.png, shrink by 1, those in training by 2: " in scale
    predict(Labeller(BrightnessModel(), scale=1), [folder / "b.png"], tmp_path / "out")
    assert len(recwarn) == 2


def test_ids_of_video_frames_on_request(labeller, tmp_path):
    videos.write(tmp_path / "drive.mp4", frames=3)
    predict(labeller, [tmp_path / "drive.mp4"], tmp_path / "out", video_ids=True)
    names = [f"drive-ids/{number:06d}-ids.png" for number in range(3)]
    assert listing(tmp_path / "out")[1:-1] == [*names, "drive-overlay.mp4"]
    assert Image.open(tmp_path / "out" / names[2]).size == (videos.WIDTH, videos.HEIGHT)


def test_a_folder_that_cannot_be_written_to_is_named(labeller, folder, tmp_path, monkeypatch):
    with pytest.raises(DataError, match=r"a\.jpg: .*check the path"):
        predict(labeller, [folder], folder / "a.jpg")
    monkeypatch.setattr(files, "_WAIT", 0.01)
    with files.folder_lock(tmp_path), pytest.raises(DataError, match="another process is writing"):
        predict(labeller, [folder], tmp_path)


def test_results_may_lie_beside_the_images(labeller, folder, tmp_path):
    (folder / "classes.csv").write_text("name,id\nroad,7\n")  # somebody else's
    with pytest.warns(UserWarning, match=r"classes\.csv: stays as it is"):
        predict(labeller, [folder / "b.png"], folder)
    assert (folder / "classes.csv").read_text() == "name,id\nroad,7\n"
    (folder / "classes.csv").unlink()
    for output in (folder, tmp_path):
        for _ in range(2):
            assert predict(labeller, [folder, str(folder / "*.png")], output).labelled == 3
    assert "city/c-ids.png" in listing(folder)
    assert "city/c-ids-ids.png" not in listing(folder)


def test_names_and_endings_where_the_usual_ones_do_not_fit(labeller, folder, tmp_path):
    Image.new("RGB", (66_000, 4)).save(folder / "panorama.png")  # too long for JPEG
    videos.write(folder / "b.MOV", frames=2)  # beside b.png
    kinds = ["overlay", "shares"]
    assert predict(labeller, [folder], tmp_path / "out", kinds=kinds).labelled == 5
    expected = {"panorama-overlay.png", "b.MOV-overlay.mp4", "b.MOV-shares.json", "b.png-shares.json"}
    assert expected < set(listing(tmp_path / "out"))
    shares = json.loads((tmp_path / "out/b.MOV-shares.json").read_text("utf-8"))
    assert shares["pixels"] == 2 * videos.WIDTH * videos.HEIGHT
    report = predict(labeller, [folder], tmp_path / "out", kinds=kinds, skip_existing=True)
    assert report.skipped == 5


def test_a_pattern_may_lie_in_a_folder_with_brackets(folder):
    bracketed = folder.rename(folder.with_name("drive [1]"))
    assert [*label_files.find_inputs([bracketed / "*.png"]).values()] == [bracketed / "b.png"]


def test_folders_files_and_patterns_are_found(folder, monkeypatch):
    def names(*inputs):
        return list(label_files.find_inputs(inputs))

    (folder / ".hidden.png").touch()
    assert names(folder) == ["a", "b", "city/c"]
    assert names(str(folder / "*.jpg"), folder / "a.jpg", str(folder / "**/*.png")) == ["a", "b", "c"]
    assert names(folder / "nowhere.png") == ["nowhere"]  # reported when it is read
    monkeypatch.chdir(folder)
    (folder / "[1].png").touch()
    assert names("[1].png") == ["[1]"]
    (folder / "other").mkdir()
    for nothing in ("*.bmp", "other"):
        with pytest.raises(DataError, match="no image or video there"):
            names(nothing)
    (folder / "other/b.png").touch()
    with pytest.raises(DataError, match=r"b\.png: would have results named as .*b\.png's"):
        names("b.png", "other/b.png")


@pytest.fixture
def opened(folder, monkeypatch):
    """What the command opens, in the folder of the images."""
    monkeypatch.chdir(folder)
    opened = []

    def open_brightness(network, **options):
        opened.append((network, options))
        return Labeller(BrightnessModel(), **options)

    monkeypatch.setattr(inference, "open", open_brightness)
    return opened


def test_the_command_labels_with_its_options_and_says_what_it_did(opened, folder, capsys):
    for more, said in (
        ([], "out: 2 labelled, mean confidence 1.00"),
        (["--skip-existing"], "out: 0 labelled, 2 were there already\n"),
    ):
        assert main(["predict", "simple", "a.jpg", "b.png", "--output", "out", *more]) == 0
        assert said in capsys.readouterr().out
    options = ["--save", "ids", "confidence", "--classes", "Bright", "--scale", "2", "--tile"]
    options += ["--tta", "flip", "--opacity", "0.3"]
    assert main(["predict", "Runs/mine", "b.png", "--output", "other", *options]) == 0
    assert opened[0] == ("simple", {"scale": None, "tile": False, "flip": False})
    assert opened[2] == ("Runs/mine", {"scale": 2, "tile": True, "flip": True})
    assert listing(folder / "other") == ["b-confidence.png", "b-ids.png", "classes.csv"]
    assert np.unique(Image.open("other/b-ids.png")).tolist() == [2, 255]
    assert main(["predict", "simple", "a.jpg", "--output", "out", "--opacity", "5"]) == 1


def test_the_command_lists_bad_files_and_notes_at_the_end(opened, folder, capsys):
    for number in range(25):
        (folder / f"bad{number:02d}.png").touch()
    for name in ("d.HEIC", "e.heic", "notes.txt", "README"):
        (folder / name).touch()
    (folder / "linked").symlink_to(folder / "city")
    assert main(["predict", "simple", ".", "--output", "out"]) == 1
    said = capsys.readouterr()
    assert "out: 3 labelled" in said.out
    assert "passed over .heic (2), .txt (1), files without suffix (1), linked folders (1)" in said.err
    assert "25 could not be labelled:" in said.err
    assert (
        "bad00.png: damaged or cut off, not a complete PNG (the file is empty); copy it again"
        in said.err
    )
    assert said.err.count("bad") == 25
    assert main(["predict", "simple", "bad*.png", "--output", "out", "--strict"]) == 1
    assert "bad00.png: damaged" in capsys.readouterr().err

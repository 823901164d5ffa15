"""`roadseg check-data`: all problems at once, what is in a data set, and a first classes.csv."""

import numpy as np
import pytest
from PIL import Image

from roadseg.cli import main
from roadseg.data import sources
from roadseg.data.check_data import check
from roadseg.data.propose_table import propose_table
from roadseg.data.sources.class_table import load_table, parse_table, ready_text
from roadseg.errors import DataError
from tests import own_data, raw_data
from tests.own_data import IDS, grey, image, save


@pytest.fixture
def folder(tmp_path):
    return own_data.folder(tmp_path / "own")


def checked(folder):
    return check(sources.open(folder), progress=False)


def test_classes_are_counted_in_pixels_and_frames(folder):
    found = checked(folder)
    assert (found.frames, dict(found.sizes), found.problems) == (3, {(18, 8): 3}, {})
    assert found.pixels.tolist() == [3 * 48, 3 * 24, 3 * 48, 3 * 24]  # road, kerb, sky, void
    assert found.frames_with.tolist() == [3, 3, 3, 3]
    assert "No problems" in str(found)


def test_data_sets_of_other_kinds_can_be_checked_too(tmp_path):
    raw_data.virtual_kitti_1(tmp_path)
    found = checked(tmp_path)
    assert found.problems == {}
    assert found.pixels.sum() == 4 * raw_data.WIDTH * raw_data.HEIGHT
    (tmp_path / "vkitti_1.3.1_scenegt/0001/clone/00002.png").unlink()
    (tmp_path / "vkitti_1.3.1_rgb/0001/clone/00001.png").write_bytes(b"")
    (kind, unpaired), (_, unusable) = sorted(checked(tmp_path).problems.items())
    assert kind == "files without a counterpart"
    assert "00002.png" in unpaired[0]
    assert "00001.png: damaged or cut off" in unusable[0]


def test_all_problems_are_found_at_once(folder):
    save(folder / "images/d/1.png", image())
    save(folder / "masks/d/2.png", grey())
    (folder / "images/a/notes.odt").write_text("")
    (folder / "images/a/x10.jpg").write_bytes(b"")
    save(folder / "masks/a/x2.png", grey(IDS[:4]))
    save(folder / "images/b/c/1.png", image((20, 8)))
    ids = IDS.copy()
    ids[0, :2] = 9
    save(folder / "masks/b/c/1.png", grey(ids))
    exif = Image.Exif()
    exif[274] = 3
    save(folder / "images/e.jpg", image(), exif=exif)
    save(folder / "masks/e.png", grey())
    problems = checked(folder).problems
    places = {
        kind: [message.partition(":")[0].removeprefix(f"{folder}/") for message in messages]
        for kind, messages in problems.items()
    }
    assert places == {
        "files without a counterpart": ["images/d/1.png", "masks/d/2.png"],
        "other files": ["images/a/notes.odt", "masks/d"],
        "unusable files": ["images/a/x10.jpg"],
        "masks of another size": ["masks/a/x2.png", "masks/b/c/1.png"],
        "labels that the table lacks": ["id 9"],
        "turned images": ["images/e.jpg"],
        "frames of several sizes": ["to fit all to one, write '# size"],
    }
    (unlisted,) = problems["labels that the table lacks"]
    assert unlisted == (
        f"id 9: 2 pixels in 1 frames, first in {folder}/masks/b/c/1.png; add a line with a name and "
        "the id '9', or append '| 9' to the ids of a class or of void"
    )


def table_of(folder):
    return parse_table(propose_table(folder, progress=False)[0], "t")


def test_a_table_is_proposed_and_written(tmp_path, capsys):
    folder = own_data.folder(tmp_path, table=None)
    assert main(["check-data", str(folder)]) == 1
    assert not (folder / "classes.csv").exists()
    printed = capsys.readouterr().out
    assert "class_7,7\n" in printed
    assert "# 255: 16.67% of the pixels, taken for void" in printed
    assert "void,255\n" in printed
    assert main(["check-data", str(folder), "--write"]) == 0
    assert checked(folder).problems == {}
    assert sources.open(folder).class_names == ("class_0", "class_7", "class_8", "class_300")
    assert main(["check-data", str(folder), "--write"]) == 1
    assert "is there already" in capsys.readouterr().err


def test_the_proposal_takes_over_a_palette_and_a_suffix(tmp_path):
    folder = own_data.folder(tmp_path, None, palette_mask([(1, 2, 3), (4, 5, 6)], IDS == 7))
    for path in [*folder.glob("masks/**/*.png")]:
        path.rename(path.with_name(f"{path.stem}_L.png"))
    table = table_of(folder)
    assert (table.mask_suffix, table.palette) == ("_L", ((1, 2, 3), (4, 5, 6)))
    assert dict(table.ids) == {0: 0, 1: 1}


def test_colours_are_proposed_one_by_one_or_as_a_ready_table_where_most_of_it_occurs(tmp_path):
    half = np.repeat([0, 255], 8)[:, None].repeat(18, 1)  # too much for void
    assert table_of(own_data.folder(tmp_path / "half", None, grey(half))).class_names[1] == "class_255"
    table = table_of(own_data.folder(tmp_path, None, own_data.coloured()))
    assert set(table.colours) == set(own_data.COLOURS.values())
    assert table.class_names[0] == "class_10_20_30"
    listed = [*load_table("camvid_32").colours]
    for colours, is_camvid in ((listed[:20], True), ([(0, 0, 0), (128, 0, 0), (128, 128, 0)], False)):
        mask = np.array(colours, np.uint8)[:, None].repeat(3, 0).repeat(5, 1)
        folder = own_data.folder(tmp_path / str(is_camvid), None, Image.fromarray(mask))
        assert (propose_table(folder, progress=False)[0] == ready_text("camvid_32")) is is_camvid


def palette_mask(colours, indices):
    mask = Image.fromarray(indices.astype(np.uint8), "P")
    mask.putpalette(np.array(colours, np.uint8).tobytes())
    return mask


def test_masks_whose_palettes_differ_are_counted_by_colour_or_are_a_problem(tmp_path):
    sky, road = (70, 130, 180), (128, 64, 128)
    ids = np.repeat([0, 1], 4)[:, None].repeat(18, 1)
    folder = own_data.folder(tmp_path, None, palette_mask([sky, road], ids))
    save(folder / "masks/b/c/1.png", palette_mask([road, sky], 1 - ids))
    (folder / "classes.csv").write_text("name,id\nsky,0\nroad,1\n")
    (message,) = checked(folder).problems["palettes that differ"][:1]
    assert "b/c/1.png: index 0 is 128 64 128, but 70 130 180 in" in message
    (folder / "classes.csv").unlink()
    (folder / "classes.csv").write_text(propose_table(folder, progress=False)[0])
    source = sources.open(folder)
    assert checked(folder).problems == {}
    assert len({source.class_names[source.read(frame)[1][0, 0]] for frame in source.frames()}) == 1


def test_greys_that_a_program_packed_into_palettes_keep_their_values(tmp_path):
    for number, greys in enumerate(((0, 1, 2), (0, 2, 2))):
        values = np.unique(greys)
        indices = np.searchsorted(values, greys).repeat(4)[:, None].repeat(9, 1)
        save(tmp_path / f"images/{number}.png", image((9, 12)))
        save(tmp_path / f"masks/{number}.png", palette_mask(values[:, None].repeat(3, 1), indices))
    (tmp_path / "classes.csv").write_text("name,id\nsky,0\nroad,1\nbuilding,2\n")
    source = sources.open(tmp_path)
    assert [source.read(frame)[1][[0, 4, 8], 0].tolist() for frame in source.frames()] == [
        [0, 1, 2],
        [0, 2, 2],
    ]
    assert checked(tmp_path).problems == {}


def test_smoothed_masks_are_no_base_for_a_table_and_look_suspicious_with_one(tmp_path, capsys):
    sharp = np.full((96, 128), 23, np.uint8)
    sharp[48:], sharp[30:60, :30], sharp[44:56, 70:90] = 7, 11, 26
    mask = Image.fromarray(sharp).resize((64, 48), Image.Resampling.BILINEAR)
    for number in range(2):
        save(tmp_path / f"images/{number}.png", image((64, 48)))
        save(tmp_path / f"masks/{number}.png", mask)
    with pytest.raises(
        DataError, match=r"4 values fill areas in the masks, and .* others occur only as"
    ):
        propose_table(tmp_path, progress=False)
    assert main(["check-data", str(tmp_path), "--table", "cityscapes", "--write"]) == 0
    assert (tmp_path / "classes.csv").read_text() == ready_text("cityscapes")
    printed = capsys.readouterr().out
    assert "Suspicious" in printed
    assert "occur only as lines one or two pixels wide: " in printed
    assert "traffic sign, vegetation" in printed
    assert "No problems" not in printed
    for path in tmp_path.glob("masks/*.png"):
        save(path, image((64, 48)))
    (tmp_path / "classes.csv").unlink()
    assert main(["check-data", str(tmp_path)]) == 1
    assert "at most 254 classes are possible; save masks without smoothing" in capsys.readouterr().err
    for path in tmp_path.glob("masks/*.png"):
        path.write_bytes(b"")
    with pytest.raises(DataError, match="no usable mask"):
        propose_table(tmp_path, progress=False)


def test_void_and_classes_that_look_wrong_are_suspicious(tmp_path):
    half = np.repeat([0, 1], 8)[:, None].repeat(18, 1)
    folder = own_data.folder(tmp_path, "name,id\nroad,0\nsky,7\nvoid,1\n", grey(half))
    suspicions = checked(folder).suspicions
    assert any("50% of the pixels are void" in each for each in suspicions)
    assert "classes that never occur: sky" in suspicions
    (folder / "classes.csv").write_text("name,colour\nroad,1 2 3\nsky,200 0 0\n")
    for path in folder.glob("masks/**/*.png"):
        save(path, Image.fromarray(np.array([(1, 2, 3), (201, 1, 0)], np.uint8)[half]))
    assert any("1 unlisted colours, such as 201 1 0" in each for each in checked(folder).suspicions)
    (folder / "classes.csv").unlink()
    for path in folder.glob("masks/**/*.png"):
        save(path, grey(half * 10))
    (folder / "classes.csv").write_text(ready_text("cityscapes"))
    assert any("cityscapes_train_ids is right" in each for each in checked(folder).suspicions)


def test_near_twins_on_both_sides_of_the_default_split_are_suspicious(folder):
    assert checked(folder).suspicions == []
    near = np.asarray(image(seed=0)).astype(int) + np.random.default_rng(0).integers(0, 9, (8, 18, 3))
    save(folder / "images/b/c/2.png", Image.fromarray(near.clip(0, 255).astype(np.uint8)))
    save(folder / "masks/b/c/2.png", grey())
    (found,) = checked(folder).suspicions
    twins = f"such as {folder}/images/b/c/2.png and {folder}/images/a/x2.png"
    assert found.startswith(f"1 of 2 validation images have a near twin that trains, {twins}")


def test_a_report_holds_every_problem_and_a_preview_shows_frames(folder, capsys):
    assert main(["check-data", str(folder)]) == 0
    for number in range(25):
        save(folder / f"images/d/{number}.png", image())
    report, preview = folder / "report.txt", folder / "preview.png"
    assert main(["check-data", str(folder), "--report", str(report)]) == 1
    printed = capsys.readouterr().out
    assert "files without a counterpart: 25" in printed
    assert printed.count("images/d/") == 20
    assert "and 5 more" in printed
    assert report.read_text().count("images/d/") == 25
    options = ["--labelled-only", "--preview", str(preview)]
    assert main(["check-data", str(folder), *options]) == 0
    assert "25 images have no label and are left out" in capsys.readouterr().out
    with Image.open(preview) as drawn:
        colours = {colour for _, colour in drawn.convert("RGB").getcolors(drawn.width * drawn.height)}
    assert colours >= set(sources.open(folder).palette)
    assert len(sources.open(folder, labelled_only=True).frames()) == 3

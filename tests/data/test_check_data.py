"""`roadseg check-data`: all problems at once, what is in a data set, and a first classes.csv."""

import numpy as np
import pytest
from PIL import Image

from roadseg.cli import main
from roadseg.data import sources
from roadseg.data.check_data import check
from roadseg.data.propose_table import propose_table
from roadseg.data.sources.class_table import parse_table, ready_text
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


def test_no_more_than_twenty_problems_of_a_kind_are_printed(folder, capsys):
    for number in range(25):
        save(folder / f"images/d/{number}.png", image())
    assert main(["check-data", str(folder)]) == 1
    printed = capsys.readouterr().out
    assert "files without a counterpart: 25" in printed
    assert printed.count("images/d/") == 20
    assert "and 5 more" in printed


def test_a_sound_folder_ends_with_status_0(folder, capsys):
    assert main(["check-data", str(folder)]) == 0
    assert "road" in capsys.readouterr().out


def proposal(folder):
    return propose_table(folder, progress=False)[0]


def test_a_table_is_proposed_and_written(tmp_path, capsys):
    folder = own_data.folder(tmp_path, table=None)
    assert main(["check-data", str(folder)]) == 1
    assert not (folder / "classes.csv").exists()
    printed = capsys.readouterr().out
    assert "class_7,7\n" in printed
    assert "void,255\n" in printed
    assert main(["check-data", str(folder), "--write"]) == 0
    assert checked(folder).problems == {}
    assert sources.open(folder).class_names == ("class_0", "class_7", "class_8", "class_300")
    assert main(["check-data", str(folder), "--write"]) == 1
    assert "is there already" in capsys.readouterr().err


def test_the_proposal_takes_over_a_palette_and_a_suffix(tmp_path):
    mask = Image.fromarray((IDS == 7).astype(np.uint8), "P")
    mask.putpalette(bytes([1, 2, 3, 4, 5, 6]))
    folder = own_data.folder(tmp_path, None, mask)
    for path in [*folder.glob("masks/**/*.png")]:
        path.rename(path.with_name(f"{path.stem}_L.png"))
    table = parse_table(proposal(folder), "t")
    assert (table.mask_suffix, table.palette) == ("_L", ((1, 2, 3), (4, 5, 6)))
    assert dict(table.ids) == {0: 0, 1: 1}


def test_colours_are_proposed_one_by_one_or_as_a_ready_table(tmp_path):
    folder = own_data.folder(tmp_path, None, own_data.coloured())
    table = parse_table(proposal(folder), "t")
    assert set(table.colours) == set(own_data.COLOURS.values())
    assert table.class_names[0] == "class_10_20_30"
    camvid = Image.fromarray(np.full((8, 18, 3), (0, 128, 64), np.uint8))
    assert proposal(own_data.folder(tmp_path, None, camvid)) == ready_text("camvid_32")


def test_a_ready_table_can_be_chosen_and_written(tmp_path):
    folder = own_data.folder(tmp_path, None, grey(IDS % 34))
    assert main(["check-data", str(folder), "--table", "cityscapes"]) == 0
    assert main(["check-data", str(folder), "--table", "cityscapes", "--write"]) == 0
    assert (folder / "classes.csv").read_text() == ready_text("cityscapes")


def test_smoothed_masks_and_none_at_all_are_no_base_for_a_table(tmp_path, capsys):
    folder = own_data.folder(tmp_path, None, image((40, 40)))
    assert main(["check-data", str(folder)]) == 1
    assert "at most 254 classes are possible; save masks without smoothing" in capsys.readouterr().err
    for path in folder.glob("masks/**/*.png"):
        path.write_bytes(b"")
    assert main(["check-data", str(folder)]) == 1
    assert "no usable mask" in capsys.readouterr().err

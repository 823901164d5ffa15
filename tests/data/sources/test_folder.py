"""A folder of one's own images and masks, Cityscapes, and KITTI's semantic masks."""

import shutil
import unicodedata

import numpy as np
import pytest
from PIL import Image

from roadseg.cli import main
from roadseg.data import preprocess, sources, store
from roadseg.data.classes import IGNORE
from roadseg.data.sources import Folder, Joined
from roadseg.errors import DataError
from tests import own_data
from tests.own_data import CLASS_IDS, grey, image, save


@pytest.fixture
def folder(tmp_path):
    return own_data.folder(tmp_path / "own")


def test_sub_folders_are_sequences_and_names_pair_by_stem(folder):
    source = sources.open(folder)
    assert source.kind == "folder"
    assert source.sequences() == ["a", "b/c"]
    assert [(each.sequence, each.index) for each in source.frames()] == [("a", 2), ("a", 10), ("b/c", 1)]
    for frame in source.frames():
        assert frame.image.stem == frame.label.stem
        shown, labels = source.read(frame)
        assert (shown.mode, shown.size) == ("RGB", (18, 8))
        np.testing.assert_array_equal(labels, CLASS_IDS)
    assert source.class_names == ("road", "kerb", "sky")


def test_files_in_no_sub_folder_are_a_sequence_too(folder):
    save(folder / "images/first.PNG", image(), format="PNG")
    save(folder / "masks/first.png", grey())
    assert sources.open(folder).sequences() == ["a", "all", "b/c"]
    save(folder / "images/all/second.png", image())
    with pytest.raises(DataError, match=r"images: files beside a sub-folder 'all'.*rename it"):
        sources.open(folder).sequences()


def test_numbers_that_do_not_tell_frames_apart_give_way_to_places(folder):
    save(folder / "images/a/y2.png", image())
    save(folder / "masks/a/y2.png", grey())
    frames = sources.open(folder).frames("a")
    assert [(each.index, each.image.stem) for each in frames] == [(0, "x2"), (1, "x10"), (2, "y2")]
    for number, names in enumerate((
        ["9-59-59", "10-00-00", "10-00-01"],  # the last number is no order
        ["1305031102.25", "1305031102.5", "1305031103.125"],
        ["01", "1", "1a"],
    )):  # fmt: skip
        for name in names:
            save(folder / f"images/{number}/{name}.png", image())
            save(folder / f"masks/{number}/{name}.png", grey())
        assert [each.image.stem for each in sources.open(folder).frames(str(number))] == names


def test_masks_may_have_a_suffix_and_others_beside_them(folder):
    for mask in [*folder.glob("masks/**/*.png")]:
        mask.rename(mask.with_name(f"{mask.stem}_L.png"))
        save(mask.with_name(f"{mask.stem}_colour.png"), own_data.coloured())
        mask.with_name(f"{mask.stem}_L.json").write_text("{}")
    with pytest.raises(DataError):
        sources.open(folder).frames()
    source = Folder(folder, mask_suffix="_L")
    (folder / "classes.csv").write_text(f"# mask suffix: _L\n{own_data.ID_TABLE}")
    assert source.frames() == sources.open(folder).frames()
    assert [frame.label.name for frame in source.frames()] == ["x2_L.png", "x10_L.png", "1_L.png"]
    source.read(source.frames()[0])


DAMAGES = (
    (lambda root: (root / "masks/a/x2.png").unlink(), r"images/a/x2\.png: this frame has no label"),
    (lambda root: (root / "images/a/x2.png").unlink(), r"masks/a/x2\.png: this frame has no image"),
    (
        lambda root: shutil.copy(root / "images/a/x2.png", root / "images/a/x2.PNG"),
        r"x2\.png: the same name as x2\.PNG beside it; remove one",
    ),
    (
        lambda root: (root / "images/a/x3.gif").touch(),
        r"x3\.gif: not one of \.jpg, .*move it",
    ),
    (lambda root: (root / "masks/a/x3.jpg").touch(), r"x3\.jpg: not one of \.png, .*move it"),
    (
        lambda root: save(root / "masks/a/x2.png", grey(own_data.IDS[:4])),
        r"masks/a/x2\.png: 18 x 4 pixels, but its image .*x2\.png has 18 x 8",
    ),
    (lambda root: (root / "images/a/x2.png").write_bytes(b""), r"x2\.png: damaged .*is empty"),
    (
        lambda root: save(root / "masks/a/x2.png", grey(own_data.IDS + (own_data.IDS == 8))),
        r"masks/a/x2\.png: id 9 in 24 pixels is not in .*classes\.csv; add a line",
    ),
)


def test_bad_input_is_one_error_that_names_the_file(tmp_path):
    for number, (damage, message) in enumerate(DAMAGES):
        root = own_data.folder(tmp_path / str(number))
        damage(root)
        source = sources.open(root)
        with pytest.raises(DataError, match=message):
            pytest.fail(f"{message}: {source.read(source.frames('a')[0])}")


def test_a_missing_table_an_empty_folder_and_a_wrong_suffix_are_errors(tmp_path, folder):
    for name in ("images", "masks"):
        (tmp_path / name).mkdir()
    (tmp_path / "classes.csv").write_text(own_data.ID_TABLE)
    with pytest.raises(DataError, match="images: no images in it"):
        sources.open(tmp_path).frames()
    (folder / "masks").rename(folder / "labels")
    with pytest.raises(
        DataError, match=r"masks: no such folder; rename the one that has them \(images, labels\)"
    ):
        sources.open(folder).frames()
    with pytest.raises(DataError, match=r"images: none of the 3 files, such as .*, ends with '_camera'"):
        Folder(folder, image_suffix="_camera", mask_suffix="_label").frames()
    (folder / "labels").rename(folder / "masks")
    for mask in [*folder.glob("masks/**/*.png")]:
        mask.rename(mask.with_name(f"{mask.stem}_labelIds.png"))
    with pytest.raises(DataError, match=r"none of its 2 masks.*'# mask suffix: _labelIds' at the top"):
        sources.open(folder).frames()
    (folder / "classes.csv").unlink()
    with pytest.raises(DataError, match=r"classes\.csv: no such file; `roadseg check-data .*own` prop"):
        sources.open(folder)
    assert Folder(folder, table="cityscapes").class_names[0] == "road"


def test_names_may_differ_in_their_middle_and_in_the_form_of_their_letters(tmp_path):
    for form in ("NFC", "NFD"):
        tree, word = ("images", "camera") if form == "NFC" else ("masks", "label")
        for number in (1, 2):
            name = unicodedata.normalize(form, f"stra\u00dfe \u00e4/\u00e4_{word}_left_{number}.png")
            save(tmp_path / tree / name, image() if form == "NFC" else grey())
    (tmp_path / "classes.csv").write_text(
        f"# image suffix: _camera_*\n# mask suffix: _label_*\n{own_data.ID_TABLE}"
    )
    source = sources.open(tmp_path)
    assert source.sequences() == ["stra\u00dfe \u00e4"]
    assert [frame.index for frame in source.frames()] == [1, 2]
    source.read(source.frames()[0])


def test_another_meaning_of_an_id_is_another_store(folder, tmp_path):
    source, target = sources.open(folder), tmp_path / "store"
    before = preprocess.folder_name(source, None, 1)
    preprocess.to_hdf5(source, target, scale=1, progress=False)
    (folder / "classes.csv").write_text("name,id\nroad,8\nkerb,7\nsky,0 | 300\nvoid,255\n")
    source = sources.open(folder)
    assert preprocess.folder_name(source, None, 1) != before
    assert preprocess.to_hdf5(source, target, scale=1, progress=False).written == 3
    with store.open(target) as frames:
        assert frames.labels[0, 0, 6] == 1


def test_frames_of_different_sizes_are_fitted_to_one(folder, tmp_path):
    save(folder / "images/a/x2.png", image((36, 16)))
    save(folder / "masks/a/x2.png", grey(own_data.IDS.repeat(2, 0).repeat(2, 1)))
    with pytest.raises(DataError, match=r"18 x 8 pixels, but the first frame has 36 x 16.*one size"):
        preprocess.to_hdf5(sources.open(folder), tmp_path / "store", scale=1, progress=False)
    expected = np.full((12, 18), IGNORE, np.uint8)
    expected[2:10] = CLASS_IDS
    (folder / "classes.csv").write_text(f"# size: 18 x 12\n{own_data.ID_TABLE}")
    for source in (sources.open(folder), sources.open(folder, size=(12, 18))):
        preprocess.to_hdf5(source, tmp_path / "store", scale=1, progress=False)
        frames = store.verify(tmp_path / "store")
        assert frames.image_shape == (12, 18, 3)
        for labels in frames.labels:
            np.testing.assert_array_equal(labels, expected)
        assert not frames.images[:, :2].any()
        np.testing.assert_array_equal(frames.images[2, 2:10], image(seed=2))
    joined = Joined({"own": source})
    np.testing.assert_array_equal(joined.read(joined.frames()[0])[1], expected)
    assert joined.identity != "joined"


def test_the_command_line_fits_frames_and_leaves_out_images_without_labels(folder, tmp_path):
    save(folder / "images/a/x11.png", image())
    target = tmp_path / "store"
    options = ["--size", "12", "18", "--scale", "2", "--labelled-only", "--output", str(target)]
    assert main(["preprocess", str(folder), *options]) == 0
    with store.open(target) as frames:
        assert frames.images.shape == (3, 6, 9, 3)


def test_cityscapes_and_kitti_in_their_own_layouts(tmp_path):
    mask, kitti, cityscapes = grey(own_data.IDS % 34), tmp_path / "kitti", tmp_path / "cityscapes"
    for name in ("train/aachen/aachen_000000_000019", "test/bonn/bonn_000000_000019"):
        save(cityscapes / f"leftImg8bit/{name}_leftImg8bit.png", image())
        save(cityscapes / f"gtFine/{name}_gtFine_labelIds.png", mask)
        save(cityscapes / f"gtFine/{name}_gtFine_color.png", own_data.coloured())
        (cityscapes / f"gtFine/{name}_gtFine_polygons.json").write_text("{}")
    for number in (0, 1):
        save(kitti / f"training/image_2/{number:06d}_10.png", image())
        save(kitti / f"training/image_2/{number:06d}_11.png", image())
        save(kitti / f"training/semantic/{number:06d}_10.png", mask)
    source = sources.open(cityscapes)
    assert (source.kind, source.sequences()) == ("cityscapes", ["train/aachen"])
    assert len(source.class_names) == 19
    _, labels = source.read(source.frames()[0])
    assert [labels[0, 6], labels[0, 0]] == [source.class_names.index("road"), IGNORE]
    shutil.rmtree(cityscapes / "leftImg8bit/train")
    shutil.rmtree(cityscapes / "gtFine/train")
    with pytest.raises(DataError, match="no sequence here"):
        source.frames()
    source = sources.open(kitti)
    assert source.kind == "kitti_semantics"
    assert [(each.sequence, each.index) for each in source.frames()] == [("all", 0), ("all", 1)]
    assert source.read(source.frames()[1])[1][4, 0] == source.class_names.index("sidewalk")


def test_masks_as_roboflow_and_cvat_export_them(tmp_path):
    masks = {
        "roboflow": ("{part}/a_jpg.rf.1f.jpg", "{part}/a_jpg.rf.1f_mask.png", "{part}/_classes.csv"),
        "cvat": ("JPEGImages/{part}/a.jpg", "SegmentationClass/{part}/a.png", "labelmap.txt"),
    }
    ids = np.repeat([0, 1, 2], 6)[None].repeat(8, 0)
    indexed = Image.fromarray(ids.astype(np.uint8), "P")
    indexed.putpalette([0, 0, 0, 128, 64, 128, 0, 0, 142])
    for name, (image_name, mask_name, table) in masks.items():
        for part in ("train", "valid"):
            save(tmp_path / name / image_name.format(part=part), image(seed=len(part + name)))
            mask = grey(ids) if name == "roboflow" else indexed
            save(tmp_path / name / mask_name.format(part=part), mask)
            text = "Pixel Value, Class\n0, background\n1, road\n2, car\n"
            if name == "cvat":
                text = "# label:color_rgb:parts:actions\n"
                text += "background:0,0,0::\nroad:128,64,128::\ncar:0,0,142::\n"
            (tmp_path / name / table.format(part=part)).write_text(text)
        source = sources.open(tmp_path / name)
        assert source.sequences() == ["train", "valid"]
        assert source.class_names == ("background", "road", "car")
        np.testing.assert_array_equal(source.read(source.frames("valid")[0])[1], ids)
        assert main(["check-data", str(tmp_path / name)]) == 0
        output = str(tmp_path / "store" / name)
        assert main(["preprocess", str(tmp_path / name), "--scale", "1", "--output", output]) == 0
    folder = own_data.folder(tmp_path / "mine")
    (folder / "masks/_classes.csv").write_text("Pixel Value, Class\n0, background\n")
    assert sources.open(folder).class_names == ("road", "kerb", "sky")
    (tmp_path / "cvat/labelmap.txt").unlink()
    assert main(["check-data", str(tmp_path / "cvat"), "--write"]) == 0  # proposes a table
    assert sources.open(tmp_path / "cvat").frames("valid")

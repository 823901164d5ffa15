import shutil

import numpy as np
import pytest
from PIL import Image

from roadseg.data import sources
from roadseg.data.classes import IGNORE
from roadseg.errors import DataError
from tests import raw_data

IMAGES = "vkitti_1.3.1_rgb/0001/clone"
LABELS = "vkitti_1.3.1_scenegt/0001/clone"
ENCODING = "vkitti_1.3.1_scenegt/0001_clone_scenegt_rgb_encoding.txt"


@pytest.fixture
def tree(tmp_path):
    return raw_data.virtual_kitti_1(tmp_path / "data", frames=3)


def read_all(path):
    source = sources.open(path)
    return [source.read(frame) for frame in source.frames()]


def test_one_colour_means_car_in_one_world_and_van_in_another(raw):
    source = sources.open(raw)
    assert source.class_names == (*raw_data.STUFF, "Car", "Van")
    for sequence, name in (("0001/clone", "Car"), ("0002/clone", "Van")):
        class_id = source.class_names.index(name)
        assert source.class_map(sequence).colour_to_id[raw_data.SHARED_COLOUR] == class_id
        labels = source.read_labels(source.frames([sequence])[0])
        assert class_id in labels
        assert ({12, 13} - {class_id}).isdisjoint(np.unique(labels))


def test_all_label_images_may_be_there_when_only_some_images_are(tmp_path):
    tree = raw_data.virtual_kitti_1(tmp_path, ("0001/clone", "0001/fog"), frames=1)
    shutil.rmtree(tree / "vkitti_1.3.1_rgb/0001/fog")
    source = sources.open(tree)
    assert source.sequences() == ["0001/clone"]
    with pytest.raises(DataError, match="no sequence '0001/fog'; there are 0001/clone"):
        source.frames(["0001/fog"])


def test_version_2_is_read_from_one_folder_or_from_one_an_archive(tmp_path):
    for own_folders in (False, True):
        tree = raw_data.virtual_kitti_2(tmp_path / str(own_folders), own_folders=own_folders)
        source = sources.open(tree)
        assert source.kind == "virtual_kitti_2"
        assert source.sequences() == ["Scene01/clone/Camera_0"]
        image, labels = source.read(source.frames()[0])
        assert image.size == (raw_data.WIDTH, raw_data.HEIGHT)
        assert (labels[-3:, -3:] == IGNORE).all()
        seen = {source.class_names[i] for i in np.unique(labels[:-3])}
        assert seen == {"Sky", "Tree", "Road", "Pole", "Van"}
        assert source.class_names == sources.KINDS["virtual_kitti_1"].class_names


def paint_a_pixel(path):
    colours = np.array(Image.open(path))
    colours[0, :2] = (90, 200, 254)
    Image.fromarray(colours).save(path)


def replace(old, new):
    return lambda path: path.write_text(path.read_text().replace(old, new))


IMAGE, LABEL = f"{IMAGES}/00001.png", f"{LABELS}/00001.png"
FAULTS = (
    (LABEL, paint_a_pixel, r"00001\.png: colour \(90, 200, 254\) in 2 pixels"),
    (
        IMAGE,
        lambda path: Image.open(path).resize((93, 63)).save(path),
        r"00001\.png: 96 x 63 pixels, but its image .* has 93 x 63",
    ),
    (IMAGE, lambda path: path.write_bytes(path.read_bytes()[:999]), r"00001\.png: damaged or cut off"),
    (LABEL, lambda path: Image.open(path).quantize(4).save(path), r"00001\.png: colour .*not in the"),
    (LABEL, lambda path: path.unlink(), r"00001\.png: this frame has no label"),
    (IMAGE, lambda path: path.unlink(), r"00001\.png: this frame has no image"),
    (IMAGE, lambda path: path.with_name("00001 (1).png").touch(), r"00001 \(1\)\.png: not a frame"),
    (ENCODING, lambda path: path.unlink(), "encoding.txt: this encoding file cannot be read"),
    (ENCODING, replace("Category(:id)", "Category"), "line 1, 'Category.*header"),
    (ENCODING, replace("Pole", "Pillar"), "line 11, 'Pillar 255 130 0': the header"),
    (ENCODING, replace("255 130 0", "256 130 0"), r"line 11, .*0\.\.255"),
    (ENCODING, replace("255 130 0", "80 80 80"), "line 12, .*no colour for two"),
)


def test_every_fault_gives_one_error_that_names_the_file(tree, tmp_path):
    read_all(tree)
    for number, (name, change, message) in enumerate(FAULTS):
        copy = shutil.copytree(tree, tmp_path / str(number))
        change(copy / name)
        with pytest.raises(DataError, match=message):
            pytest.fail(f"{message}: {read_all(copy)}")


def test_a_sequence_without_frames_is_an_error(tree):
    for path in tree.glob("*/0001/clone/*.png"):
        path.unlink()
    with pytest.raises(DataError, match="0001/clone has no frames"):
        sources.open(tree).frames()


def test_a_real_frame_of_version_1_decodes_to_the_classes_of_a_street(real_data, tmp_path):
    """Where label images have no image beside them the set is not complete, so one pair is copied."""
    original = real_data / "virtual_kitti_1.3.1"
    labelled = {path.name for path in (original / LABELS).glob("*.png")}
    number = min(labelled & {path.name for path in (original / IMAGES).glob("*.png")})
    for name in (f"{IMAGES}/{number}", f"{LABELS}/{number}", ENCODING):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(original / name, tmp_path / name)
    ((image, labels),) = read_all(tmp_path)
    assert image.size == (1242, 375)
    source = sources.open(tmp_path)
    shares = np.bincount(labels.ravel(), minlength=14) / labels.size
    assert shares[source.class_names.index("Road")] > 0.1
    assert IGNORE not in labels

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


def test_frames_are_sorted_whatever_the_order_on_disk(raw):
    source = sources.open(raw)
    found = source.frames()
    assert source.sequences() == ["0001/clone", "0002/clone"]
    assert found == sorted(found)
    assert [frame.index for frame in source.frames(["0002/clone"])] == list(range(8))
    assert {frame.sequence for frame in source.frames(["0002"])} == {"0002/clone"}


def test_one_colour_means_car_in_one_world_and_van_in_another(raw):
    source = sources.open(raw)
    for sequence, name in (("0001/clone", "Car"), ("0002/clone", "Van")):
        class_id = source.class_names.index(name)
        assert source.class_map(sequence).colour_to_id[raw_data.SHARED_COLOUR] == class_id
        labels = source.read_labels(source.frames([sequence])[0])
        assert class_id in labels
        assert ({12, 13} - {class_id}).isdisjoint(np.unique(labels))


def test_class_ids_follow_the_encoding_files_own_order(raw):
    assert sources.open(raw).class_names == (*raw_data.STUFF, "Car", "Van")


def test_all_label_images_may_be_there_when_only_some_images_are(tmp_path):
    tree = raw_data.virtual_kitti_1(tmp_path, ("0001/clone", "0001/fog"), frames=1)
    shutil.rmtree(tree / "vkitti_1.3.1_rgb/0001/fog")
    source = sources.open(tree)
    assert source.sequences() == ["0001/clone"]
    with pytest.raises(DataError, match="no sequence '0001/fog'; there are 0001/clone"):
        source.frames(["0001/fog"])


@pytest.mark.parametrize("own_folders", [False, True])
def test_version_2_is_read_from_one_folder_or_from_one_an_archive(tmp_path, own_folders):
    source = sources.open(raw_data.virtual_kitti_2(tmp_path, own_folders=own_folders))
    assert source.kind == "virtual_kitti_2"
    assert source.sequences() == ["Scene01/clone/Camera_0"]
    first, _ = source.frames()
    image, labels = source.read(first)
    assert image.size == (raw_data.WIDTH, raw_data.HEIGHT)
    assert (labels[-3:, -3:] == IGNORE).all()
    seen = {source.class_names[i] for i in np.unique(labels[:-3])}
    assert seen == {"Sky", "Tree", "Road", "Pole", "Van"}
    assert source.class_names == sources.KINDS["virtual_kitti_1"].class_names


def paint_a_pixel(tree):
    path = tree / f"{LABELS}/00001.png"
    colours = np.array(Image.open(path))
    colours[0, :2] = (90, 200, 254)
    Image.fromarray(colours).save(path)


def resize(tree):
    path = tree / f"{IMAGES}/00001.png"
    Image.open(path).resize((93, 63)).save(path)


def truncate(share):
    def change(tree):
        path = tree / f"{IMAGES}/00001.png"
        data = path.read_bytes()
        path.write_bytes(data[: int(len(data) * share)])

    return change


def cut_last_chunk(tree):
    path = tree / f"{IMAGES}/00001.png"
    path.write_bytes(path.read_bytes()[:-12])


def flip_a_bit(tree):
    path = tree / f"{LABELS}/00001.png"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def save_as(file_format, mode):
    def change(tree):
        path = tree / f"{LABELS}/00001.png"
        Image.open(path).convert(mode).save(path, format=file_format)

    return change


def remove(name):
    return lambda tree: (tree / name).unlink()


def write(name, text):
    return lambda tree: (tree / name).write_text(text)


def edit(old, new):
    def change(tree):
        path = tree / ENCODING
        path.write_text(path.read_text().replace(old, new))

    return change


FAULTS = {
    "unlisted colour": (paint_a_pixel, r"00001\.png: colour \(90, 200, 254\) in 2 pixels"),
    "sizes differ": (resize, r"00001\.png: 96 x 63 pixels, but its image .* has 93 x 63"),
    "empty image": (truncate(0), r"00001\.png"),
    "half an image": (truncate(0.5), r"00001\.png"),
    "end of image missing": (cut_last_chunk, r"00001\.png: not a complete PNG"),
    "damaged label": (flip_a_bit, r"00001\.png: not a complete PNG"),
    "JPEG called PNG": (save_as("JPEG", "RGB"), r"00001\.png: a JPEG file where PNG is expected"),
    "palette label": (save_as("PNG", "P"), r"00001\.png: image mode P where RGB"),
    "label with alpha": (save_as("PNG", "RGBA"), r"00001\.png: image mode RGBA"),
    "no label": (
        remove(f"{LABELS}/00002.png"),
        r"00002\.png: this frame has no label",
    ),
    "no image": (
        remove(f"{IMAGES}/00000.png"),
        r"00000\.png: this frame has no image",
    ),
    "stray file": (
        write(f"{IMAGES}/00001 (1).png", ""),
        r"00001 \(1\)\.png: not a frame",
    ),
    "no encoding": (remove(ENCODING), "encoding.txt: this encoding file is missing"),
    "empty encoding": (write(ENCODING, ""), "encoding.txt: line 1 must be"),
    "only a header": (write(ENCODING, "Category(:id) r g b\n"), "lists no class"),
    "wrong header": (edit("Category(:id)", "Category"), "line 1 must be"),
    "unknown class": (edit("Pole", "Pillar"), "line 11, 'Pillar 255 130 0': unknown class"),
    "channel too large": (edit("255 130 0", "256 130 0"), "line 11, .*0..255"),
    "channel missing": (edit("255 130 0", "255 130"), "line 11"),
    "negative channel": (edit("255 130 0", "255 130 -1"), "line 11"),
    "car without id": (edit("Car:7", "Car"), "Car needs an instance id"),
    "truck with id": (edit("Truck", "Truck:1"), "Truck has no instance id"),
    "listed twice": (edit("Car:8", "Car:7"), "Car:7 is listed twice"),
    "colour twice": (edit("255 130 0", "80 80 80"), r"colour \(80, 80, 80\) already stands for another"),
    "binary encoding": (lambda tree: (tree / ENCODING).write_bytes(b"\xff\xfe\x00"), "cannot be read"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_gives_one_error_that_names_the_file(tree, fault):
    read_all(tree)
    change, message = FAULTS[fault]
    change(tree)
    with pytest.raises(DataError, match=message):
        read_all(tree)


def test_a_sequence_without_frames_is_an_error(tree):
    for path in tree.glob("*/0001/clone/*.png"):
        path.unlink()
    with pytest.raises(DataError, match="0001/clone has no frames"):
        sources.open(tree).frames()


def test_hidden_files_of_the_operating_system_are_no_frames(tree):
    (tree / "vkitti_1.3.1_rgb/0001/clone/.DS_Store").write_text("")
    assert len(sources.open(tree).frames()) == 3


def test_a_truncated_jpeg_is_an_error(tmp_path):
    tree = raw_data.virtual_kitti_2(tmp_path)
    path = next(tree.rglob("rgb_00001.jpg"))
    path.write_bytes(path.read_bytes()[:-2])
    with pytest.raises(DataError, match=r"rgb_00001\.jpg"):
        read_all(tree)


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


def test_a_real_frame_of_version_2_is_read(real_data):
    source = sources.open(real_data / "virtual_kitti_2.0.3")
    image, labels = source.read(source.frames()[0])
    assert image.size == (1242, 375)
    assert labels.shape == (375, 1242)
    assert labels.max() < 14

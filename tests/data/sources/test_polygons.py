"""Polygons as labelling tools write them: small samples in the tools' own layouts."""

import json

import numpy as np
import pytest

from roadseg.cli import main
from roadseg.data import sources, store
from roadseg.data.check_data import check
from roadseg.data.classes import IGNORE
from roadseg.errors import DataError
from roadseg.networks import ModelCard
from tests.own_data import image, save

SIZE = WIDTH, HEIGHT = 40, 20
ROAD = [0, 10, 39, 10, 39, 19, 0, 19]  # x, y, x, y, ...: the lower half
CAR = [10, 8, 20, 8, 20, 14, 10, 14]
EXPECTED = np.zeros((HEIGHT, WIDTH), np.uint8)
EXPECTED[10:], EXPECTED[8:15, 10:21] = 2, 1  # background, car, road


def pairs(corners):
    return np.reshape(corners, (-1, 2)).tolist()


def images(root, *names):
    for name in names:
        save(root / name, image(SIZE, seed=sum(name.encode())))


def coco(root):
    """As Roboflow exports it: a part a folder, with the project as a category that is never used."""
    for part in ("train", "valid"):
        images(root, f"{part}/a_jpg.rf.1.jpg", f"{part}/b_jpg.rf.2.jpg")
        entries = [
            {"id": i, "license": 1, "file_name": name, "height": HEIGHT, "width": WIDTH}
            for i, name in enumerate(("a_jpg.rf.1.jpg", "b_jpg.rf.2.jpg"))
        ]
        categories = [
            {"id": 0, "name": "roads", "supercategory": "none"},
            {"id": 1, "name": "car", "supercategory": "roads"},
            {"id": 2, "name": "road", "supercategory": "roads"},
        ]
        shapes = [(0, 2, ROAD), (0, 1, CAR), (1, 2, ROAD)]
        annotations = [
            {"id": i, "image_id": n, "category_id": c, "segmentation": [s], "bbox": [], "iscrowd": 0}
            for i, (n, c, s) in enumerate(shapes)
        ]
        content = {"images": entries, "categories": categories, "annotations": annotations}
        (root / part / "_annotations.coco.json").write_text(json.dumps(content))


def coco_of_cvat(root):
    """images/ with the parts, and annotations/ with a file for each."""
    coco(root)
    for part in ("train", "valid"):
        (root / "images").mkdir(exist_ok=True)
        (root / "annotations").mkdir(exist_ok=True)
        (root / part / "_annotations.coco.json").rename(root / f"annotations/instances_{part}.json")
        (root / part).rename(root / "images" / part)


def yolo(root, names="names: ['car', 'road']  # two\n"):
    """The large polygon stands last, and lies below."""
    (root / "data.yaml").parent.mkdir(parents=True, exist_ok=True)
    (root / "data.yaml").write_text(f"train: ../train/images\nval: ../valid/images\n\nnc: 2\n{names}")
    for part in ("train", "valid"):
        images(root, f"{part}/images/a.jpg", f"{part}/images/b.jpg")
        (root / part / "labels").mkdir()
        lines = {
            number: " ".join([number, *map(str, (np.reshape(s, (-1, 2)) / SIZE).ravel().tolist())])
            for number, s in (("0", CAR), ("1", ROAD))
        }
        (root / part / "labels/a.txt").write_text("\n".join(lines.values()) + "\n")
        (root / part / "labels/b.txt").write_text(lines["1"])


def labelme(root):
    """A JSON file beside each image."""
    for part in ("train", "valid"):
        images(root, f"{part}/a.jpg", f"{part}/b.jpg")
        car = {"label": "car", "points": [[10, 8], [20, 14]], "shape_type": "rectangle", "flags": {}}
        road = {"label": "road", "points": pairs(ROAD), "group_id": None, "shape_type": "polygon"}
        for name, shapes in (("a", [road, car]), ("b", [road])):
            content = {
                "version": "5.4.1",
                "shapes": shapes,
                "imagePath": f"{name}.jpg",
                "imageData": None,
                "imageHeight": HEIGHT,
                "imageWidth": WIDTH,
            }
            (root / part / f"{name}.json").write_text(json.dumps(content))


FORMATS = {"coco": coco, "yolo": yolo, "labelme": labelme}


def test_each_format_is_recognised_drawn_checked_and_preprocessed(tmp_path, capsys):
    for kind, write in {**FORMATS, "coco of CVAT": coco_of_cvat}.items():
        root = tmp_path / kind
        write(root)
        source = sources.open(root)
        assert source.kind == kind.partition(" ")[0]
        assert source.sequences() == ["train", "valid"]
        assert source.class_names == ("background", "car", "road")
        first, second = source.frames("train")
        np.testing.assert_array_equal(source.read(first)[1], EXPECTED)
        np.testing.assert_array_equal(np.unique(source.read(second)[1]), [0, 2])
        assert main(["check-data", str(root), "--preview", str(tmp_path / "p.png")]) == 0
        assert "No problems" in capsys.readouterr().out
        assert main(["preprocess", str(root), "--scale", "1", "--output", str(root / "store")]) == 0
        frames = store.open(root / "store")
        np.testing.assert_array_equal(frames.labels[0], EXPECTED)
        card = ModelCard.for_frames("simple", frames, options={}, frames=2, minutes=1)
        assert card.trained_on == "trained on 2 own frames"
        frames.close()


def test_names_of_yolos_classes_in_all_ways_that_yaml_has(tmp_path):
    for number, names in enumerate(
        ("names:\n- car\n- 'road'\n", "names:\n  0: car\n  1: road\nroboflow:\n  license: MIT\n",
         'names: ["car",\n  "road"]\n', "names: {0: car, 1: road}\nnc: 2\n")
    ):  # fmt: skip
        yolo(tmp_path / str(number), names)
        assert sources.open(tmp_path / str(number)).class_names == ("background", "car", "road")


def test_void_as_each_format_has_it(tmp_path):
    coco(tmp_path / "coco")
    path = tmp_path / "coco/train/_annotations.coco.json"
    path.write_text(path.read_text().replace('"iscrowd": 0', '"iscrowd": 1'))
    labelme(tmp_path / "labelme")
    path = tmp_path / "labelme/train/a.json"
    path.write_text(path.read_text().replace('"car"', '"__ignore__"'))
    for kind in ("coco", "labelme"):
        source = sources.open(tmp_path / kind)
        assert source.read(source.frames("train")[0])[1][12, 15] == IGNORE


def test_what_is_no_polygon_of_this_image_is_one_error_that_names_it(tmp_path):
    for number, (kind, name, old, new, said) in enumerate((
        ("coco", "train/_annotations.coco.json", f"[{CAR}]", '{"counts": "a"}', "run lengths"),
        ("coco", "train/_annotations.coco.json", '"width": 40', '"width": 41', "of 41 x 20 pixels, not"),
        ("yolo", "train/labels/a.txt", " 0.5 0.7 0.25 0.7", "", "boxes"),
        ("yolo", "train/labels/a.txt", "0 0.25", "7 0.25", "list index out of range"),
        ("labelme", "train/a.json", "rectangle", "circle", "a circle"),
    )):  # fmt: skip
        root = tmp_path / str(number)
        FORMATS[kind](root)
        text = (root / name).read_text()
        assert old in text, kind
        (root / name).write_text(text.replace(old, new))
        (problem,) = check(sources.open(root), progress=False).problems["unusable files"][:1]
        assert problem.startswith(f"{root / name}: no polygons for {root}/train")
        assert said in problem


def test_images_and_labels_without_each_other_are_told(tmp_path):
    labelme(tmp_path)
    (tmp_path / "valid/a.jpg").unlink()
    (tmp_path / "train/b.json").unlink()
    problems = check(sources.open(tmp_path), progress=False).problems
    assert problems["files without a counterpart"] == [
        f"{tmp_path}/train/b.jpg: this frame has no label; add the missing file or remove this one"
    ]
    assert problems["other files"] == [
        f"{tmp_path}/valid/a.json: its image is not there; put a.jpg beside it"
    ]
    (tmp_path / "train/a.json").write_text("{")
    with pytest.raises(DataError, match=r"train/a\.json: damaged"):
        sources.open(tmp_path).frames()

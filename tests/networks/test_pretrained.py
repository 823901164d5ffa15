"""The weights that ship: how they load, what their cards say, and what docs/weights.md says of them."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from roadseg import evaluation, networks
from roadseg.data import preprocess, sources, store
from roadseg.evaluation import metrics
from roadseg.networks import pretrained
from studies.runner.results import read_file

PAGE = (Path(__file__).parents[2] / "docs/weights.md").read_text("utf-8")
ROWS = [row.split(" | ") for row in re.findall(r"(?m)^\| (.+) \|$", PAGE)]
RENDERED = "simple", "simple_plus"  # the weights for rendered scenes
CARD = networks.ModelCard(
    network="simple_plus",
    options={"output_stride": 2},
    class_names=("Road", "Sky"),
    palette=((128, 64, 128), (0, 0, 0)),
    image_shape=(32, 48, 3),
    scale=3.0,
    data="rendered",
    frames=3,
    minutes=0.5,
    licence="MIT",
    results={"other frames": {"pixel_accuracy": 0.5}},
)
DATA_SETS = {  # as the page calls them
    "rendered worlds of two other seeds, 216 images": "rendered worlds of two other seeds",
    "Virtual KITTI 1.3.1, `0001/clone`, 1 image": "virtual_kitti_1.3.1",
    "Virtual KITTI 2.0.3, `Scene01/15-deg-left`, 1 image": "virtual_kitti_2.0.3",
}
METRICS = "pixel_accuracy", "mean_class_accuracy", "mean_iou", "mean_boundary_f_score"


def results(name):
    """By data set, computed from the counts in the model card."""
    saved = networks.model_card(name).results
    return {data: evaluation.Evaluation.from_dict(each) for data, each in saved.items()}


def test_weights_load_for_any_size_as_they_were_saved(tmp_path, monkeypatch):
    monkeypatch.setattr(pretrained, "FOLDER", tmp_path / "weights")
    trained = networks.build("simple_plus", (32, 48, 3), 2, seed=5, output_stride=2)
    with pytest.raises(ValueError, match="simple_plus: its card describes another network"):
        networks.save_pretrained("simple_plus", trained, replace(CARD, options={}))
    assert networks.shipped() == []
    trained.compile("adam")
    trained.optimizer.build(trained.trainable_variables)
    networks.save_pretrained("simple_plus", trained, CARD, "few")
    size = pretrained.weights_file("simple_plus-few").stat().st_size
    assert size < 6 * trained.count_params()  # without the optimizer
    assert networks.shipped() == ["simple_plus-few"]
    assert networks.model_card("simple_plus", "few") == networks.model_card("simple_plus-few") == CARD
    for shape in (None, (48, 64, 3)):
        loaded = networks.load_pretrained("simple_plus", shape, weights="few")
        assert (loaded.image_shape, loaded.options) == (shape or CARD.image_shape, CARD.options)
        for mine, theirs in zip(trained.get_weights(), loaded.get_weights(), strict=True):
            np.testing.assert_array_equal(mine, theirs)
    for name in ("simple_plus", "great"):
        with pytest.raises(ValueError, match=rf"'{name}-rendered': simple_plus-few ship"):
            networks.load_pretrained(name)


def test_with_other_classes_all_layers_but_the_last_keep_their_weights():
    def same(one, two):
        return {
            layer.name
            for layer, other in zip(one.layers, two.layers, strict=True)
            if all(map(np.array_equal, layer.get_weights(), other.get_weights()))
        }

    trained = networks.load_pretrained("simple", policy="float32")
    tuned, other = (
        networks.load_pretrained("simple", (32, 48, 3), 11, seed=seed, policy="float32")
        for seed in (0, 1)
    )
    assert tuned(np.zeros((1, 32, 48, 3), np.uint8)).shape == (1, 32, 48, 11)
    every = {layer.name for layer in trained.layers}
    assert same(trained, tuned) == same(tuned, other) == every - {"head_logits"}


def test_those_that_ship_are_small_and_their_cards_agree_with_their_own_counts():
    assert networks.shipped() == ["simple", "simple_plus-camvid", "simple_plus"]
    for name in networks.shipped():
        assert pretrained.weights_file(name).stat().st_size <= 2_000_000
        saved = networks.model_card(name).results
        for data, result in results(name).items():
            for metric in METRICS:
                assert getattr(result, metric) == pytest.approx(saved[data][metric])


def test_the_page_has_the_numbers_of_the_cards_for_rendered_scenes():
    cards = [networks.model_card(name) for name in RENDERED]
    parameters = [f"{networks.load_pretrained(name).count_params():,}" for name in RENDERED]
    expected = [["parameters", *parameters]]
    expected += [["training frames, 125 x 414", *(f"{card.frames:,}" for card in cards)]]
    both = [results(name) for name in RENDERED]
    assert all(each.keys() == set(DATA_SETS.values()) for each in both)
    for label, data in DATA_SETS.items():
        cells = []
        for result in (each[data] for each in both):
            occurring = result.iou[result.confusion.sum(axis=1) > 0].mean()
            cells.append(f"{result.mean_iou:.3f} ({occurring:.3f})")
            assert f"{result.confusion.sum() / (125 * 414):.0f} image" in label
        expected.append([label, *cells])
    assert [row for row in expected if row not in ROWS] == []
    (minutes,) = (row[1:] for row in ROWS if row[0] == "minutes of training")
    assert [int(cell.split(",")[0]) for cell in minutes] == [round(card.minutes) for card in cards]


def test_the_page_has_the_numbers_of_the_card_for_photographs():
    card, both = networks.model_card("simple_plus-camvid"), results("simple_plus-camvid")
    words = " ".join(PAGE.split())
    assert f"| 367 photographs of CamVid, {card.frames - 367} rendered images |" in PAGE
    assert f", {card.minutes:.0f} minutes on two" in words
    known, blue = both["CamVid, part val"], both["CamVid, part val with blue skies"]
    assert f"made blue, mean IoU is {blue.mean_iou:.3f}" in words
    kitti = " and ".join(f"{both[f'virtual_kitti_{each}'].mean_iou:.3f}" for each in ("1.3.1", "2.0.3"))
    assert f"it scores {kitti} mean IoU over the eight classes" in words
    roads = [each for each in read_file("gpu_camvid") if each.record["trial"] == "one hour"]
    confusion = sum(np.array(each.record["validation"]["confusion"]) for each in roads)
    boundaries = metrics.boundary_f_scores(known.boundaries)
    columns = metrics.iou(confusion), known.iou, boundaries
    expected = [
        [name, *(f"{score:.3f}" for score in scores)]
        for name, *scores in zip(card.class_names, *columns, strict=True)
    ]
    expected.append(["mean", *(f"{metrics.mean(column):.3f}" for column in columns)])
    accuracies = metrics.pixel_accuracy(confusion), known.pixel_accuracy
    expected.append(["pixel accuracy", *(f"{each:.3f}" for each in accuracies), "-"])
    assert [row for row in expected if row not in ROWS] == []


def test_the_weights_for_photographs_score_what_their_card_says(real_data, tmp_path):
    preprocess.to_hdf5(sources.open(real_data / "camvid"), tmp_path, ["val"], 1, progress=False)
    network = networks.load_pretrained("simple_plus-camvid")
    result = evaluation.evaluate(network, store.open(tmp_path))
    saved = networks.model_card("simple_plus-camvid").results["CamVid, part val"]
    for metric in ("mean_iou", "pixel_accuracy"):  # another processor rounds otherwise
        assert getattr(result, metric) == pytest.approx(saved[metric], abs=0.002)


def test_the_lines_of_the_page_label_a_photograph(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    noise = np.random.default_rng(0).integers(0, 256, (120, 640, 3), np.uint8)
    Image.fromarray(noise).save("road.jpg")
    exec(*re.findall(r"(?ms)^```python\n(.*?)^```", PAGE), {})
    assert Image.open("classes.png").size == (480, 90)


def test_classes_of_the_same_name_keep_their_weights_for_fine_tuning(tmp_path):
    names = ("Lane", "ROAD", "Sky", "Truck")
    trained = networks.load_pretrained("simple_plus-camvid", policy="float32")
    card = networks.model_card("simple_plus-camvid")
    network, kept = networks.fine_tunable("simple_plus-camvid", (32, 48, 3), names, {"Truck": "Car"})
    assert (kept, network.options, network.image_shape) == (names[1:], card.options, (32, 48, 3))
    own, its = (each.get_layer("head_logits").get_weights() for each in (network, trained))
    for place, name in ((1, "Road"), (2, "Sky"), (3, "Car")):
        for mine, theirs in zip(own, its, strict=True):
            assert np.array_equal(mine[..., place], theirs[..., card.class_names.index(name)])
    assert not np.array_equal(own[0][..., 0], its[0][..., 0])
    body = (each.get_layer("encoder1_reduce").get_weights()[0] for each in (network, trained))
    assert np.array_equal(*body)

    network.save(tmp_path / "best.keras")  # a run is fine-tuned in the same way
    replace(card, class_names=names, palette=card.palette[:4]).save(tmp_path / "card.json")
    again, kept = networks.fine_tunable(tmp_path, (32, 48, 3), ("Sky", "Dog"))
    assert kept == ("Sky",)
    head = again.get_layer("head_logits").get_weights()
    assert all(np.array_equal(a[..., 0], b[..., 2]) for a, b in zip(head, own, strict=True))

    for arguments, message in (
        ((tmp_path / "nothing", (32, 48, 3), names), "neither a finished run nor weights"),
        (("simple", (32, 48, 3), names, {"Truk": "Car"}), "Truk=Car: own classes are Lane"),
        (("simple", (32, 48, 3), names, {"Lane": "Streat"}), "Lane=Streat"),
    ):
        with pytest.raises(ValueError, match=message):
            networks.fine_tunable(*arguments)

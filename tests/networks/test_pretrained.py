import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from roadseg import evaluation, networks
from roadseg.data import preprocess, sources, store
from roadseg.networks import pretrained

PAGE = (Path(__file__).parents[2] / "docs/weights.md").read_text("utf-8")
SHIPPED = "simple", "simple_plus"  # on rendered scenes
CARD = networks.ModelCard(
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
    "rendered worlds of two other seeds": "rendered worlds of two other seeds",
    "Virtual KITTI 1.3.1, `0001/clone`": "virtual_kitti_1.3.1",
    "Virtual KITTI 2.0.3, `Scene01/15-deg-left`": "virtual_kitti_2.0.3",
}
METRICS = {
    "pixel accuracy": "pixel_accuracy",
    "mean class accuracy": "mean_class_accuracy",
    "mean IoU": "mean_iou",
    "frequency-weighted IoU": "frequency_weighted_iou",
    "mean boundary F-score, 2 pixels": "mean_boundary_f_score",
}


def cells():
    """Those of every row of the page's tables."""
    rows = re.findall(r"^\| (.+) \|$", PAGE, re.MULTILINE)
    return [row.split(" | ") for row in rows]


def results(name):
    """By data set, computed from the counts in the model card."""
    saved = networks.model_card(name).results
    return {data: evaluation.Evaluation.from_dict(each) for data, each in saved.items()}


@pytest.fixture
def weights(tmp_path, monkeypatch):
    """The folder of the weights that ship, where none lie yet."""
    monkeypatch.setattr(pretrained, "FOLDER", tmp_path / "weights")
    return tmp_path / "weights"


@pytest.fixture
def trained():
    return networks.build("simple_plus", (32, 48, 3), 2, seed=5, output_stride=2)


def test_weights_load_as_they_were_saved_at_any_size(weights, trained):
    with pytest.raises(ValueError, match="no pretrained weights 'simple_plus': none ship"):
        networks.load_pretrained("simple_plus")
    networks.save_pretrained("simple_plus", trained, CARD, "few")
    assert networks.shipped() == ["simple_plus-few"]
    assert networks.model_card("simple_plus", "few") == CARD
    for shape in (None, (48, 64, 3)):
        loaded = networks.load_pretrained("simple_plus", shape, weights="few")
        assert loaded.input_shape[1:] == (shape or CARD.image_shape)
        for mine, theirs in zip(trained.get_weights(), loaded.get_weights(), strict=True):
            np.testing.assert_array_equal(mine, theirs)
    with pytest.raises(ValueError, match="'simple_plus': simple_plus-few ship"):
        networks.load_pretrained("simple_plus")
    with pytest.raises(ValueError, match="'great': simple_plus-few ship"):
        networks.load_pretrained("great")


def test_saved_weights_are_without_the_optimizer(weights, trained):
    trained.compile("adam")
    trained.optimizer.build(trained.trainable_variables)
    networks.save_pretrained("simple_plus", trained, CARD)
    (file,) = weights.glob("*.h5")
    assert file.stat().st_size < 1.5 * 4 * trained.count_params()


def test_a_network_that_its_card_does_not_describe_is_not_saved(weights, trained):
    with pytest.raises(ValueError, match="simple_plus: its card describes another network"):
        networks.save_pretrained("simple_plus", trained, replace(CARD, options={}))
    assert not weights.exists()


def test_weights_and_card_belong_together(weights, trained):
    networks.save_pretrained("simple_plus", trained, CARD)
    card = (weights / "simple_plus-rendered.json").read_text()
    again = networks.build("simple_plus", (32, 48, 3), 2, seed=6, output_stride=2)
    networks.save_pretrained("simple_plus", again, CARD)
    (weights / "simple_plus-rendered.json").write_text(card)
    with pytest.raises(ValueError, match=r"rendered\.weights\.h5: not the weights of simple_plus-rend"):
        networks.load_pretrained("simple_plus")


def test_those_that_ship_are_small():
    assert networks.shipped() == ["simple", "simple_plus-camvid", "simple_plus"]
    for short_name in networks.shipped():
        assert pretrained.weights_file(*networks.split_name(short_name)).stat().st_size <= 2_000_000


def test_the_weights_for_photographs_score_what_their_card_says(real_data, tmp_path):
    camvid = sources.open(real_data / "camvid")
    preprocess.to_hdf5(camvid, tmp_path / "val", ["val"], 1, progress=False)
    network = networks.load_pretrained("simple_plus", weights="camvid")
    result = evaluation.evaluate(network, store.open(tmp_path / "val"))
    card = networks.model_card("simple_plus", "camvid")
    saved = card.results["CamVid, part val"]
    assert result.mean_iou == pytest.approx(saved["mean_iou"], abs=0.002)  # another CPU rounds otherwise
    assert result.pixel_accuracy == pytest.approx(saved["pixel_accuracy"], abs=0.002)


@pytest.mark.parametrize("name", SHIPPED)
def test_a_model_card_agrees_with_its_own_counts(name):
    saved = networks.model_card(name).results
    assert saved.keys() == set(DATA_SETS.values())
    for data, result in results(name).items():
        for metric in METRICS.values():
            assert getattr(result, metric) == pytest.approx(saved[data][metric])


def test_the_page_says_how_the_weights_were_trained():
    cards = [networks.model_card(name) for name in SHIPPED]
    frames = [f"{card.frames:,}" for card in cards]
    assert ["training frames, 125 x 414", *frames] in cells()
    (minutes,) = (row[1:] for row in cells() if row[0] == "minutes of training")
    assert [int(cell.split(",")[0]) for cell in minutes] == [round(card.minutes) for card in cards]
    parameters = [f"{networks.load_pretrained(name).count_params():,}" for name in SHIPPED]
    assert ["parameters", *parameters] in cells()


def test_the_page_has_the_results_of_the_model_cards():
    expected = []
    for label, data in DATA_SETS.items():
        for name in SHIPPED:
            result = results(name)[data]
            frames = result.confusion.sum() / (125 * 414)
            occurring = result.iou[result.confusion.sum(axis=1) > 0].mean()
            scores = result.pixel_accuracy, result.mean_iou, occurring
            expected.append([label, f"{frames:.0f}", f"`{name}`", *(f"{each:.3f}" for each in scores)])
    rendered = [results(name)["rendered worlds of two other seeds"] for name in SHIPPED]
    for label, metric in METRICS.items():
        expected.append([label, *(f"{getattr(result, metric):.3f}" for result in rendered)])
    for row, class_name in enumerate(rendered[0].class_names):
        expected.append([class_name, *(f"{result.iou[row]:.3f}" for result in rendered)])
    for row in expected:
        assert row in cells()


def test_the_page_has_the_results_on_photographs():
    card = networks.model_card("simple_plus", "camvid")
    assert f"| {card.frames} photographs of CamVid |" in PAGE
    assert f"took\n{card.minutes:.0f} minutes" in PAGE
    assert list(card.results) == ["CamVid, part val", "CamVid, part val with blue skies"]
    both = [evaluation.Evaluation.from_dict(saved) for saved in card.results.values()]
    for label, metric in METRICS.items():
        assert [label, *(f"{getattr(result, metric):.3f}" for result in both)] in cells()
        for result, saved in zip(both, card.results.values(), strict=True):
            assert getattr(result, metric) == pytest.approx(saved[metric])
    for position, class_name in enumerate(both[0].class_names):
        assert [f"IoU: {class_name}", *(f"{result.iou[position]:.3f}" for result in both)] in cells()


def test_the_lines_of_the_page_label_a_photograph(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    noise = np.random.default_rng(0).integers(0, 256, (120, 640, 3), np.uint8)
    Image.fromarray(noise).save("road.jpg")
    (lines,) = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    exec(lines, {})
    with Image.open("classes.png") as classes:
        assert classes.size == (480, 90)


@pytest.mark.parametrize("name", SHIPPED)
def test_with_other_classes_all_layers_but_the_last_keep_their_weights(name):
    trained = networks.load_pretrained(name, (32, 48, 3), policy="float32")
    tuned, again, other = (
        networks.load_pretrained(name, (32, 48, 3), 11, seed=seed, policy="float32")
        for seed in (0, 0, 1)
    )
    assert tuned.output_shape == (None, 32, 48, 11)

    def same(one, two):
        pairs = {
            a.name: (a.get_weights(), b.get_weights())
            for a, b in zip(one.layers, two.layers, strict=True)
        }
        return {
            name
            for name, both in pairs.items()
            if all(np.array_equal(*values) for values in zip(*both, strict=True))
        }

    every = {layer.name for layer in trained.layers}
    assert same(trained, tuned) == same(tuned, other) == every - {"head_logits"}
    assert same(tuned, again) == every

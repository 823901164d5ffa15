"""Networks of this package and of a run, each used alone."""

from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from roadseg import inference, networks, training
from roadseg.data import splits
from roadseg.data.sources import CamVid
from roadseg.data.sources.virtual_kitti import VirtualKitti1
from roadseg.errors import TrainingError
from roadseg.inference import model
from roadseg.inference.description import Description
from tests.training import runs


@pytest.fixture(scope="module")
def run(frames, tmp_path_factory):
    network = networks.build("simple_plus", frames.image_shape, frames.num_classes)
    split = splits.by_sequence(frames, ["0002"])
    recipe = training.get_recipe("quick", epochs=1)
    return training.train(network, frames, split, recipe, tmp_path_factory.mktemp("run"), progress=False)


def test_the_weights_that_ship_are_complete():
    opened = model.open_model("simple_plus")
    assert opened.description.class_names == VirtualKitti1.class_names
    assert opened.description.palette == VirtualKitti1.palette
    assert opened.description.image_shape == (125, 414, 3)
    assert opened.description.scale == 3
    assert "756 rendered frames" in str(opened.description)


def test_the_weights_for_photographs_are_complete_at_any_size():
    opened = model.open_model("simple_plus-camvid")
    assert opened.description.class_names == CamVid.class_names
    assert opened.description.palette == CamVid.palette
    assert opened.description.image_shape == (360, 480, 3)
    assert opened.description.scale == 1
    assert "367 CamVid frames" in str(opened.description)
    image = np.random.default_rng(0).integers(0, 256, (70, 90, 3), np.uint8)
    expected = networks.load_pretrained("simple_plus", (70, 90, 3), weights="camvid")
    np.testing.assert_array_equal(opened.logits(image), expected.predict_on_batch(image[None])[0])


def test_a_runs_folder_is_complete(run, frames):
    opened = model.open_model(run.folder)
    assert opened.description == Description(
        name="simple_plus",
        class_names=frames.class_names,
        palette=tuple(map(tuple, frames.palette.tolist())),
        image_shape=(21, 32, 3),
        scale=3.0,
        trained_on="trained on 8 virtual_kitti_1 frames",
    )
    images, _ = frames.read([0])
    expected = run.load_best().predict_on_batch(images)[0]
    np.testing.assert_array_equal(opened.logits(images[0]), expected)


def test_a_network_is_rebuilt_for_other_sizes_with_the_same_weights(run):
    opened = model.open_model(run.folder)
    assert opened.resizable
    image = np.random.default_rng(0).integers(0, 256, (48, 40, 3), np.uint8)
    logits = opened.logits(image)
    assert logits.shape == (48, 40, 14)
    rebuilt = networks.build("simple_plus", (48, 40, 3), 14)
    rebuilt.set_weights(run.load_best().get_weights())
    np.testing.assert_array_equal(logits, rebuilt.predict_on_batch(image[None])[0])


@pytest.mark.parametrize("size", [(375, 1242), (48, 40), (47, 33)])
def test_sizes_that_need_other_layers_have_the_same_weights(size):
    image = np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)
    expected = networks.load_pretrained("simple", (*size, 3)).predict_on_batch(image[None])[0]
    np.testing.assert_array_equal(model.open_model("simple").logits(image), expected)


def test_only_some_sizes_are_kept(monkeypatch, run):
    built = []

    def at_size(network, height, width, policy):
        built.append((height, width))
        return SimpleNamespace(
            predict_on_batch=lambda images: np.zeros((*images.shape[:3], 14), np.float32)
        )

    opened = model.open_model(run.folder)
    monkeypatch.setattr(networks, "at_size", at_size)
    for width in (*range(20, 40), 39, 38):
        opened.logits(np.zeros((20, width, 3), np.uint8))
    assert len(built) == 20
    opened.logits(np.zeros((20, 20, 3), np.uint8))
    assert len(built) == 21


def test_a_run_knows_the_options_of_its_network(frames, tmp_path):
    options = {"filters": (8, 16, 16, 16), "output_stride": 2}
    network = networks.build("simple_plus", frames.image_shape, 14, **options)
    opened = model.open_model(runs.train(frames, tmp_path, network=network).folder)
    assert opened.resizable
    image = np.random.default_rng(0).integers(0, 256, (48, 40, 3), np.uint8)
    expected = networks.at_size(network, 48, 40).predict_on_batch(image[None])[0]
    np.testing.assert_array_equal(opened.logits(image), expected)


def test_a_network_of_other_layers_keeps_its_size(frames, tmp_path):
    opened = model.open_model(runs.train_tiny(frames, tmp_path).folder)
    assert not opened.resizable
    result = inference.Labeller(opened).segment(np.zeros((100, 70, 3), np.uint8))
    assert result.ids.shape == (100, 70)


def test_a_folder_without_a_run_and_a_name_of_nothing_are_refused(tmp_path):
    with pytest.raises(TrainingError, match="no finished run"):
        model.open_model(tmp_path)
    for name in ("smple", "edgesegnet", "simple-camvid"):
        with pytest.raises(ValueError, match=rf"{name}: neither .*simple, .*simple_plus-camvid"):
            model.open_model(name)


def test_three_lines_label_an_image(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    noise = np.random.default_rng(0).integers(0, 256, (63, 96, 3), np.uint8)
    Image.fromarray(noise).save("road.jpg")
    inference.segment("road.jpg", "simple_plus").overlay().save("overlay.png")
    with Image.open("overlay.png") as overlay:
        assert overlay.width == 96
        assert overlay.height > 63

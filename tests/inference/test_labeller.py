"""Labelling of one image, with a network that needs no Keras, and with those that can be opened."""

import keras
import numpy as np
import pytest
from PIL import Image

from roadseg import inference, networks
from roadseg.data.sources import CamVid
from roadseg.errors import DataError, TrainingError
from roadseg.inference import Labeller
from roadseg.inference.labeller import KerasModel, in_order, rgb_image
from tests.inference.conftest import HEIGHT, NAMES, WIDTH, BrightnessModel
from tests.training import runs

DARK, BRIGHT = 0, 2


def test_arrays_and_images_become_rgb():
    grey = np.arange(0, 240, 10, dtype=np.uint8).reshape(4, 6)
    for image in (grey, Image.fromarray(grey), grey[..., None].repeat(3, axis=2)):
        np.testing.assert_array_equal(rgb_image(image), grey[..., None].repeat(3, axis=2))
    clear = np.full((2, 3, 4), 200, np.uint8)
    clear[..., 3] = 255, 128, 0
    assert np.asarray(rgb_image(clear))[0, :, 0].tolist() == [200, 100, 0]  # blended with black
    for array, message in (
        (np.zeros((4, 4, 3), np.float32), r"float32 .*255 \* array"),
        (np.zeros((4, 4, 2), np.uint8), r"shape \(4, 4, 2\)"),
        (np.zeros((0, 4, 3), np.uint8), "shape"),
    ):
        with pytest.raises(DataError, match=message):
            rgb_image(array)


def test_an_image_is_labelled_at_its_own_size(labeller, model, halves):
    result = labeller.segment(halves)
    assert model.seen == [(HEIGHT, WIDTH, 3)]
    np.testing.assert_array_equal(result.image, halves)
    assert (result.ids[:, :31] == DARK).all()
    assert (result.ids[:, 33:] == BRIGHT).all()
    assert result.confidence[0, 0] > 0.99
    assert result.entropy[0, 0] < 0.01 < result.entropy[0, 31]
    assert result.class_names == NAMES
    assert 0.9 < result.mean_confidence <= 1
    alone = labeller.segment(halves, maps=())
    np.testing.assert_array_equal(alone.ids, result.ids)
    assert (alone.confidence, alone.entropy) == (None, None)


def test_images_are_scaled_to_the_width_in_training(labeller, model):
    for size, seen in (
        ((64, 40), (WIDTH, HEIGHT)),
        ((62, 39), (WIDTH, HEIGHT)),  # as good as the same shape
        ((3840, 2160), (WIDTH, HEIGHT)),
        ((40, 64), (WIDTH, 48)),  # portrait
        ((16, 10), (WIDTH, HEIGHT)),  # smaller than in training
        ((1000, 10), (WIDTH, 16)),  # never below the least that the network takes
    ):
        result = labeller.segment(Image.new("RGB", size, "white"))
        assert model.seen.pop() == (*seen[::-1], 3)
        assert result.ids.shape == size[::-1]
        assert (result.ids == BRIGHT).all()


def test_the_scale_can_be_chosen(model):
    Labeller(model, scale=1).segment(np.zeros((100, 96, 3), np.uint8))
    assert model.seen == [(96, 96, 3)]
    Labeller(model, tile=True).segment(np.zeros((2 * HEIGHT, 2 * WIDTH, 3), np.uint8))
    assert model.seen[1:] == [(HEIGHT, WIDTH, 3)]  # shrunk as much as the images in training
    with pytest.raises(ValueError, match="scale 0"):
        Labeller(model, scale=0)


def test_windows_have_the_size_in_training_and_agree_with_the_whole():
    ramp = np.repeat(np.linspace(0, 255, 300).astype(np.uint8)[None, :, None], 150, 0).repeat(3, 2)
    whole = Labeller(BrightnessModel(), scale=1.5).segment(ramp)
    for resizable in (True, False):
        model = BrightnessModel(resizable)
        tiled = Labeller(model, scale=1.5, tile=resizable).segment(ramp)
        assert set(model.seen) == {(HEIGHT, WIDTH, 3)}
        assert len(model.seen) > 20
        assert (tiled.ids != whole.ids).mean() < 0.01
        np.testing.assert_allclose(tiled.confidence, whole.confidence, atol=0.1)


def test_a_large_image_is_never_seen_as_a_whole(labeller, model, monkeypatch):
    monkeypatch.setattr("roadseg.inference.labeller._LARGEST", 1000)
    labeller.segment(np.full((200, 64, 3), 255, np.uint8))
    assert set(model.seen) == {(HEIGHT, WIDTH, 3)}
    model.seen.clear()
    monkeypatch.setattr("roadseg.inference.labeller._LARGEST", 20_000)
    assert labeller.segment(np.full((2000, 1, 3), 255, np.uint8)).ids.shape == (2000, 1)
    assert sum(height * width for height, width, _ in model.seen) < 300_000  # a narrow strip


def test_flip_averages_with_the_mirror_image(model, halves, monkeypatch):
    def left_is_dark(image):  # whatever it shows
        logits = np.zeros((*image.shape[:2], 3), np.float32)
        logits[:, : image.shape[1] // 2, DARK] = 9
        return logits

    plain = Labeller(model, flip=True).segment(halves)
    np.testing.assert_array_equal(plain.ids, Labeller(model).segment(halves).ids)
    monkeypatch.setattr(model, "logits", left_is_dark)
    both = Labeller(model, flip=True).segment(halves).confidence
    np.testing.assert_allclose(both, both[:, ::-1], rtol=1e-5)


def test_threads_take_turns_with_the_network(model, halves, monkeypatch):
    inside, logits = [], model.logits

    def counted(image):
        inside.append(image)
        assert len(inside) == 1
        result = logits(image)
        inside.clear()
        return result

    monkeypatch.setattr(model, "logits", counted)
    assert len(list(in_order(Labeller(model).segment, 8 * [halves]))) == len(model.seen) == 8


def test_weights_that_ship_label_a_file_of_any_size(tmp_path):
    image = np.random.default_rng(0).integers(0, 256, (70, 90, 3), np.uint8)
    Image.fromarray(image).save(tmp_path / "road.png")
    opened = inference.open("simple_plus-camvid")
    assert opened.card.class_names == CamVid.class_names
    assert opened.card.image_shape == (360, 480, 3)
    assert "487 CamVid and rendered frames" in str(opened.card)
    overlay = inference.segment(tmp_path / "road.png", opened).overlay()
    assert overlay.width == 90
    assert overlay.height > 70


def test_a_runs_folder_labels_with_its_best_network(frames, tmp_path):
    run = runs.train_tiny(frames, tmp_path)
    opened = inference.open(run.folder)
    assert opened.card == run.card
    (image,), _ = frames.read([0])
    expected = run.load_best().predict_on_batch(image[None])[0].argmax(-1)
    np.testing.assert_array_equal(opened.segment(image).ids, expected)


def test_a_network_of_any_size_sees_the_whole_image_and_one_of_one_size_keeps_it(frames, halves):
    network = networks.build("simple", frames.image_shape, frames.num_classes)
    opened = KerasModel(network, frames)
    assert opened.resizable
    image = np.random.default_rng(0).integers(0, 256, (48, 40, 3), np.uint8)
    np.testing.assert_allclose(opened.logits(image), network.predict_on_batch(image[None])[0], atol=1e-5)
    layers = keras.Input((HEIGHT, WIDTH, 3)), keras.layers.Conv2D(3, 1)
    opened = KerasModel(keras.Sequential(layers), BrightnessModel.card)
    assert not opened.resizable
    assert Labeller(opened).segment(halves).ids.shape == (40, 64)


def test_a_folder_without_a_run_and_a_name_of_nothing_are_refused(tmp_path):
    with pytest.raises(TrainingError, match="no finished run"):
        inference.open(tmp_path)
    for name in ("smple", "edgesegnet", "simple-camvid"):
        with pytest.raises(ValueError, match=rf"{name}: no file, .*simple, .*simple_plus-camvid"):
            inference.open(name)

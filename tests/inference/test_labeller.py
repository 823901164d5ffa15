import threading

import numpy as np
import pytest
from PIL import Image

from roadseg.inference import Labeller, segment
from tests.inference.conftest import HEIGHT, NAMES, WIDTH, BrightnessModel

DARK, BRIGHT = 0, 2


def test_an_image_is_labelled_at_its_own_size(labeller, model, halves):
    result = labeller.segment(halves)
    assert model.seen == [(HEIGHT, WIDTH, 3)]
    np.testing.assert_array_equal(result.image, halves)
    assert (result.ids[:, :31] == DARK).all()
    assert (result.ids[:, 33:] == BRIGHT).all()
    assert result.confidence[0, 0] > 0.99
    assert result.entropy[0, 0] < 0.01 < result.entropy[0, 31]
    assert result.class_names == NAMES


@pytest.mark.parametrize(
    ("size", "seen"),
    [
        ((64, 40), (WIDTH, HEIGHT)),
        ((62, 39), (WIDTH, HEIGHT)),  # as good as the same shape
        ((3840, 2160), (WIDTH, HEIGHT)),
        ((40, 64), (WIDTH, 48)),  # portrait
        ((16, 10), (WIDTH, HEIGHT)),  # smaller than in training
        ((1000, 10), (WIDTH, 16)),  # never below the least that the network takes
    ],
)
def test_images_are_scaled_to_the_width_in_training(labeller, model, size, seen):
    result = labeller.segment(Image.new("RGB", size, "white"))
    assert model.seen == [(*seen[::-1], 3)]
    assert result.ids.shape == size[::-1]
    assert (result.ids == BRIGHT).all()


def test_the_scale_can_be_chosen(model):
    Labeller(model, scale=1).segment(np.zeros((100, 96, 3), np.uint8))
    assert model.seen == [(96, 96, 3)]
    with pytest.raises(ValueError, match="scale 0"):
        Labeller(model, scale=0)


@pytest.mark.parametrize("resizable", [True, False])
def test_windows_have_the_size_in_training_and_agree_with_the_whole(resizable):
    ramp = np.repeat(np.linspace(0, 255, 300).astype(np.uint8)[None, :, None], 150, 0).repeat(3, 2)
    model = BrightnessModel(resizable)
    tiled = Labeller(model, scale=1.5, tile=resizable).segment(ramp)
    assert set(model.seen) == {(HEIGHT, WIDTH, 3)}
    assert len(model.seen) > 20
    whole = Labeller(BrightnessModel(), scale=1.5).segment(ramp)
    assert (tiled.ids != whole.ids).mean() < 0.01
    np.testing.assert_allclose(tiled.confidence, whole.confidence, atol=0.1)


def test_tiles_are_shrunk_as_much_as_the_images_in_training(model):
    Labeller(model, tile=True).segment(np.zeros((2 * HEIGHT, 2 * WIDTH, 3), np.uint8))
    assert model.seen == [(HEIGHT, WIDTH, 3)]


@pytest.mark.parametrize("size", [(10, 300), (300, 10), (8, 8), (150, 100)])
def test_a_network_of_one_size_sees_images_of_every_shape(size):
    model = BrightnessModel(resizable=False)
    result = Labeller(model).segment(np.full((*size, 3), 255, np.uint8))
    assert set(model.seen) == {(HEIGHT, WIDTH, 3)}
    assert result.ids.shape == size
    assert (result.ids == BRIGHT).all()


def test_a_large_image_is_never_seen_as_a_whole(labeller, model, monkeypatch):
    monkeypatch.setattr("roadseg.inference.labeller._LARGEST", 1000)
    labeller.segment(np.full((200, 64, 3), 255, np.uint8))
    assert set(model.seen) == {(HEIGHT, WIDTH, 3)}


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


def test_segment_takes_a_path_and_an_open_network(labeller, halves, tmp_path):
    Image.fromarray(halves).save(tmp_path / "road.png")
    result = segment(tmp_path / "road.png", labeller)
    np.testing.assert_array_equal(result.ids, labeller.segment(halves).ids)


def test_threads_take_turns_with_the_network(model, halves, monkeypatch):
    inside, logits = [], model.logits

    def counted(image):
        inside.append(threading.get_ident())
        assert len(inside) == 1
        result = logits(image)
        inside.clear()
        return result

    monkeypatch.setattr(model, "logits", counted)
    labeller = Labeller(model)
    threads = [threading.Thread(target=labeller.segment, args=(halves,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(model.seen) == 8

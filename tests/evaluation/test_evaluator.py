import numpy as np
import pytest
from PIL import Image

from roadseg import evaluation, networks
from roadseg.data import preprocess, sources, store
from roadseg.evaluation import metrics
from tests.evaluation.oracle import Oracle


@pytest.fixture(scope="module")
def full_size(raw, tmp_path_factory):
    target = tmp_path_factory.mktemp("full")
    preprocess.to_hdf5(sources.open(raw), target, scale=1, progress=False)
    return store.open(target)


def test_the_batch_size_changes_nothing(frames):
    network = networks.build("simple", frames.image_shape, frames.num_classes, policy="float32")
    indices = [3, 8, 1, 15, 2, 4]
    images, labels = frames.read(indices)
    predicted = network.predict_on_batch(images).argmax(-1)
    expected = metrics.confusion_matrix(labels, predicted, frames.num_classes)
    alone = evaluation.confusion_matrix_of(network, frames, indices)
    assert np.array_equal(alone, expected)
    for batch_size in (1, 5, 16):
        result = evaluation.evaluate(network, frames, indices, batch_size)
        assert np.array_equal(result.confusion, expected)


def test_upsampled_logits_are_compared_with_the_labels_of_the_full_size(frames, full_size):
    oracle, chosen = Oracle(frames), [2, 9]
    result = evaluation.evaluate(oracle, frames, chosen, full_size=full_size)
    height, width, _ = full_size.image_shape
    predicted = []
    for logits in oracle.predict_on_batch(frames.read(chosen)[0]).astype(np.float32):
        planes = [Image.fromarray(plane) for plane in np.moveaxis(logits, -1, 0)]
        upsampled = [plane.resize((width, height), Image.Resampling.BILINEAR) for plane in planes]
        predicted.append(np.argmax(upsampled, axis=0))
    truth = full_size.read(chosen)[1]
    expected = metrics.confusion_matrix(truth, np.stack(predicted), frames.num_classes)
    assert np.array_equal(result.confusion, expected)
    assert 0.9 < result.pixel_accuracy < 1  # edges are lost


def test_full_size_frames_are_the_same_frames_uncropped(frames, full_size, tmp_path, raw):
    preprocess.to_hdf5(sources.open(raw), tmp_path / "world", ["0001"], scale=1, progress=False)
    preprocess.to_hdf5(sources.open(raw), tmp_path / "cropped", scale=4, progress=False)
    cropped = store.open(tmp_path / "cropped")  # 60 x 96 of 63 x 96
    for smaller, larger in ((frames, store.open(tmp_path / "world")), (cropped, full_size)):
        with pytest.raises(ValueError, match="not the frames and classes of"):
            evaluation.evaluate(Oracle(smaller), smaller, full_size=larger)


def test_a_network_for_other_classes_or_another_size_is_refused(frames):
    other = networks.build("simple", frames.image_shape, 11)
    with pytest.raises(ValueError, match=r"has 11 classes, but .* has 14"):
        evaluation.evaluate(other, frames)
    oracle = Oracle(frames)
    oracle.input_shape = (None, None, 31, 3)
    with pytest.raises(ValueError, match=r"takes images \(None, 31, 3\), but"):
        evaluation.evaluate(oracle, frames)
    oracle.input_shape = (None, None, None, 3)
    assert evaluation.evaluate(oracle, frames, [0]).mean_iou == 1


def test_classes_are_compared_by_name_where_the_network_knows_its_own(frames):
    names = tuple(name.upper() for name in frames.class_names[::-1])
    oracle = Oracle(frames, dict(zip(frames.class_names, names[::-1], strict=True)), names)
    assert evaluation.evaluate(oracle, frames, [0, 9]).pixel_accuracy < 0.1
    oracle.class_names = names
    assert evaluation.evaluate(oracle, frames, [0, 9]).pixel_accuracy == 1
    ((_, truth, predicted),) = evaluation.predict(oracle, frames, [0])
    assert np.array_equal(truth, predicted)
    oracle.class_names = ("Animal", *names[1:])
    with pytest.raises(ValueError, match=r"the network knows Animal, .*; map them with a table"):
        evaluation.evaluate(oracle, frames)
    pretrained = networks.load_pretrained("simple")
    assert pretrained.class_names == networks.model_card("simple").class_names


def test_frames_are_ranked_from_the_best_to_the_worst_without_those_that_nobody_labelled(
    frames, monkeypatch
):
    scores = iter([0.5, np.nan, 0.9, 0.1])
    monkeypatch.setattr(metrics, "frame_mean_iou", lambda *_: next(scores))
    assert evaluation.ranked_frames(Oracle(frames), frames, [4, 2, 7, 5]) == [7, 4, 5]


def test_logits_that_are_not_numbers_and_positions_that_are_not_in_the_store_are_refused(frames):
    spoilt = networks.build("simple", frames.image_shape, frames.num_classes)
    spoilt.set_weights([np.full_like(values, np.nan) for values in spoilt.get_weights()])
    with pytest.raises(ValueError, match="logits of simple are not numbers"):
        evaluation.evaluate(spoilt, frames, [0])
    for indices in ([-1], [0, 16]):
        with pytest.raises(ValueError, match="position"):
            evaluation.evaluate(Oracle(frames), frames, indices)

import numpy as np
import pytest
from PIL import Image

from roadseg import evaluation, networks
from roadseg.data import preprocess, sources, store
from roadseg.evaluation import metrics
from tests.evaluation.oracle import Oracle


@pytest.fixture(scope="module")
def network(frames):
    return networks.build("simple", frames.image_shape, frames.num_classes, policy="float32")


def test_perfect_predictions_score_one(frames):
    result = evaluation.evaluate(Oracle(frames), frames)
    assert result.pixel_accuracy == result.mean_iou == result.frequency_weighted_iou == 1
    assert result.mean_class_accuracy == 1
    assert result.confusion.dtype == np.int64
    assert result.confusion.sum() == frames.labels[:].size


def test_the_confusion_matrix_alone_is_the_same(frames):
    oracle, chosen = Oracle(frames, (1, 2)), [0, 3, 5]
    confusion = evaluation.evaluate(oracle, frames, chosen).confusion
    assert np.array_equal(evaluation.confusion_matrix_of(oracle, frames, chosen), confusion)


@pytest.mark.parametrize("batch_size", [1, 5, 16])
def test_the_batch_size_changes_nothing(network, frames, batch_size):
    indices = [3, 8, 1, 15, 2, 4]
    result = evaluation.evaluate(network, frames, indices, batch_size)
    images, labels = frames.read(indices)
    predicted = network.predict_on_batch(images).argmax(-1)
    expected = metrics.confusion_matrix(labels, predicted, frames.num_classes)
    assert np.array_equal(result.confusion, expected)


@pytest.fixture(scope="module")
def full_size(raw, tmp_path_factory):
    target = tmp_path_factory.mktemp("full")
    preprocess.to_hdf5(sources.open(raw), target, scale=1, progress=False)
    return store.open(target)


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


def test_full_size_frames_must_be_the_same_frames(frames, tmp_path, raw):
    preprocess.to_hdf5(sources.open(raw), tmp_path, ["0001"], scale=1, progress=False)
    with pytest.raises(ValueError, match="has other frames or classes than"):
        evaluation.evaluate(Oracle(frames), frames, full_size=store.open(tmp_path))


def test_cropped_frames_have_no_full_size(raw, full_size, tmp_path):
    preprocess.to_hdf5(sources.open(raw), tmp_path, scale=4, progress=False)  # 60 x 96 of 63 x 96
    smaller = store.open(tmp_path)
    with pytest.raises(ValueError, match="are not a larger size of the 24 x 15"):
        evaluation.evaluate(Oracle(smaller), smaller, full_size=full_size)


def test_frames_are_scored_one_by_one(frames):
    scores = evaluation.frame_scores(Oracle(frames), frames, [4, 2])
    assert scores.tolist() == [1, 1]


def test_a_network_for_other_classes_is_refused(frames):
    other = networks.build("simple", frames.image_shape, 11)
    with pytest.raises(ValueError, match=r"has 11 classes, but .* has 14"):
        evaluation.evaluate(other, frames)
    other = networks.build("simple", (32, 32, 3), 14)
    with pytest.raises(ValueError, match=r"takes images \(32, 32, 3\), but"):
        evaluation.evaluate(other, frames)


def test_frames_are_ranked_from_the_best_to_the_worst_without_those_that_nobody_labelled(
    frames, monkeypatch
):
    scores = np.array([0.5, np.nan, 0.9, 0.1])
    monkeypatch.setattr(evaluation.evaluator, "frame_scores", lambda *_: scores)
    assert evaluation.ranked_frames(Oracle(frames), frames, [4, 2, 7, 5]) == [7, 4, 5]


def test_logits_that_are_not_numbers_are_refused(network, frames):
    spoilt = networks.build("simple", frames.image_shape, frames.num_classes)
    spoilt.set_weights([np.full_like(values, np.nan) for values in spoilt.get_weights()])
    with pytest.raises(ValueError, match="logits of simple are not numbers"):
        evaluation.evaluate(spoilt, frames, [0])


@pytest.mark.parametrize("indices", [[-1], [0, 16], [0.5], [True, False]])
def test_positions_that_are_not_in_the_store_are_refused(frames, indices):
    with pytest.raises((ValueError, TypeError)):
        evaluation.evaluate(Oracle(frames), frames, indices)


@pytest.mark.parametrize("batch_size", [0, -1])
def test_no_frames_at_a_time_are_refused(frames, batch_size):
    with pytest.raises(ValueError, match="at least 1 frame"):
        evaluation.confusion_matrix_of(Oracle(frames), frames, batch_size=batch_size)

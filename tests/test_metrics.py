import numpy as np
import pytest
from sklearn.metrics import confusion_matrix as reference_confusion
from sklearn.metrics import jaccard_score

from roadseg import metrics
from roadseg.classes import IGNORE


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("num_classes", [2, 5, 14])
def test_agrees_with_scikit_learn_on_random_labels(seed, num_classes):
    generator = np.random.default_rng(seed)
    labels = generator.integers(0, num_classes, (3, 40, 50)).astype(np.uint8)
    predictions = np.where(generator.random(labels.shape) < 0.7, labels, (labels + 1) % num_classes)
    labels[generator.random(labels.shape) < 0.1] = IGNORE
    confusion = metrics.confusion_matrix(labels, predictions, num_classes)
    known = labels != IGNORE
    truth, predicted = labels[known], predictions[known]
    ids = range(num_classes)
    assert confusion.dtype == np.int64
    assert np.array_equal(confusion, reference_confusion(truth, predicted, labels=ids))
    expected = jaccard_score(truth, predicted, labels=ids, average=None)
    assert metrics.iou(confusion) == pytest.approx(expected)
    assert metrics.mean_iou(confusion) == pytest.approx(jaccard_score(truth, predicted, average="macro"))
    weighted = jaccard_score(truth, predicted, average="weighted")
    assert metrics.frequency_weighted_iou(confusion) == pytest.approx(weighted)
    assert metrics.pixel_accuracy(confusion) == pytest.approx((truth == predicted).mean())


def test_a_case_worked_by_hand():
    labels = np.array([[0, 0, 1, 1], [1, 1, 2, IGNORE]])
    predictions = np.array([[0, 1, 1, 1], [1, 0, 0, 0]])
    confusion = metrics.confusion_matrix(labels, predictions, 5)
    assert confusion[:3, :3].tolist() == [[1, 1, 0], [1, 3, 0], [1, 0, 0]]
    assert metrics.pixel_accuracy(confusion) == 4 / 7
    assert metrics.iou(confusion)[:3].tolist() == [1 / 4, 3 / 5, 0]
    assert metrics.class_accuracy(confusion)[:3].tolist() == [1 / 2, 3 / 4, 0]
    assert np.isnan(metrics.iou(confusion)[3:]).all()
    assert metrics.mean_iou(confusion) == pytest.approx((1 / 4 + 3 / 5) / 3)
    assert metrics.mean_class_accuracy(confusion) == pytest.approx((1 / 2 + 3 / 4) / 3)
    assert metrics.frequency_weighted_iou(confusion) == pytest.approx(2 / 7 / 4 + 4 / 7 * 3 / 5)


def test_a_class_only_predicted_has_iou_zero_and_counts():
    confusion = metrics.confusion_matrix(np.array([0, 0]), np.array([0, 1]), 3)
    assert metrics.iou(confusion)[:2].tolist() == [0.5, 0]
    assert metrics.mean_iou(confusion) == 0.25
    assert metrics.mean_class_accuracy(confusion) == 0.5


def test_nothing_labelled_has_no_score():
    confusion = metrics.confusion_matrix(np.array([IGNORE]), np.array([0]), 3)
    assert np.isnan(metrics.mean_iou(confusion))
    assert np.isnan(metrics.pixel_accuracy(confusion))


@pytest.mark.parametrize(
    ("labels", "predictions"), [([3], [0]), ([-1], [0]), ([0], [3]), ([0], [IGNORE])]
)
def test_ids_beyond_the_classes_are_errors(labels, predictions):
    with pytest.raises(ValueError, match="3 classes"):
        metrics.confusion_matrix(np.array(labels), np.array(predictions), 3)


def test_shapes_must_agree():
    with pytest.raises(ValueError, match="differ"):
        metrics.confusion_matrix(np.zeros((2, 3), int), np.zeros((3, 2), int), 3)


def test_running_scores_are_those_of_all_batches_together():
    generator = np.random.default_rng(0)
    labels = generator.integers(0, 4, (6, 8, 9)).astype(np.uint8)
    labels[0, :3] = IGNORE
    logits = generator.normal(size=(6, 8, 9, 5)).astype(np.float32)
    running = metrics.RunningScores(5)
    for start in (0, 2, 4):
        running.update_state(labels[start : start + 2], logits[start : start + 2])
    confusion = metrics.confusion_matrix(labels, logits.argmax(-1), 5)
    scores = running.result()
    assert float(scores["accuracy"]) == pytest.approx(metrics.pixel_accuracy(confusion))
    assert float(scores["mean_iou"]) == pytest.approx(metrics.mean_iou(confusion))
    running.reset_state()
    assert float(running.result()["accuracy"]) == 0


@pytest.mark.parametrize("num_classes", [2, 14])
def test_the_originals_metric_is_a_constant_for_whatever_is_unsure(num_classes):
    generator = np.random.default_rng(0)
    labels = generator.integers(0, num_classes, (2, 10, 12))
    for logits in (generator.normal(size=(2, 10, 12, num_classes)), 3 * np.eye(num_classes)[labels]):
        wrong = metrics.original_mean_iou(labels, logits.astype(np.float32))
        assert wrong == pytest.approx((num_classes - 1) / (2 * num_classes))
    certain = 1000 * np.eye(num_classes)[labels]
    assert metrics.original_mean_iou(labels, certain.astype(np.float32)) == pytest.approx(1)

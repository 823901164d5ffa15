import keras
import numpy as np
import pytest
from sklearn.metrics import confusion_matrix as reference_confusion
from sklearn.metrics import jaccard_score

from roadseg import evaluation
from roadseg.data.classes import IGNORE
from roadseg.evaluation import metrics
from roadseg.training.losses import CrossEntropy, CrossEntropyAndLovasz, LovaszSoftmax


def evaluated(confusion):
    """The evaluation of these counts, with no boundaries."""
    count = len(confusion)
    return evaluation.Evaluation(confusion, np.zeros((count, 4), int), tuple("abcdefghijklmn"[:count]))


def test_agrees_with_scikit_learn_on_random_labels():
    for num_classes in (2, 14):
        generator = np.random.default_rng(num_classes)
        labels = generator.integers(0, num_classes, (3, 40, 50)).astype(np.uint8)
        predictions = np.where(generator.random(labels.shape) < 0.7, labels, (labels + 1) % num_classes)
        labels[generator.random(labels.shape) < 0.1] = IGNORE
        confusion = metrics.confusion_matrix(labels, predictions, num_classes)
        truth, predicted = labels[labels != IGNORE], predictions[labels != IGNORE]
        ids, result = range(num_classes), evaluated(confusion)
        assert confusion.dtype == np.int64
        assert np.array_equal(confusion, reference_confusion(truth, predicted, labels=ids))
        iou = {
            average: jaccard_score(truth, predicted, labels=ids, average=average)
            for average in (None, "macro", "weighted")
        }
        assert result.iou == pytest.approx(iou[None])
        assert result.mean_iou == pytest.approx(iou["macro"])
        assert result.frequency_weighted_iou == pytest.approx(iou["weighted"])
        assert result.pixel_accuracy == pytest.approx((truth == predicted).mean())


def test_a_case_worked_by_hand():
    labels = np.array([[0, 0, 1, 1], [1, 1, 2, IGNORE]])
    predictions = np.array([[0, 1, 1, 1], [1, 0, 0, 0]])
    confusion = metrics.confusion_matrix(labels, predictions, 5)
    assert confusion[:3, :3].tolist() == [[1, 1, 0], [1, 3, 0], [1, 0, 0]]
    result = evaluated(confusion)
    assert result.pixel_accuracy == 4 / 7
    assert result.iou[:3].tolist() == [1 / 4, 3 / 5, 0]
    assert result.class_accuracy[:3].tolist() == [1 / 2, 3 / 4, 0]
    assert result.class_shares.tolist() == [2 / 7, 4 / 7, 1 / 7, 0, 0]
    assert np.isnan(result.iou[3:]).all()
    assert result.mean_iou == pytest.approx((1 / 4 + 3 / 5) / 3)
    assert result.mean_class_accuracy == pytest.approx((1 / 2 + 3 / 4) / 3)
    assert result.frequency_weighted_iou == pytest.approx(2 / 7 / 4 + 4 / 7 * 3 / 5)


def test_a_class_only_predicted_has_iou_zero_and_counts_and_nothing_labelled_has_no_score():
    result = evaluated(metrics.confusion_matrix(np.array([0, 0]), np.array([0, 1]), 3))
    assert result.iou[:2].tolist() == [0.5, 0]
    assert (result.mean_iou, result.mean_class_accuracy) == (0.25, 0.5)
    result = evaluated(metrics.confusion_matrix(np.array([IGNORE]), np.array([0]), 3))
    assert np.isnan([result.mean_iou, result.pixel_accuracy]).all()


def test_what_are_no_class_ids_of_the_same_shape_is_refused():
    for labels, predictions in (([3], [0]), ([-1], [0]), ([0], [3]), ([0], [IGNORE])):
        with pytest.raises(ValueError, match="3 classes"):
            metrics.confusion_matrix(np.array(labels), np.array(predictions), 3)
    ids = np.zeros((2, 3), np.uint8)
    with pytest.raises(ValueError, match="differ"):
        metrics.confusion_matrix(ids, ids.T, 3)
    for pair in ((ids, ids.astype(np.float32)), (ids.astype(np.float32), ids)):
        with pytest.raises(ValueError, match=r"not class ids; .* argmax"):
            metrics.confusion_matrix(*pair, 3)


def test_the_originals_metric_is_a_constant_for_whatever_is_unsure():
    num_classes = 14
    generator = np.random.default_rng(0)
    labels = generator.integers(0, num_classes, (2, 10, 12))
    for logits in (generator.normal(size=(2, 10, 12, num_classes)), 3 * np.eye(num_classes)[labels]):
        wrong = metrics.original_mean_iou(labels, logits.astype(np.float32))
        assert wrong == pytest.approx((num_classes - 1) / (2 * num_classes))
    certain = 1000 * np.eye(num_classes)[labels]
    assert metrics.original_mean_iou(labels, certain.astype(np.float32)) == pytest.approx(1)


def test_boundary_counts_of_a_case_worked_by_hand():
    """A step that lies three columns beside the true one, half of it; the last row is not labelled."""
    labels = np.zeros((5, 10), np.uint8)
    labels[:, 5:] = 1
    labels[4] = IGNORE
    predictions = np.zeros((5, 10), np.uint8)
    predictions[:2, 5:] = 1
    predictions[2:, 8:] = 1
    counts = metrics.boundary_counts(labels, predictions, 3)
    # Truth: columns 4 and 5 in rows 0..3. Prediction of class 0: column 4 in rows 0 and 1, columns 5..7
    # in row 2, column 7 in row 3. Of class 1: columns 5..7 in row 1, 5 in row 0, column 8 in rows 2, 3.
    assert counts.tolist() == [[4, 4, 6, 4], [4, 4, 6, 4], [0, 0, 0, 0]]
    scores = metrics.boundary_f_scores(counts)
    assert scores[:2] == pytest.approx(2 * 1 * (4 / 6) / (1 + 4 / 6))
    assert np.isnan(scores[2])
    batch = metrics.boundary_counts(np.stack([labels] * 2), np.stack([predictions] * 2), 3)
    assert batch.tolist() == (2 * counts).tolist()
    never_true = metrics.boundary_counts(np.zeros((4, 4), int), np.diag([0, 2, 0, 0]), 3)
    assert metrics.boundary_f_scores(never_true)[[0, 2]].tolist() == [0, 0]


def batch():
    generator = np.random.default_rng(0)
    labels = generator.integers(0, 4, (6, 8, 9)).astype(np.uint8)
    labels[0, :3] = IGNORE
    return labels, generator.normal(size=(6, 8, 9, 5)).astype(np.float32)


def test_running_scores_are_those_of_all_batches_together():
    labels, logits = batch()
    for stride in (1, 3):
        running = metrics.RunningScores(5, stride)
        for part in (slice(0, 2), slice(2, 6)):
            running.update_state(labels[part], logits[part])
        counted = labels[:, ::stride, ::stride], logits.argmax(-1)[:, ::stride, ::stride]
        confusion = metrics.confusion_matrix(*counted, 5)
        scores = running.result()
        assert float(scores["accuracy"]) == pytest.approx(metrics.pixel_accuracy(confusion))
        assert float(scores["mean_iou"]) == pytest.approx(metrics.mean_iou(confusion))
        again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(running))
        assert again.get_config() == running.get_config()


def test_losses_and_running_scores_take_class_ids_with_or_without_a_channel_axis_and_nothing_else():
    labels, logits = batch()
    running = metrics.RunningScores(5, stride=1)
    for take in (CrossEntropy(), LovaszSoftmax(), CrossEntropyAndLovasz(CrossEntropy(), 1.0)):
        assert float(take(labels[..., None], logits)) == float(take(labels, logits))
    for take in (CrossEntropy(), LovaszSoftmax(), running.update_state):
        for shape in ((6, 8, 7), (1, 8, 9), (6, 8, 9, 5), (6 * 8 * 9,), (6, 1, 8, 9)):
            with pytest.raises(ValueError, match="do not belong to logits"):
                take(np.zeros(shape, np.uint8), logits)
    running.update_state(labels[..., None], logits)
    expected = metrics.confusion_matrix(labels[..., None], logits.argmax(-1), 5)
    assert np.array_equal(running.confusion, expected)
    network = keras.Sequential([keras.Input((8, 9, 5)), keras.layers.Conv2D(5, 1)])
    network.compile("sgd", CrossEntropy(), metrics=[metrics.RunningScores(5)])
    with_axis = network.evaluate(logits, labels[..., None], verbose=0)
    assert with_axis == pytest.approx(network.evaluate(logits, labels, verbose=0))

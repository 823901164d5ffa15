import keras
import numpy as np
import pytest

from roadseg.data.classes import IGNORE
from roadseg.evaluation import metrics
from roadseg.evaluation.metrics import RunningScores
from roadseg.training.losses import CrossEntropy, CrossEntropyAndLovasz, LovaszSoftmax

TAKERS = {
    "cross-entropy": CrossEntropy(),
    "Lovász": LovaszSoftmax(),
    "both": CrossEntropyAndLovasz(CrossEntropy(), 1.0),
    "running scores": RunningScores(4, stride=1).update_state,
}


@pytest.fixture(params=TAKERS)
def take(request):
    return TAKERS[request.param]


@pytest.fixture
def case():
    generator = np.random.default_rng(0)
    labels = generator.integers(0, 4, (2, 6, 8)).astype(np.uint8)
    labels[0, 0] = IGNORE
    return labels, generator.normal(size=(2, 6, 8, 4)).astype(np.float32)


@pytest.mark.parametrize("loss", [each for each in TAKERS.values() if isinstance(each, keras.Loss)])
def test_a_channel_axis_of_the_labels_changes_no_loss(loss, case):
    labels, logits = case
    assert float(loss(labels[..., None], logits)) == float(loss(labels, logits))


def test_a_channel_axis_of_the_labels_changes_no_score(case):
    labels, logits = case
    plain, with_axis = RunningScores(4), RunningScores(4)
    plain.update_state(labels, logits)
    with_axis.update_state(labels[..., None], logits)
    assert np.array_equal(plain.confusion, with_axis.confusion)


@pytest.mark.parametrize("shape", [(2, 6, 7), (1, 6, 8), (2, 6, 8, 4), (96,), (2, 1, 6, 8)])
def test_labels_of_another_shape_are_refused(take, case, shape):
    with pytest.raises(ValueError, match="do not belong to logits"):
        take(np.zeros(shape, np.uint8), case[1])


@pytest.mark.parametrize("wrong", [4, 254, -1, 0.5, np.nan])
def test_labels_outside_the_classes_are_refused(take, case, wrong):
    labels, logits = case
    labels = labels.astype(np.float32)
    labels[1, 2, 3] = wrong
    with pytest.raises(ValueError, match="is not one of 4 class ids"):
        take(labels, logits)


def test_one_hot_labels_are_refused(take, case):
    labels, logits = case
    with pytest.raises(ValueError, match="do not belong to logits"):
        take(np.eye(4)[np.where(labels == IGNORE, 0, labels)], logits)


@pytest.mark.parametrize("loss", [each for each in TAKERS.values() if isinstance(each, keras.Loss)])
def test_a_training_takes_masks_with_a_channel_axis(loss, case):
    labels, logits = case
    network = keras.Sequential([keras.Input((6, 8, 4)), keras.layers.Conv2D(4, 1)])
    network.compile("sgd", loss, metrics=[RunningScores(4)])
    with_axis = network.evaluate(logits, labels[..., None], verbose=0)
    assert with_axis == pytest.approx(network.evaluate(logits, labels, verbose=0))


@pytest.mark.parametrize("dtype", [np.float32, np.float64, bool])
def test_a_confusion_matrix_of_what_is_not_ids_is_refused(case, dtype):
    labels, logits = case
    for pair in ((labels, labels.astype(dtype)), (labels.astype(dtype), labels)):
        with pytest.raises(ValueError, match=r"not class ids; .* argmax"):
            metrics.confusion_matrix(*pair, 4)
    probabilities = keras.ops.convert_to_numpy(keras.ops.softmax(logits))
    with pytest.raises(ValueError, match="not class ids"):
        metrics.confusion_matrix(labels, probabilities.max(-1), 4)


def test_a_confusion_matrix_drops_a_channel_axis(case):
    labels, logits = case
    predictions = logits.argmax(-1)
    expected = metrics.confusion_matrix(labels, predictions, 4)
    for pair in ((labels[..., None], predictions), (labels, predictions[..., None])):
        assert np.array_equal(metrics.confusion_matrix(*pair, 4), expected)


def test_boundaries_are_those_of_one_image(case):
    with pytest.raises(ValueError, match="boundaries of one image"):
        metrics.boundary_counts(case[0], case[0], 4)

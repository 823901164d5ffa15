import keras
import numpy as np
import pytest

from roadseg import networks
from roadseg.data.classes import IGNORE
from roadseg.evaluation import metrics
from roadseg.evaluation.metrics import RunningScores
from roadseg.training.recipes import RECIPES
from tests.networks.noise import noise


@pytest.mark.parametrize("stride", [1, 3])
def test_running_scores_are_those_of_all_batches_together(stride):
    generator = np.random.default_rng(0)
    labels = generator.integers(0, 4, (6, 8, 9)).astype(np.uint8)
    labels[0, :3] = IGNORE
    logits = generator.normal(size=(6, 8, 9, 5)).astype(np.float32)
    running = RunningScores(5, stride)
    for start in (0, 2, 4):
        running.update_state(labels[start : start + 2], logits[start : start + 2])
    counted = labels[:, ::stride, ::stride], logits.argmax(-1)[:, ::stride, ::stride]
    confusion = metrics.confusion_matrix(*counted, 5)
    scores = running.result()
    assert float(scores["accuracy"]) == pytest.approx(metrics.pixel_accuracy(confusion))
    assert float(scores["mean_iou"]) == pytest.approx(metrics.mean_iou(confusion))
    running.reset_state()
    assert float(running.result()["accuracy"]) == 0


def trained():
    network = networks.build("simple", (16, 24, 3), 4)
    recipe = RECIPES["quick"]
    network.compile(
        recipe.make_optimizer(3), recipe.make_loss(np.ones(4, int)), metrics=[RunningScores(4, stride=2)]
    )
    images, labels = noise((16, 24, 3)), np.zeros((2, 16, 24), np.uint8)
    network.train_on_batch(images, labels)
    return network, images, labels


def test_a_trained_network_can_be_saved_loaded_and_trained_on(tmp_path):
    network, images, labels = trained()
    network.save(tmp_path / "network.keras")
    loaded = keras.saving.load_model(tmp_path / "network.keras")
    assert np.array_equal(loaded.predict_on_batch(images), network.predict_on_batch(images))
    losses = [each.train_on_batch(images, labels) for each in (network, loaded)]
    assert losses[0] == pytest.approx(losses[1])
    for mine, its in zip(network.get_weights(), loaded.get_weights(), strict=True):
        assert mine == pytest.approx(its, abs=1e-6)  # biases decay in neither


def test_a_trained_network_can_be_cloned():
    network, images, _ = trained()
    clone = keras.models.clone_model(network)
    clone.set_weights(network.get_weights())
    assert np.array_equal(clone.predict_on_batch(images), network.predict_on_batch(images))


def test_saved_scores_come_back_as_they_were():
    scores = RunningScores(4, stride=3, name="mine")
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(scores))
    assert again.get_config() == scores.get_config()
    assert (again.num_classes, again.stride, again.name) == (4, 3, "mine")

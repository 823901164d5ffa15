import numpy as np
import pytest

from roadseg.data.classes import IGNORE
from roadseg.evaluation import metrics
from roadseg.evaluation.running_scores import RunningScores


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

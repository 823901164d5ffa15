import json

import numpy as np
import pytest

from roadseg import evaluation
from roadseg.evaluation import metrics
from tests.evaluation.oracle import Oracle


@pytest.fixture(scope="module")
def mistaken(frames):
    """The evaluation of a network that takes poles for sky."""
    return evaluation.evaluate(Oracle(frames, {"Pole": "Sky"}), frames)


def test_text_and_table_have_every_metric_and_state_their_policy(mistaken, frames):
    assert 0 < mistaken.iou[mistaken.class_names.index("Sky")] < 1
    lines = [line.split() for line in str(mistaken).splitlines()]
    assert ["mean", "IoU", f"{mistaken.mean_iou:.3f}"] in lines
    assert ["Pole", "0.000", "0.000"] in lines
    assert ["Misc", "absent", "absent"] in lines
    assert "a class in neither truth nor prediction has no IoU" in str(mistaken)
    assert f"within {metrics.BOUNDARY_TOLERANCE} pixels" in str(mistaken)
    table = mistaken.table()
    assert tuple(table.index) == frames.class_names
    assert list(table.columns) == ["pixel share", "accuracy", "IoU"]
    pixels = frames.class_pixels(range(len(frames)))
    assert table["pixel share"].to_numpy() == pytest.approx(pixels / pixels.sum())
    assert table.loc["Pole", "accuracy"] == table.loc["Pole", "IoU"] == 0
    assert np.isnan(table.loc["Misc", "IoU"])
    assert "absent class, left out of means" in str(table)


def test_saved_as_json_it_comes_back_as_it_was_and_anything_else_is_refused(mistaken):
    saved = json.loads(json.dumps(mistaken.as_dict(), allow_nan=False))
    assert saved["iou"]["Misc"] is saved["class_accuracy"]["Misc"] is None
    assert saved["absent_classes"] in str(mistaken)
    loaded = evaluation.Evaluation.from_dict(saved)
    assert np.array_equal(loaded.confusion, mistaken.confusion)
    assert np.array_equal(loaded.boundaries, mistaken.boundaries)
    assert loaded.as_dict() == mistaken.as_dict()
    for other in ({"iou": saved["iou"]}, saved | {"iou": {"Sky": 1.0}}, [saved]):
        with pytest.raises(ValueError, match="not a saved evaluation"):
            evaluation.Evaluation.from_dict(other)


def test_results_are_compared_side_by_side(mistaken, frames):
    perfect = evaluation.evaluate(Oracle(frames), frames)
    table = evaluation.compare({"perfect": perfect, "mistaken": mistaken})
    assert list(table.columns) == ["perfect", "mistaken"]
    assert table.loc["mean IoU"].tolist() == [1, mistaken.mean_iou]
    assert table.loc["mean boundary F-score"].tolist() == [1, mistaken.mean_boundary_f_score]
    assert table.loc["IoU of Pole"].tolist() == [1, 0]
    assert table.loc["IoU of Misc"].isna().all()
    assert mistaken.mean_boundary_f_score < 1
    assert "absent class, left out of means" in str(table)
    other = evaluation.Evaluation(mistaken.confusion, mistaken.boundaries, tuple("abcdefghijklmn"))
    with pytest.raises(ValueError, match="need the same classes"):
        evaluation.compare({"one": mistaken, "other": other})

"""Evaluation: a network labels frames, the pixels are counted, and every metric follows from the counts.

metrics: the numbers, from a confusion matrix and from boundary pixels. evaluator: a network on frames.
evaluation: the metrics of an evaluation, as text and as tables. transfer: a network on frames with other
classes.
"""

from roadseg.evaluation.evaluation import Evaluation, compare
from roadseg.evaluation.evaluator import (
    check_compatible,
    confusion_matrix_of,
    evaluate,
    frame_scores,
    predict,
    ranked_frames,
)
from roadseg.evaluation.transfer import evaluate_transfer

__all__ = [
    "Evaluation",
    "check_compatible",
    "compare",
    "confusion_matrix_of",
    "evaluate",
    "evaluate_transfer",
    "frame_scores",
    "predict",
    "ranked_frames",
]

"""Evaluation: a network labels frames, the pixels are counted, and every metric follows from the counts.

metrics: the numbers, from a confusion matrix and from boundary pixels. evaluator: a network on frames,
also on those with other classes. evaluation: the metrics of an evaluation, as text and as tables.
"""

from roadseg.evaluation.evaluation import Evaluation, compare
from roadseg.evaluation.evaluator import (
    check_compatible,
    confusion_matrix_of,
    evaluate,
    evaluate_transfer,
    mean_confidence,
    predict,
    ranked_frames,
)

__all__ = [
    "Evaluation",
    "check_compatible",
    "compare",
    "confusion_matrix_of",
    "evaluate",
    "evaluate_transfer",
    "mean_confidence",
    "predict",
    "ranked_frames",
]

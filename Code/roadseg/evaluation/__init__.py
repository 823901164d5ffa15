"""Evaluation: counts over all chosen frames, and every metric from them."""

from roadseg.evaluation.evaluator import (
    Evaluation,
    check_fit,
    compare,
    confusion_on,
    evaluate,
    frame_scores,
    predict,
)

__all__ = [
    "Evaluation",
    "check_fit",
    "compare",
    "confusion_on",
    "evaluate",
    "frame_scores",
    "predict",
]

"""Semantic segmentation of urban road scenes on small machines.

The packages, in the order of the data's way:

    data         raw frames -> compressed store -> split -> batches
    networks     raw images -> logits; pretrained weights
    training     train() by a recipe, resumable
    evaluation   predictions, counts and metrics
    plots        every figure
    inference    images, folders and videos of one's own

A package imports only from those before it. None is imported here, so that reading and preprocessing
data never start TensorFlow.
"""

import os
import sys
import warnings

from roadseg import quiet_start

# TensorFlow turns oneDNN on by default only for CPUs with AVX-512, but it is faster with AVX2 as well
# (benchmarks/training_speed.py). TensorFlow reads the variable when it is imported.
if "tensorflow" in sys.modules and "TF_ENABLE_ONEDNN_OPTS" not in os.environ:
    warnings.warn(
        "TensorFlow was imported before roadseg, which can no longer turn oneDNN on. Without it, "
        "training takes much longer on many CPUs. Import roadseg first",
        stacklevel=2,
    )
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # errors are raised as well
quiet_start.install()

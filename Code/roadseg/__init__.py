"""Semantic segmentation of urban road scenes on small machines.

The modules in the order of the data's way:

    sources -> preprocess -> store -> splits -> batches -> networks -> training -> evaluation
    -> figures

No module is imported here, so that reading and preprocessing data never start TensorFlow.
"""

import os
import sys
import warnings

from roadseg import quiet_start

# TensorFlow turns oneDNN on by itself only for CPUs with AVX-512; with AVX2 it is faster as well
# (benchmarks/training_speed.py). Read when TensorFlow is imported.
if "tensorflow" in sys.modules and "TF_ENABLE_ONEDNN_OPTS" not in os.environ:
    warnings.warn(
        "TensorFlow was imported before roadseg, which can no longer turn oneDNN on; without it, "
        "training takes much longer on many CPUs. Import roadseg first",
        stacklevel=2,
    )
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # warnings, not the log of its start
quiet_start.install()

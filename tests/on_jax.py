"""What tests/test_jax.py compares with TensorFlow, in a process of its own: FOLDER STORE."""

import contextlib
import json
import sys
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest

from roadseg import networks
from roadseg.data import store
from tests.training import runs


def main(folder: Path, frames: store.FrameStore) -> None:
    assert keras.backend.backend() == "jax"
    with np.load(folder / "case.npz") as case:
        images, labels, logits = case["images"], case["labels"], case["logits"]
    results = {}
    for name in networks.NETWORKS:
        network = keras.saving.load_model(folder / f"{name}.keras")
        results[name] = network.predict_on_batch(images)
    with pytest.raises(ValueError, match="give uint8"):
        network.predict_on_batch(images / 255)
    losses = map(keras.saving.deserialize_keras_object, json.loads((folder / "losses.json").read_text()))
    results["losses"] = [float(loss(labels, logits)) for loss in losses]
    np.savez(folder / "results.npz", **results)
    recipe = replace(runs.TINY, epochs=2, lovasz=0.5, ohem_share=0.5)
    with contextlib.suppress(KeyboardInterrupt):
        runs.train_tiny(frames, folder / "run", recipe, callbacks=[runs.StopAfter(3)])
    runs.train_tiny(frames, folder / "run", recipe)


if __name__ == "__main__":
    main(Path(sys.argv[1]), store.open(sys.argv[2]))

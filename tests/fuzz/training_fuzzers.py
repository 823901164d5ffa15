"""Fuzzers of networks, training and evaluation: what they read from disk, and what they are given."""

import contextlib
import dataclasses
import io
import json
import os
import shutil
import tempfile
import warnings
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import keras
import numpy as np

from roadseg import evaluation, networks, training
from roadseg.data import preprocess, sources, store
from roadseg.data.classes import IGNORE
from roadseg.errors import TrainingError
from roadseg.evaluation import metrics
from roadseg.evaluation.metrics import RunningScores
from roadseg.training.losses import CrossEntropy, CrossEntropyAndLovasz, LovaszSoftmax
from roadseg.training.manifest import FILES, Fingerprint, Manifest
from tests import raw_data
from tests.fuzz import Fuzzer, Outcome
from tests.fuzz.mutations import mutate, mutate_text
from tests.training import runs

_RECIPE = dataclasses.replace(runs.TINY, epochs=3)
_TEXTS = (".json", ".csv")


@cache
def _folder() -> Path:
    """Of this process: two runs of other settings, both finished and unfinished, and their frames."""
    warnings.simplefilter("ignore")
    folder = Path(tempfile.mkdtemp(prefix="fuzz-"))
    tree = raw_data.virtual_kitti_1(folder / "raw", ("0001/clone", "0002/clone"), frames=6)
    preprocess.to_hdf5(sources.open(tree), folder / "store", workers=1, progress=False)
    _train(folder / "finished", folder)
    _train(folder / "other finished", folder, dataclasses.replace(_RECIPE, learning_rate=1e-3))
    for name, recipe in (("", _RECIPE), ("other ", dataclasses.replace(_RECIPE, learning_rate=1e-3))):
        with contextlib.suppress(KeyboardInterrupt):
            _train(folder / f"{name}unfinished", folder, recipe, callbacks=[runs.StopAfter(5)])
    return folder


def _train(run: Path, folder: Path, recipe: training.Recipe = _RECIPE, **options) -> training.Run:
    keras.utils.clear_session()
    frames = _frames(folder)
    with runs.eagerly():
        return runs.train_tiny(frames, run, recipe, **options)


@cache
def _frames(folder: Path) -> store.FrameStore:
    return store.open(folder / "store")


@cache
def _expected() -> tuple:
    return runs.everything_but_times(training.open_run(_folder() / "finished"))


def _attempt(expected: object, use: Callable[[], object], other: Outcome | None = None) -> Outcome:
    """other: the outcome for another result, where a format cannot tell; None: that is a fault."""
    try:
        found = use()
    except (ValueError, TrainingError):
        return Outcome.REFUSED
    if found == expected:
        return Outcome.SAME
    assert other, f"{str(found)[:300]} instead of {str(expected)[:300]}"
    return other


def _damaged_copy(name: str, rng: np.random.Generator, forge: bool = False) -> Path:
    """A copy of a run with one file, or two, changed, lost or exchanged."""
    run = _folder() / "copy"
    shutil.rmtree(run, ignore_errors=True)
    shutil.copytree(_folder() / name, run)
    files = [each for each in (*FILES, "manifest.json") if (run / each).exists()]
    files = [each for each in files if each != "manifest.json"] if forge else files
    for each in rng.choice(files, int(rng.integers(1, 3)), replace=False):
        _damage(run / each, _folder() / f"other {name}" / each, rng, 0.9 if forge else 0.6)
    if forge:
        manifest = Manifest.load(run / "manifest.json")
        known = {each: Fingerprint.of(run / each) for each in manifest.files if (run / each).is_file()}
        Manifest(manifest.epochs, manifest.files | known).save(run / "manifest.json")
    return run


def _damage(path: Path, others: Path, rng: np.random.Generator, mutated: float) -> None:
    content = path.read_bytes()
    if rng.random() < mutated:
        change = mutate_text if path.suffix in _TEXTS else mutate
        path.write_bytes(change(content, rng))
        return
    match rng.integers(5):
        case 0:
            path.unlink()
        case 1:
            path.write_bytes(b"")
        case 2:
            shutil.copyfile(others, path)
        case 3:
            path.unlink()
            os.mkfifo(path)
        case 4:
            path.write_bytes(content[: int(rng.integers(len(content)))])


def _use_run(run: Path, other: Outcome | None = None) -> Outcome:
    return _attempt(_expected(), lambda: runs.everything_but_times(_train(run, _folder())), other)


def _finished_run(rng: np.random.Generator) -> Outcome:
    return _use_run(_damaged_copy("finished", rng))


def _unfinished_run(rng: np.random.Generator) -> Outcome:
    return _use_run(_damaged_copy("unfinished", rng))


def _opened_run(rng: np.random.Generator) -> Outcome:
    run = _damaged_copy("finished", rng)
    return _attempt(_expected(), lambda: runs.everything_but_times(training.open_run(run)))


def _forged_run(rng: np.random.Generator) -> Outcome:
    """Whoever writes a manifest to match can write anything; it must be refused or used."""
    name = ("finished", "unfinished")[rng.integers(2)]
    return _use_run(_damaged_copy(name, rng, forge=True), Outcome.OTHER)


def _prolonged_run(rng: np.random.Generator) -> Outcome:
    run, longer = _damaged_copy(("finished", "unfinished")[rng.integers(2)], rng), _folder() / "longer"
    shutil.rmtree(longer, ignore_errors=True)
    frames = _frames(_folder())

    def use() -> str:
        keras.utils.clear_session()
        with runs.eagerly():
            made = training.prolong(run, runs.tiny_for(frames), frames, 4, longer, progress=False)
        return f"{len(made.history['loss'])} epochs"

    return _attempt("4 epochs", use)


@cache
def _best() -> tuple[bytes, list[bytes]]:
    path = _folder() / "finished/best.keras"
    return path.read_bytes(), _weights(networks.load(path))


def _weights(network: keras.Model) -> list[bytes]:
    return [values.tobytes() for values in network.get_weights()]


def _network_file(rng: np.random.Generator) -> Outcome:
    content, expected = _best()
    path = _folder() / "damaged.keras"
    path.write_bytes(mutate(content, rng, ends=400))
    return _attempt(expected, lambda: _weights(networks.load(path)), Outcome.OTHER)


def _forged_network_file(rng: np.random.Generator) -> Outcome:
    """The parts are damaged, and the checksums of the archive are right."""
    content, expected = _best()
    path = _folder() / "forged.keras"
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(path, "w") as new:
        chosen = rng.choice(old.namelist())
        for name in old.namelist():
            part = old.read(name)
            change = mutate if name.endswith(".h5") else mutate_text
            new.writestr(name, change(part, rng) if name == chosen else part)
    return _attempt(expected, lambda: _weights(networks.load(path)), Outcome.OTHER)


def _saved_evaluation(rng: np.random.Generator) -> Outcome:
    content = (_folder() / "finished/metrics.json").read_bytes()
    expected = str(evaluation.Evaluation.from_dict(json.loads(content)))
    try:
        damaged = json.loads(mutate_text(content, rng))
    except (ValueError, RecursionError):  # Python's own
        return Outcome.REFUSED
    return _attempt(expected, lambda: str(evaluation.Evaluation.from_dict(damaged)), Outcome.OTHER)


_ODD = (
    -1, 0, 1, 2, 0.5, 0.9, 1e-30, 1e30, 1e39, 10**400, 2**32, float("nan"), float("inf"), True, None,
    "1", "rmsprop", [1], np.float32(0.3), np.int64(3), np.uint8(1), np.bool_(1), np.float64("nan"),
    np.zeros(2), np.array(0.5), 1j, b"1", {},
)  # fmt: skip
_PLAUSIBLE = (0, 1, 2, 0.5, 0.9, np.float32(0.3), np.int64(3), np.uint8(1))


def _recipe(rng: np.random.Generator) -> Outcome:
    """A recipe that is made can be used."""
    names = [field.name for field in dataclasses.fields(training.Recipe)]
    values = _ODD if rng.random() < 0.5 else _PLAUSIBLE
    changes = {name: values[rng.integers(len(values))] for name in rng.choice(names, rng.integers(1, 4))}

    def use() -> str:
        recipe = dataclasses.replace(_RECIPE, **changes)
        json.dumps(dataclasses.asdict(recipe), allow_nan=False)
        steps = 3
        if recipe.epochs < 1000:
            assert float(recipe.make_optimizer(steps).learning_rate) >= 0
        recipe.make_loss(np.array([5, 0, 7]))
        return "used"

    return _attempt("used", use)


def _class_ids(rng: np.random.Generator) -> Outcome:
    """Labels of odd shapes, types and values give the right numbers, or are refused."""
    classes, shape = int(rng.integers(2, 6)), tuple(int(n) for n in rng.integers(1, 5, 3))
    ids = rng.integers(0, classes, shape)
    ids[rng.random(shape) < 0.2] = IGNORE
    logits = rng.normal(size=(*shape, classes)).astype(np.float32)
    given = ids.astype(rng.choice(["u1", "i2", "i8", "f4", "f8"]))
    is_right = True
    match rng.integers(8):
        case 0:
            given = given[..., None]
        case 1:
            given, is_right = given.astype("i4"), False
            given.flat[rng.integers(given.size)] = rng.choice([classes, -1, 254, 1000, -(2**31)])
        case 2:
            given, is_right = given.astype("f4"), False
            given.flat[rng.integers(given.size)] = rng.choice([0.5, np.nan, np.inf, -0.1])
        case 3:
            given = given.reshape(rng.permutation(given.shape))
            is_right = given.shape == ids.shape and np.array_equal(given, ids)
        case 4:
            given, is_right = logits, False
        case 5:
            given, is_right = given[None], False
    predictions = logits.argmax(-1)
    takers = {
        "cross-entropy": lambda labels: float(CrossEntropy()(labels, logits)),
        "lovasz": lambda labels: float(LovaszSoftmax()(labels, logits)),
        "both": lambda labels: float(CrossEntropyAndLovasz(CrossEntropy(), 1.0)(labels, logits)),
        "scores": lambda labels: _scores(labels, logits),
        "confusion": lambda labels: metrics.confusion_matrix(labels, predictions, classes).tolist(),
    }
    take = takers[rng.choice(list(takers))]
    outcome = _attempt(take(ids), lambda: take(given))
    assert is_right or outcome == Outcome.REFUSED or given.size == ids.size == 1, (
        f"{given.dtype} {given}"
    )
    return outcome


def _scores(labels: np.ndarray, logits: np.ndarray) -> list:
    scores = RunningScores(logits.shape[-1], stride=1)
    scores.update_state(labels, logits)
    return np.array(scores.confusion).tolist()


FUZZERS: dict[str, Fuzzer] = {
    "finished run": _finished_run,
    "unfinished run": _unfinished_run,
    "opened run": _opened_run,
    "forged run": _forged_run,
    "prolonged run": _prolonged_run,
    "network file": _network_file,
    "forged network file": _forged_network_file,
    "saved evaluation": _saved_evaluation,
    "recipe": _recipe,
    "class ids": _class_ids,
}

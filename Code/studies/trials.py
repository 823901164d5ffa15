"""Trainings to compare: each is made once, continues when interrupted, and leaves one small file."""

import json
import math
import re
import statistics
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import keras
import numpy as np

from benchmarks import common
from roadseg import evaluation, networks, training
from roadseg.data.splits import Split
from roadseg.data.store import FrameStore
from roadseg.errors import DataError
from roadseg.files import atomic_write
from roadseg.networks.cost import multiply_adds
from roadseg.training.recipes import Recipe

RESULTS = common.CODE / "benchmarks" / "results"
_RUNS = common.CODE / "Runs"
_EVERY = 4  # one training frame in so many is evaluated as well
_RARE = 0.02  # a class is rare that has a smaller share of the training pixels


@dataclass(frozen=True)
class Trial:
    """One training; the seed in its recipe is also that of the initial weights.

    In float32, so that figures of machines with and without bfloat16 arithmetic can be compared.
    """

    name: str
    network: str
    recipe: Recipe
    options: Mapping[str, object] = field(default_factory=dict)

    @property
    def file_name(self) -> str:
        return f"{re.sub(r'[^a-z0-9]+', '-', self.name.lower())}-{self.recipe.seed}"

    def build(self, frames: FrameStore) -> keras.Model:
        return self.build_for(frames.image_shape, frames.num_classes)

    def build_for(self, image_shape: tuple[int, int, int], num_classes: int) -> keras.Model:
        return networks.build(
            self.network, image_shape, num_classes, self.recipe.seed, "float32", **self.options
        )


def run(
    trials: Iterable[Trial],
    frames: FrameStore,
    split: Split,
    study: str,
    full_size: FrameStore | None = None,
    rare_in: Split | None = None,
) -> list[dict]:
    """The results of all trials, read from RESULTS / study or measured now and written there.

    full_size: the same frames in their full size, to evaluate enlarged logits on as well.
    rare_in: of whose training frames the rare classes are; None: of split's.
    """
    rare = _rare(frames, rare_in or split)
    return [_result(trial, frames, split, study, full_size, rare) for trial in trials]


def _rare(frames: FrameStore, split: Split) -> np.ndarray:
    """bool (C): which classes occur in the training frames, but in few pixels."""
    pixels = frames.class_pixels(split.train)
    return (pixels > 0) & (pixels < _RARE * pixels.sum())


def _result(
    trial: Trial,
    frames: FrameStore,
    split: Split,
    study: str,
    full_size: FrameStore | None,
    rare: np.ndarray,
) -> dict:
    path, network = RESULTS / study / f"{trial.file_name}.json", trial.build(frames)
    made_of = json.loads(
        json.dumps(
            {
                "trial": asdict(trial),
                "network": networks.architecture_digest(network),
                "frames": frames.digest,
                "split": split.description,
                **({} if full_size is None else {"full_size_frames": full_size.digest}),
            }
        )
    )
    if path.is_file():
        result = json.loads(path.read_text("utf-8"))
        if changed := [key for key, value in made_of.items() if result.get(key) != value]:
            raise SystemExit(
                f"{path}: measured with other settings ({', '.join(changed)}); remove it to measure "
                "it again"
            )
        return result
    print(f"{study}: {trial.name}, {trial.recipe.epochs} epochs", flush=True)
    finished = train(trial, network, frames, split)
    learned = evaluation.evaluate(network, frames, split.train[::_EVERY])
    result = made_of | _figures(trial, network, finished, learned, split)
    result["rare_classes"] = _rare_classes(finished.result, rare)
    if full_size is not None:
        enlarged = evaluation.evaluate(network, frames, split.validation, full_size=full_size)
        result["full_size"] = enlarged.as_dict()
    _write(path, result)
    return result


def _write(path: Path, content: dict[str, object]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    atomic_write(path, lambda part: part.write_text(json.dumps(content, indent=1) + "\n", "utf-8"))


def _figures(
    trial: Trial,
    network: keras.Model,
    finished: training.Run,
    learned: evaluation.Evaluation,
    split: Split,
) -> dict[str, object]:
    history, steps = finished.history, _steps(trial, split)
    scores = zip(history["seconds"], history["validation_mean_iou"], strict=True)
    not_validated = [seconds for seconds, score in scores if np.isnan(score)]
    return {
        "machine": common.machine(),
        "parameters": network.count_params(),
        "multiply_adds": multiply_adds(network),
        "updates": trial.recipe.epochs * steps,
        "minutes": finished.metrics["minutes"],
        "ms_per_step": 1000 * min(not_validated or history["seconds"]) / steps,
        "history": {
            name: [None if np.isnan(value) else round(value, 4) for value in values]
            for name, values in history.items()
        },
        "training": {"pixel_accuracy": learned.pixel_accuracy, "mean_iou": learned.mean_iou},
        "validation": {key: value for key, value in finished.metrics.items() if key != "minutes"},
    }


def _rare_classes(result: evaluation.Evaluation, rare: np.ndarray) -> dict[str, object]:
    names = [name for name, each in zip(result.class_names, rare, strict=True) if each]
    return {"names": names, "mean_iou": float(np.nanmean(result.iou[rare])) if names else None}


def _steps(trial: Trial, split: Split) -> int:
    """In an epoch."""
    return math.ceil(len(split.train) / trial.recipe.batch_size)


def train(trial: Trial, network: keras.Model, frames: FrameStore, split: Split) -> training.Run:
    """In a folder of its own for each data set, trial, network, split and recipe."""
    name = training.folder_name(network, split, trial.recipe)
    folder = _RUNS / f"{frames.path.name}-{trial.file_name}-{name}"
    return training.train(network, frames, split, trial.recipe, folder)


def load(trials: Iterable[Trial], study: str) -> list[dict]:
    """The results that `run` has left, of some trials."""
    paths = [RESULTS / study / f"{trial.file_name}.json" for trial in trials]
    if missing := [path.name for path in paths if not path.is_file()]:
        raise DataError(
            f"{RESULTS / study}: {', '.join(missing)} not there; the benchmark of this study measures it"
        )
    return [json.loads(path.read_text("utf-8")) for path in paths]


@dataclass(frozen=True)
class Learned:
    """What is kept of a training's course, for figures.history."""

    history: dict[str, list[float]]


def courses(results: Iterable[dict]) -> dict[str, Learned]:
    """Of each trial, by its name; where several seeds were measured, of the last."""
    return {
        each["trial"]["name"]: Learned(
            {
                name: [math.nan if value is None else value for value in values]
                for name, values in each["history"].items()
            }
        )
        for each in results
    }


def scores(results: Iterable[dict], figure: str) -> dict[str, dict[str, float]]:
    """A figure of merit of each trial, the mean of its seeds, on both parts: for figures.scores."""
    groups, results = {}, list(results)
    for part in ("training", "validation"):
        by_name: dict[str, list[float]] = {}
        for each in results:
            by_name.setdefault(each["trial"]["name"], []).append(each[part][figure])
        groups[part] = {name: statistics.fmean(values) for name, values in by_name.items()}
    return groups


def table(results: Iterable[dict], milliseconds: Mapping[str, float] | None = None) -> str:
    """What is compared, a row a training, narrow enough for a notebook.

    milliseconds: of a step, by the trial's name; None: of each training's fastest epoch.
    """
    columns = ("seed", "M", "GMAC", "ms", "updates", "acc.", "IoU", "acc.", "IoU", "rare", "edge")
    widths = (5, 6, 6, 5, 8, 6, 6, 6, 6, 6, 6)
    results = list(results)
    longest = max(len(each["trial"]["name"]) for each in results)
    groups = " " * (longest + sum(widths[:5])) + f"{'training':>12s}{'validation':>12s}"
    rows = [groups, " " * longest + _row(columns, widths)]
    for each in results:
        name, recipe = each["trial"]["name"], each["trial"]["recipe"]
        learned, held_out = each["training"], each["validation"]
        scores = (
            *(part[figure] for part in (learned, held_out) for figure in ("pixel_accuracy", "mean_iou")),
            each["rare_classes"]["mean_iou"],
            held_out["mean_boundary_f_score"],
        )
        cells = (
            recipe["seed"],
            f"{each['parameters'] / 1e6:.2f}",
            f"{each['multiply_adds'] / 1e9:.2f}",
            f"{milliseconds[name] if milliseconds else each['ms_per_step']:.0f}",
            each["updates"],
            *("none" if score is None else f"{score:.3f}" for score in scores),
        )
        rows.append(f"{name:{longest}s}" + _row(cells, widths))
        if enlarged := each.get("full_size"):
            accuracy, iou = enlarged["pixel_accuracy"], enlarged["mean_iou"]
            rows.append(f"  at full size: accuracy {accuracy:.3f}, IoU {iou:.3f}")
    rows.append(
        "(M: million parameters; GMAC: a picture; ms: a step; rare: mean IoU of the classes below "
        f"{_RARE:.0%}\nof the training pixels; edge: mean boundary F-score)"
    )
    return "\n".join(rows)


def _row(cells: Iterable[object], widths: Iterable[int]) -> str:
    return "".join(f"{cell!s:>{width}s}" for cell, width in zip(cells, widths, strict=True))


def fitted(
    trials: Iterable[Trial], frames: FrameStore, split: Split, minutes: float, study: str
) -> list[Trial]:
    """The trials with as many epochs as fit into equal time.

    That is the time of the steps alone; validation comes on top.
    """
    trials = list(trials)
    measured, long = milliseconds(trials, frames, study), []
    for trial in trials:
        epochs = round(60_000 * minutes / (_steps(trial, split) * measured[trial.name]))
        long.append(replace(trial, recipe=replace(trial.recipe, epochs=max(1, epochs))))
    return long


def milliseconds(trials: Iterable[Trial], frames: FrameStore, study: str) -> dict[str, float]:
    """Of a training step of each trial, in turns, so that a noisy machine is as noisy for all."""
    trials = list(trials)
    built = {trial.name: trial.build(frames) for trial in trials}
    steps = {trial.name: _step(trial.recipe, built[trial.name]) for trial in trials}
    return kept_milliseconds(_compute(study), built, steps, rounds=9)


def load_milliseconds(study: str) -> dict[str, float]:
    """Those that `milliseconds` has left."""
    return load_kept_milliseconds(_compute(study))


def load_kept_milliseconds(path: Path) -> dict[str, float]:
    """Those that `kept_milliseconds` has left."""
    return json.loads(path.read_text("utf-8"))["milliseconds"]


def _compute(study: str) -> Path:
    return RESULTS / study / "compute.json"


def _step(recipe: Recipe, network: keras.Model) -> Callable[[], object]:
    """A training step on random pictures."""
    generator, size = np.random.default_rng(0), (recipe.batch_size, *network.input_shape[1:])
    images = generator.integers(0, 256, size, np.uint8)
    labels = generator.integers(0, network.output_shape[-1], size[:3], np.uint8)
    loss = recipe.make_loss(np.ones(network.output_shape[-1]))
    network.compile(recipe.make_optimizer(1000), loss)
    return lambda: network.train_on_batch(images, labels)


def kept_milliseconds(
    path: Path,
    built: Mapping[str, keras.Model],
    functions: Mapping[str, Callable[[], object]],
    rounds: int,
) -> dict[str, float]:
    """Of a function of each network: the median over rounds in which each is called once.

    Measured once and kept in a file, with the networks' digests and the machine.
    """
    digests = {name: networks.architecture_digest(network) for name, network in built.items()}
    if not path.is_file():
        kept = {"machine": common.machine(), "networks": digests}
        kept["milliseconds"] = _median_in_turns(functions, rounds)
        _write(path, kept)
    kept = json.loads(path.read_text("utf-8"))
    if kept["networks"] != digests:
        changed = [
            name
            for name in {**kept["networks"], **digests}
            if kept["networks"].get(name) != digests.get(name)
        ]
        raise SystemExit(
            f"{path}: measured with other networks ({', '.join(changed)}); remove it to measure it again"
        )
    return kept["milliseconds"]


def _median_in_turns(functions: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Milliseconds: the median over rounds in which each is called once; a first one is not counted."""
    seconds: dict[str, list[float]] = {name: [] for name in functions}
    for _ in range(rounds + 1):
        for name, function in functions.items():
            start = time.perf_counter()
            function()
            seconds[name].append(time.perf_counter() - start)
    return {name: 1000 * statistics.median(times[1:]) for name, times in seconds.items()}

"""Times the training steps of a study's trials, and tells how many epochs fit into some minutes."""

import json
from pathlib import Path

from benchmarks import harness
from benchmarks.training_step import training_step
from roadseg import networks
from roadseg.data.store import FrameStore
from roadseg.errors import DataError
from roadseg.files import atomic_write
from studies.runner.results import RESULTS
from studies.runner.study import Study

_ROUNDS = 9


def step_milliseconds(study: Study, frames: FrameStore, folder: Path = RESULTS) -> dict[str, float]:
    """Milliseconds of a training step, by the name of the trial.

    They are measured once, in turns, and kept in results/STUDY.timing.json with the digests of the
    networks and the machine. Raises DataError if the networks there are not those of the trials.
    """
    built = {trial.name: trial.build(frames.image_shape, frames.num_classes) for trial in study.trials}
    digests = {name: networks.architecture_digest(network) for name, network in built.items()}
    path = _path(study.name, folder)
    if not path.is_file():
        steps = {trial.name: training_step(built[trial.name], trial.recipe) for trial in study.trials}
        measured = {"machine": harness.machine(), "networks": digests}
        _write(path, measured | {"milliseconds": harness.median_ms_in_turns(steps, _ROUNDS)})
    kept = json.loads(path.read_text("utf-8"))
    if changed := [name for name, digest in digests.items() if kept["networks"].get(name) != digest]:
        raise DataError(
            f"{path}: measured with other networks ({', '.join(changed)}); remove it to measure again"
        )
    return kept["milliseconds"]


def load_step_milliseconds(study: Study, folder: Path = RESULTS) -> dict[str, float] | None:
    """What `step_milliseconds` kept; None for a study that does not time steps."""
    if not study.has_step_times:
        return None
    return json.loads(_path(study.name, folder).read_text("utf-8"))["milliseconds"]


def epochs_within(minutes: float, steps_per_epoch: int, milliseconds: float) -> int:
    """How many epochs of training steps fit, rounded; validation comes on top."""
    return max(1, round(60_000 * minutes / (steps_per_epoch * milliseconds)))


def _write(path: Path, content: dict[str, object]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    atomic_write(path, lambda part: part.write_text(json.dumps(content, indent=1) + "\n", "utf-8"))


def _path(name: str, folder: Path) -> Path:
    return folder / f"{name}.timing.json"

"""Run: a finished training, as it is read from its folder."""

from dataclasses import dataclass
from pathlib import Path

import keras

from roadseg.data.splits import Split
from roadseg.errors import TrainingError
from roadseg.evaluation import Evaluation
from roadseg.training.run_folder import RunFolder


@dataclass(frozen=True)
class Run:
    """A finished training.

    Attributes:
        folder: of all its files, see `roadseg.training.run_folder`.
        settings: recipe, network, data, versions and machine.
        split: which frames trained and which validated.
        history: for each metric its value after each epoch; NaN where an epoch was not validated.
        metrics: the evaluation of the best network on the validation frames, and `minutes` of training:
            the wall time of all epochs with reading, validating and saving.
    """

    folder: Path
    settings: dict[str, object]
    split: Split
    history: dict[str, list[float]]
    metrics: dict[str, object]

    @property
    def best(self) -> Path:
        """The file of the network with the best validation mean IoU."""
        return RunFolder(self.folder).best

    @property
    def result(self) -> Evaluation:
        """What `evaluation.evaluate` returned for the best network on the validation frames."""
        return Evaluation.from_dict(self.metrics)

    def load_best(self) -> keras.Model:
        """The network with the best validation mean IoU; raises TrainingError when it was changed."""
        return load_best(self.folder)


def load_best(folder: str | Path) -> keras.Model:
    """The network with the best validation mean IoU so far, of a finished or an interrupted run.

    Raises TrainingError where there is none, or when it was changed.
    """
    files = RunFolder(folder)
    if files.read_manifest() is None or not files.best.exists():
        raise TrainingError(f"{folder}: holds no network that was validated")
    return files.load_best()


def open_run(folder: str | Path) -> Run:
    """The finished run in a folder; raises TrainingError where there is none, or a damaged one."""
    files = RunFolder(folder)
    if not files.is_finished:
        raise TrainingError(f"{folder}: holds no finished run; training.train writes one")
    files.check("best.keras")
    rows = files.read_history()
    return Run(
        folder=files.path,
        settings=files.read_settings(),
        split=files.read_split(),
        history={name: [row[name] for row in rows] for name in rows[0]},
        metrics=files.read_metrics(),
    )

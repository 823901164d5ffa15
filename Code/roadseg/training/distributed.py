"""Training on several devices, in one process or in several, by Keras on JAX.

Every process has its own copy of the network and reads its own part of every batch; JAX adds up what the
devices find, so that a step is that of one device with the whole batch. Process 0 alone reads and writes
the folder of the run.
"""

import contextlib
import json

import keras
import numpy as np

from roadseg.data.batches import Batches
from roadseg.data.classes import IGNORE
from roadseg.errors import TrainingError
from roadseg.evaluation import confusion_matrix_of
from roadseg.training.run import Run, differences
from roadseg.training.trainer import Trainer

_SILENT = 30  # seconds without a sign of life, after which a process counts as lost


def connect(processes: int, coordinator: str, process_id: int) -> None:
    """Waits for the other processes; the next call of `train` trains together with them.

    It comes before the first network, because JAX must know the processes before it computes.

    Args:
        processes: how many train one network together, perhaps on several machines.
        coordinator: "HOST:PORT" of process 0, where the others reach it.
        process_id: which of them this one is, from 0.

    Raises:
        ValueError: Keras does not compute with JAX.
        TrainingError: the process is not one of them, the others did not come, or JAX has computed.
    """
    if keras.backend.backend() != "jax":
        raise ValueError("several processes train with JAX alone: set KERAS_BACKEND=jax")
    import jax

    try:  # not keras.distribution.initialize, which leaves the time-out at 100 seconds
        jax.distributed.initialize(coordinator, processes, process_id, heartbeat_timeout_seconds=_SILENT)
    except (RuntimeError, ValueError) as error:
        reason = str(error).partition("\n")[0]
        raise TrainingError(
            f"process {process_id} of {processes} cannot start at {coordinator} ({reason}); give "
            "HOST:PORT of process 0, and start all within five minutes, with ids from 0"
        )


class DevicesTrainer(Trainer):
    """A training on all devices of all processes, which call `train` in the same way."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.run = _SharedRun(self.run.folder)
        self.progress = self.progress and self.run.leads
        if self.recipe.batch_size % _devices():
            raise ValueError(
                f"{self.recipe.name}: its batch of {self.recipe.batch_size} frames cannot be divided "
                f"among {_devices()} devices; choose a multiple, or show JAX fewer of them"
            )

    def batches(self, pixels: np.ndarray, epoch: int, kind: type[Batches] = Batches) -> Batches:
        """This process's part of each."""
        return super().batches(pixels, epoch, _SharedBatches)

    def fit_model(self, fitted: keras.Model, pixels, batches, callbacks) -> None:
        """Trains a copy that lies on all devices; the network stays on the first one of this process.

        So it can be saved and asked for predictions by one process alone, which a network on all devices
        would wait for the others to do.
        """
        with keras.distribution.DataParallel(auto_shard_dataset=False).scope():
            copy = keras.models.clone_model(fitted)
            self.compile(copy, pixels)
            _copy_state(fitted, copy)
            # They know the network on one device, whose state is up to date when an epoch ends.
            around = [_ToOneDevice(copy, fitted), *callbacks, _ToAllDevices()]
            together = keras.callbacks.CallbackList(around, model=fitted, epochs=self.recipe.epochs)
            super().fit_model(copy, pixels, batches, together)

    def validate(self) -> np.ndarray:
        """int64 (C, C): the sum of what each process counts in its part of the frames."""
        process, processes = _place()
        counts = confusion_matrix_of(
            self.network, self.frames, self.split.validation[process::processes]
        )
        parts = [np.frombuffer(each, np.int64) for each in _exchange(counts.tobytes())]
        return sum(parts).reshape(counts.shape)

    def finish(self) -> None:
        """Process 0 evaluates."""
        if self.run.leads:
            super().finish()


class _SharedRun(Run):
    """Process 0 reads and writes; the others do as it does, and get its state."""

    @property
    def leads(self) -> bool:
        return _place()[0] == 0

    def locked(self):
        return super().locked() if self.leads else contextlib.nullcontext()

    def start(self, network, settings, split) -> None:
        """Raises TrainingError for a process that trains otherwise than process 0."""
        told = {"settings": settings, "split": [split.train, split.validation]}
        if self.leads:
            super().start(network, settings, split)
            told |= {"rows": super().rows, "finished": super().is_finished}
        first, *others = (json.loads(each) for each in _exchange(json.dumps(told).encode()))
        for number, other in enumerate(others, start=1):
            if different := differences(first, first | other):
                raise TrainingError(
                    f"process {number} trains otherwise than process 0: {'; '.join(different)}"
                )
        object.__setattr__(self, "_told", first)  # of a frozen dataclass
        _spread(network.variables)

    @property
    def rows(self) -> list[dict[str, float]]:
        return super().rows if self.leads else self._told["rows"]

    @property
    def is_finished(self) -> bool:
        return super().is_finished if self.leads else self._told["finished"]

    def restore(self, fitted) -> None:
        if self.leads:
            super().restore(fitted)
        _spread([*fitted.variables, *fitted.optimizer.variables])

    def restore_best(self, network) -> None:
        if self.leads:
            super().restore_best(network)
        _spread(network.variables)

    def write(self, name, write) -> None:
        if self.leads:
            super().write(name, write)


class _SharedBatches(Batches):
    """Every device gets as many frames. A short batch is filled with copies whose pixels are ignored.

    They change neither loss nor scores, and the statistics of a batch normalisation less than other
    images would.
    """

    def __getitem__(self, number: int) -> tuple[np.ndarray, np.ndarray]:
        count = min(self.batch_size, len(self.indices) - number * self.batch_size)
        total = -(-count // _devices()) * _devices()
        process, processes = _place()
        places = np.array_split(np.arange(total), processes)[process]
        images, labels = self.batch(self.epoch, number, places % count)
        labels[places >= count] = IGNORE
        return images, self.sampled(labels, number)


class _ToOneDevice(keras.callbacks.Callback):
    """At the end of an epoch, the network on one device gets the state, and the others may use it."""

    def __init__(self, copy: keras.Model, fitted: keras.Model):
        super().__init__()
        self.copy, self.fitted = copy, fitted

    def on_epoch_end(self, epoch, logs=None):
        keras.distribution.set_distribution(None)
        _copy_state(self.copy, self.fitted)


class _ToAllDevices(keras.callbacks.Callback):
    def on_train_begin(self, logs=None):
        self._distribution = keras.distribution.distribution()

    def on_epoch_end(self, epoch, logs=None):
        keras.distribution.set_distribution(self._distribution)


def _copy_state(source: keras.Model, target: keras.Model) -> None:
    """Weights and the optimizer's state."""
    for model, other in ((source, target), (source.optimizer, target.optimizer)):
        for one, two in zip(model.variables, other.variables, strict=True):
            two.assign(keras.ops.convert_to_numpy(one))


def _devices() -> int:
    import jax

    return jax.device_count()


def _place() -> tuple[int, int]:
    """This process and the number of processes."""
    import jax

    return jax.process_index(), jax.process_count()


def _spread(variables: list[keras.Variable]) -> None:
    """Gives the values of process 0 to all processes."""
    if _place()[1] == 1:
        return
    values = [keras.ops.convert_to_numpy(variable) for variable in variables]
    received, start = _exchange(b"".join(value.tobytes() for value in values))[0], 0
    for variable, value in zip(variables, values, strict=True):
        end = start + value.nbytes
        variable.assign(np.frombuffer(received[start:end], value.dtype).reshape(value.shape))
        start = end


def _exchange(content: bytes) -> list[bytes]:
    """What each process gave, on all processes; as bytes, because JAX would cut int64 to int32."""
    from jax.experimental import multihost_utils

    if _place()[1] == 1:
        return [content]
    lengths = multihost_utils.process_allgather(np.array(len(content), np.int32))
    padded = np.zeros(lengths.max(), np.uint8)
    padded[: len(content)] = np.frombuffer(content, np.uint8)
    rows = multihost_utils.process_allgather(padded)
    return [row[:length].tobytes() for row, length in zip(rows, lengths, strict=True)]

"""Training on several devices, in one process or in several, by Keras on JAX.

Every process has its own copy of the network and reads its own part of every batch; JAX adds up what the
devices find, so that a step is that of one device with the whole batch. All processes do the same, but
only process 0 does it in the folder of the run: the others get a copy of it for a while.
"""

import contextlib
import io
import tarfile
import tempfile
from pathlib import Path

import keras
import numpy as np

from roadseg.data.batches import Batches
from roadseg.data.classes import IGNORE
from roadseg.errors import TrainingError
from roadseg.training.run import Run, describe
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

    try:  # not keras.distribution.initialize, which leaves the time-outs at 100 and 300 seconds
        jax.distributed.initialize(
            coordinator,
            processes,
            process_id,
            heartbeat_timeout_seconds=_SILENT,
            shutdown_timeout_seconds=_SILENT,
        )
    except (RuntimeError, ValueError) as error:
        reason = str(error).partition("\n")[0]
        raise TrainingError(
            f"process {process_id} of {processes} cannot start at {coordinator} ({reason}); give "
            "HOST:PORT of process 0, and start all within five minutes, with ids from 0"
        )


class DevicesTrainer(Trainer):
    """A training on all devices of all processes, which call `train` in the same way."""

    def train(self) -> Run:
        """As on one device; in other processes than the first, the run's folder is gone afterwards."""
        import jax
        from jax.experimental import multihost_utils

        if self.recipe.batch_size % jax.device_count():
            raise ValueError(
                f"{self.recipe.name}: its batch of {self.recipe.batch_size} frames cannot be divided "
                f"among {jax.device_count()} devices; choose a multiple, or show JAX fewer of them"
            )
        if jax.process_count() == 1:
            return super().train()
        error = None
        with contextlib.ExitStack() as stack:
            try:
                self._join(stack, describe(self.network, self.frames, self.recipe))
            except TrainingError as caught:
                error = caught
            failed = np.flatnonzero(multihost_utils.process_allgather(np.array(error is not None)))
            if failed.size:  # all end: whoever waited for the others would do so for ever
                raise error or TrainingError(f"process {failed[0]} cannot start; its message says why")
            return super().train()

    def _join(self, stack: contextlib.ExitStack, settings: dict[str, object]) -> None:
        """Process 0 starts the run, or opens it; the others get a copy, which must be their own run."""
        import jax

        if jax.process_index() == 0:
            content = b""
            try:
                with self.run.locked():
                    self.run.start(self.network, settings, self.split)
                content = _packed(self.run.folder)
            finally:
                _from_first(content)
        elif received := _from_first(b""):
            self.progress = False
            self.run = Run(Path(stack.enter_context(tempfile.TemporaryDirectory())))
            with tarfile.open(fileobj=io.BytesIO(received)) as tar:
                tar.extractall(self.run.folder, filter="data")
            self.run.check(settings, self.split)

    def batches(self, pixels: np.ndarray, epoch: int, kind: type[Batches] = Batches) -> Batches:
        """This process's part of each."""
        return super().batches(pixels, epoch, _SharedBatches)

    def fit_model(self, fitted: keras.Model, pixels, batches, callbacks) -> None:
        """Trains a copy that lies on all devices; the network stays on the first one of this process.

        So it can be saved and asked for predictions by one process alone, which a network on all devices
        would wait for the others to do.
        """
        everywhere = keras.distribution.DataParallel(auto_shard_dataset=False)

        def hand_over(logs):
            for each in callbacks:
                each.set_model(fitted)

        def to_one_device(epoch, logs):
            keras.distribution.set_distribution(None)
            _copy_state(copy, fitted)

        def to_all_devices(epoch, logs):
            keras.distribution.set_distribution(everywhere)

        before = keras.callbacks.LambdaCallback(on_train_begin=hand_over, on_epoch_end=to_one_device)
        after = keras.callbacks.LambdaCallback(on_epoch_end=to_all_devices)
        with everywhere.scope():
            copy = keras.models.clone_model(fitted)
            self.compile(copy, pixels)
            _copy_state(fitted, copy)
            super().fit_model(copy, pixels, batches, [before, *callbacks, after])


class _SharedBatches(Batches):
    """Every device gets as many frames. A short batch is filled with copies whose pixels are ignored.

    They change neither loss nor scores, and the statistics of a batch normalisation less than other
    images would.
    """

    def __getitem__(self, number: int) -> tuple[np.ndarray, np.ndarray]:
        import jax

        count = min(self.batch_size, len(self.indices) - number * self.batch_size)
        total = -(-count // jax.device_count()) * jax.device_count()
        places = np.array_split(np.arange(total), jax.process_count())[jax.process_index()]
        images, labels = self.batch(self.epoch, number, places % count)
        labels[places >= count] = IGNORE
        return images, self.sampled(labels, number)


def _copy_state(source: keras.Model, target: keras.Model) -> None:
    """Weights and the optimizer's state."""
    for model, other in ((source, target), (source.optimizer, target.optimizer)):
        for one, two in zip(model.variables, other.variables, strict=True):
            two.assign(keras.ops.convert_to_numpy(one))


def _packed(folder: Path) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        tar.add(folder, ".")
    return buffer.getvalue()


def _from_first(content: bytes) -> bytes:
    """What process 0 gave, on all processes."""
    from jax.experimental import multihost_utils

    length = int(multihost_utils.broadcast_one_to_all(np.array(len(content), np.int32)))
    padded = np.frombuffer(content.ljust(length, b"\0")[:length], np.uint8)
    return multihost_utils.broadcast_one_to_all(padded).tobytes()

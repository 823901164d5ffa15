"""Training on several devices, in one process or in several, by Keras on JAX.

Every process has its own copy of the network and reads its own part of every batch; JAX adds up what the
devices find, so that a step is that of one device with the whole batch. Process 0 alone reads and writes
the folder of the run. The others get its state when they start, and count their part of the validation
frames.
"""

import contextlib
import json
from collections.abc import Iterator, Mapping

import keras
import numpy as np

from roadseg.data.splits import Split
from roadseg.errors import TrainingError
from roadseg.training.feed import Share
from roadseg.training.processes import REMEDY, first_line, has_failed
from roadseg.training.provenance import differences
from roadseg.training.recipes import Recipe

_OF_A_LOST_PROCESS = ("Gloo", "NCCL", "nccl", "UNAVAILABLE", "DEADLINE_EXCEEDED", "coordination service")


class Team:
    """The processes and devices of this training, as JAX knows them: one of each without `connect`."""

    def __init__(self, recipe: Recipe):
        """Raises ValueError when the recipe's batch cannot be divided among the devices.

        Raises TrainingError when these processes have trained before.
        """
        self.share = Share(*_places())
        self._has_told = False
        if not (self.is_alone or _is_connected()):
            raise TrainingError("these processes have trained together already; start new ones")
        if recipe.batch_size % self.share.devices:
            raise ValueError(
                f"{recipe.name}: its batch of {recipe.batch_size} frames cannot be divided among "
                f"{self.share.devices} devices; choose a batch size that is a multiple of it, or show "
                "JAX fewer devices (CUDA_VISIBLE_DEVICES)"
            )

    @property
    def leads(self) -> bool:
        """Whether this process reads and writes the folder of the run."""
        return self.share.process == 0

    @property
    def is_alone(self) -> bool:
        return self.share.processes == 1

    @contextlib.contextmanager
    def together(self) -> Iterator[None]:
        """Tells the others why this process cannot start, and the caller that another one was lost.

        Raises TrainingError when one was.
        """
        try:
            yield
            self._leave()
        except Exception as error:
            has_failed.set()
            with contextlib.suppress(Exception):  # the others may be gone
                self._tell({"error": first_line(error)})
            if self.is_alone or not any(word in str(error) for word in _OF_A_LOST_PROCESS):
                raise
            raise TrainingError(
                f"process {self.share.process} lost another one ({first_line(error)}), whose own "
                f"message says more. {REMEDY}"
            )

    def start(self, settings: Mapping[str, object], split: Split, epochs: int) -> int:
        """Waits for the other processes, which must train in the same way.

        Args:
            settings: of the run.
            split: of the frames.
            epochs: that are finished, as process 0 knows.

        Returns:
            `epochs` of process 0.

        Raises:
            TrainingError: a process cannot start, or has other settings than process 0.
        """
        frames = {"train": split.train, "validation": split.validation}
        told = self._tell({"settings": settings, "split": frames, "epochs": epochs})
        for number, each in enumerate(told):
            if "error" in each:
                raise TrainingError(f"process {number} cannot start: {each['error']}")
            if each["split"] != told[0]["split"]:
                raise TrainingError(f"process {number} has another split than process 0")
            if different := differences(told[0]["settings"], each["settings"]):
                raise TrainingError(
                    f"process {number} has other settings than process 0 ({'; '.join(different)})"
                )
        return told[0]["epochs"] if told else epochs

    def _tell(self, content: dict[str, object]) -> list[dict[str, object]]:
        """What every process tells before the training; empty when the others do not listen."""
        if self.is_alone or self._has_told:
            return []
        self._has_told = True
        return [json.loads(each) for each in self._exchange(json.dumps(content).encode())]

    def spread(self, network: keras.Model) -> None:
        """Gives the weights of process 0 to all, with the optimizer's state if the network has one."""
        if self.is_alone:
            return
        values = [keras.ops.convert_to_numpy(variable) for variable in _state(network)]
        content = b"".join(value.tobytes() for value in values) if self.leads else b""
        received, start = self._exchange(content)[0], 0
        for variable, value in zip(_state(network), values, strict=True):
            end = start + value.nbytes
            variable.assign(np.frombuffer(received[start:end], value.dtype).reshape(value.shape))
            start = end

    def sum(self, counts: np.ndarray) -> np.ndarray:
        """int64 of any shape: the sum over all processes."""
        if self.is_alone:
            return counts
        return sum(
            np.frombuffer(each, np.int64).reshape(counts.shape)
            for each in self._exchange(counts.tobytes())
        )

    def _leave(self) -> None:
        """From now on this process may end, or work on by itself, without being missed."""
        if not self.is_alone:
            import jax

            jax.distributed.shutdown()

    def _exchange(self, content: bytes) -> list[bytes]:
        """What each process gave, on all processes; as bytes, because JAX would cut int64 to int32."""
        from jax.experimental import multihost_utils

        lengths = multihost_utils.process_allgather(np.array(len(content), np.int32))
        padded = np.zeros(lengths.max(), np.uint8)
        padded[: len(content)] = np.frombuffer(content, np.uint8)
        rows = multihost_utils.process_allgather(padded)
        return [row[:length].tobytes() for row, length in zip(rows, lengths, strict=True)]

    @contextlib.contextmanager
    def replica(self, network: keras.Model) -> Iterator[keras.Model]:
        """The network that is trained: itself, or on several devices one that lies on all of them.

        The given network stays on this process's first device. So it can be saved and asked for
        predictions by one process alone, which for a network on all devices would wait for the others.
        """
        if self.share.devices == 1:
            yield network
            return
        with keras.distribution.DataParallel(auto_shard_dataset=False).scope():
            yield keras.models.clone_model(network)


@contextlib.contextmanager
def on_one_device() -> Iterator[None]:
    """New variables belong to this process alone."""
    distribution = keras.distribution.distribution()
    keras.distribution.set_distribution(None)
    try:
        yield
    finally:
        keras.distribution.set_distribution(distribution)


def copy_state(source: keras.Model, target: keras.Model) -> None:
    """Weights and the optimizer's state; nothing to do when both are the same network."""
    if source is not target:
        for one, other in zip(_state(source), _state(target), strict=True):
            other.assign(keras.ops.convert_to_numpy(one))


def _state(network: keras.Model) -> list[keras.Variable]:
    optimizer = getattr(network, "optimizer", None)
    return [*network.variables, *(optimizer.variables if optimizer else ())]


def _places() -> tuple[int, int, int]:
    """This process, the number of processes, the number of all their devices."""
    if keras.backend.backend() != "jax":
        return 0, 1, 1
    import jax

    return jax.process_index(), jax.process_count(), jax.device_count()


def _is_connected() -> bool:
    import jax

    return jax.distributed.is_initialized()

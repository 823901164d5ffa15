"""Training on several devices, in one process or in several, by Keras on JAX.

Every process has its own copy of the network and reads its own part of every batch; JAX adds up what the
devices find, so that a step is that of one device with the whole batch. Process 0 alone reads and writes
the folder of the run. The others get its state when they start, and count their part of the validation
frames.
"""

import contextlib
import ctypes
import json
import os
import signal
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import keras
import numpy as np

from roadseg.data.splits import Split
from roadseg.errors import TrainingError
from roadseg.training.feed import Share
from roadseg.training.provenance import differences
from roadseg.training.recipes import Recipe

_SILENT = 30  # seconds without a sign of life, after which a process counts as lost
_LEAVING = 5  # seconds in which all processes reach the end of a training
_REMEDY = "Finished epochs are kept: start all processes again to continue"
_ENDING = f"\nTrainingError: another process of this training died or fell silent. {_REMEDY}\n".encode()
_OF_A_LOST_PROCESS = ("Gloo", "NCCL", "nccl", "UNAVAILABLE", "DEADLINE_EXCEEDED", "coordination service")


_has_failed = threading.Event()  # with an error that says why


@dataclass(frozen=True)
class Processes:
    """The processes that train one network together.

    Attributes:
        count: of all processes, which may run on several machines.
        coordinator: "HOST:PORT" of process 0, where the others reach it.
        process_id: which of them this one is, from 0.

    Raises:
        ValueError: the process is not one of them, or the coordinator has no port.
    """

    count: int
    coordinator: str
    process_id: int

    def __post_init__(self):
        if not 0 <= self.process_id < self.count:
            raise ValueError(f"process {self.process_id} of {self.count}: they count from 0")
        host, _, port = self.coordinator.rpartition(":")
        if not host or not port.isdecimal():
            raise ValueError(f"coordinator {self.coordinator!r}: HOST:PORT of process 0 is expected")


def connect(processes: Processes) -> None:
    """Waits for the other processes; the next call of `train` trains together with them.

    It comes before the first network, because JAX must know the processes before it computes. After that
    training each process goes its own way; another one needs new processes.

    Raises:
        ValueError: Keras does not compute with JAX.
        TrainingError: the other processes did not come, or JAX has computed already.
    """
    if keras.backend.backend() != "jax":
        raise ValueError("several processes train with JAX alone: set KERAS_BACKEND=jax")
    import jax

    ctypes.CDLL(None).signal(signal.SIGABRT, _end_clearly)
    try:
        # Not keras.distribution.initialize, which leaves the time-outs at 100 and 300 seconds.
        jax.distributed.initialize(
            processes.coordinator,
            processes.count,
            processes.process_id,
            heartbeat_timeout_seconds=_SILENT,
            shutdown_timeout_seconds=_LEAVING,
        )
    except RuntimeError as error:
        raise TrainingError(
            f"process {processes.process_id} cannot join the {processes.count} processes at "
            f"{processes.coordinator} ({_first_line(error)}); start all of them within five minutes, "
            "each with another id"
        )


@ctypes.CFUNCTYPE(None, ctypes.c_int)
def _end_clearly(_: int) -> None:
    """Instead of the abort in C++ with which JAX ends when process 0 dies or another one is silent.

    It comes from a thread of JAX while this one waits for the others, so nothing can be raised; a
    handler of Python's `signal` would not run at all.
    """
    if not _has_failed.is_set():
        os.write(2, _ENDING)
    os._exit(1)


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
            _has_failed.set()
            self._tell({"error": _first_line(error)})
            if self.is_alone or not any(word in str(error) for word in _OF_A_LOST_PROCESS):
                raise
            raise TrainingError(
                f"process {self.share.process} lost another one ({_first_line(error)}), whose own "
                f"message says more. {_REMEDY}"
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


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]

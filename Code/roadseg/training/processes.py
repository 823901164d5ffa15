"""The processes that train together: how they meet, and how one ends when another one dies."""

import ctypes
import os
import signal
import threading
from dataclasses import dataclass

import keras

from roadseg.errors import TrainingError

_SILENT = 30  # seconds without a sign of life, after which a process counts as lost
_LEAVING = 5  # seconds in which all processes reach the end of a training
REMEDY = "Finished epochs are kept: start all processes again to continue"
_ENDING = f"\nTrainingError: another process of this training died or fell silent. {REMEDY}\n".encode()
has_failed = threading.Event()  # with an error that says why


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
            f"{processes.coordinator} ({first_line(error)}); start all of them within five minutes, "
            "each with another id"
        )


@ctypes.CFUNCTYPE(None, ctypes.c_int)
def _end_clearly(_: int) -> None:
    """Instead of the abort in C++ with which JAX ends when process 0 dies or another one is silent.

    It comes from a thread of JAX while this one waits for the others, so nothing can be raised; a
    handler of Python's `signal` would not run at all.
    """
    if not has_failed.is_set():
        os.write(2, _ENDING)
    os._exit(1)


def first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]

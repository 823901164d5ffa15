"""Fuzzers: inputs that are damaged or forged at random, from a seed.

A fuzzer is a function of a generator. It makes one input, uses it as a user would, and returns an
`Outcome`; whatever else it raises, and any hang, crash or hunger for memory, is a fault. The fuzzers of
a room are in the module ROOM_fuzzers.py, in a dictionary FUZZERS by name; ROOMS lists the rooms.

    .venv/bin/python -m tests.fuzz --inputs 15000
"""

import importlib
from collections.abc import Callable
from enum import StrEnum

import numpy as np

import roadseg  # noqa: F401, before TensorFlow

ROOMS = ("data", "training")


class Outcome(StrEnum):
    """What may become of an input."""

    SAME = "same result"
    REFUSED = "refused with a clear error"
    OTHER = "read as other data"  # only where a format has nothing by which to tell


Fuzzer = Callable[[np.random.Generator], Outcome]


def fuzzers(room: str) -> dict[str, Fuzzer]:
    """Those of a room, by name."""
    return importlib.import_module(f"tests.fuzz.{room}_fuzzers").FUZZERS

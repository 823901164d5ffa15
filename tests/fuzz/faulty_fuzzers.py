"""Fuzzers that do what none may do, to see whether the runner notices."""

import os
import time


def _sleep(rng):
    time.sleep(1000)


def _end(rng):
    os._exit(3)


def _fail(rng):
    raise KeyError("raw")


def _eat(rng):
    return bytes(8 << 30)


FUZZERS = {"sleeps": _sleep, "ends": _end, "fails": _fail, "eats": _eat}

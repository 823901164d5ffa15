"""Starts TensorFlow without the lines that it prints at any log level.

At the import, and at the first question about devices, its C++ code writes to standard error that there
is no GPU and that oneDNN is on, which worries new users. A start that fails shows its lines.
"""

import contextlib
import importlib.abc
import importlib.util
import logging
import os
import sys
import tempfile
from collections.abc import Iterator


def install() -> None:
    """Makes the first import of TensorFlow quiet."""
    if "tensorflow" not in sys.modules and not any(isinstance(each, _Finder) for each in sys.meta_path):
        sys.meta_path.insert(0, _Finder())


class _Finder(importlib.abc.MetaPathFinder):
    """Finds TensorFlow where the other finders do, once, and lets it start quietly."""

    def find_spec(self, fullname, path, target=None):
        if fullname != "tensorflow":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(fullname)
        if spec is not None:
            load = spec.loader.exec_module
            spec.loader.exec_module = lambda module: _start(load, module)
        return spec


def _start(load, tensorflow) -> None:
    with muted_stderr():
        load(tensorflow)
        tensorflow.config.list_physical_devices()
    # It warns of retracing whenever several networks take turns.
    logging.getLogger("tensorflow").setLevel(logging.ERROR)


@contextlib.contextmanager
def muted_stderr() -> Iterator[None]:
    """Drops what the process, C++ code included, writes to standard error, unless the body fails."""
    with tempfile.TemporaryFile() as kept:
        sys.stderr.flush()
        visible = os.dup(2)
        os.dup2(kept.fileno(), 2)
        try:
            yield
        except BaseException:
            kept.seek(0)
            os.write(visible, kept.read())
            raise
        finally:
            os.dup2(visible, 2)
            os.close(visible)

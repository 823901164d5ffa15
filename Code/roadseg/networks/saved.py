"""Files of networks and of weights, opened only when they hold as much as they declare.

Keras allocates what a file declares, and HDF5 follows links into other files. So a file must be what
Keras writes: numbers that lie in it uncompressed, and layers that need no more of them than there are.
"""

import io
import json
import math
import zipfile
from pathlib import Path
from typing import BinaryIO

import h5py
import keras

from roadseg.errors import DataError
from roadseg.files import user_path
from roadseg.networks.architecture import refusing_other_than_bytes

_LARGEST = 4_000_000_000  # bytes of a file; a gigabyte of weights and their optimizer's
_WEIGHTS, _CONFIG = "model.weights.h5", "config.json"
_LARGEST_CONFIG = 20_000_000  # bytes
_DEEPEST = 50  # groups within groups


def load(path: str | Path) -> keras.Model:
    """The network in a .keras file, without optimizer; it refuses images that are not uint8.

    Raises DataError for a file that is damaged, or declares more than it holds.
    """
    path = user_path(path)
    check_network_file(path)
    try:
        network = keras.saving.load_model(path, compile=False, safe_mode=True)
        return refusing_other_than_bytes(network)
    except Exception as error:  # Keras raises anything for a wrong configuration
        raise DataError(f"{path}: not a network that Keras can load ({_first_line(error)})")


def check_network_file(path: Path) -> None:
    """Raises DataError unless a .keras file holds what it declares."""
    try:
        with path.open("rb") as file, zipfile.ZipFile(file) as archive:
            _check_members(archive.infolist(), path.stat().st_size)
            weights = io.BytesIO(archive.read(_WEIGHTS))
            numbers = _check_numbers(weights, len(weights.getvalue()))
            _check_layers(json.loads(archive.read(_CONFIG)), numbers)
    except _UNREADABLE as error:
        raise DataError(f"{path}: not a whole network file ({_first_line(error)}); restore or delete it")


def check_weights_file(path: Path) -> None:
    """Raises DataError unless a .weights.h5 file holds what it declares."""
    try:
        with path.open("rb") as file:
            _check_numbers(file, path.stat().st_size)
    except _UNREADABLE as error:
        raise DataError(f"{path}: not a whole weights file ({_first_line(error)}); restore or delete it")


# What zipfile, json and h5py raise for damage.
_UNREADABLE = (
    OSError, ValueError, TypeError, LookupError, RuntimeError, EOFError, NotImplementedError,
    MemoryError, AttributeError, zipfile.BadZipFile,
)  # fmt: skip


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]


def _check_members(members: list[zipfile.ZipInfo], size: int) -> None:
    if any(each.compress_type != zipfile.ZIP_STORED for each in members):
        raise ValueError("compressed, which Keras never does")
    if sum(each.file_size for each in members) > size:
        raise ValueError("its parts declare more bytes than the file has")
    if any(each.filename == _CONFIG and each.file_size > _LARGEST_CONFIG for each in members):
        raise ValueError("its configuration is too long")


def _check_numbers(file: BinaryIO, size: int) -> int:
    """How many numbers an HDF5 file of that many bytes holds."""
    with h5py.File(file, "r") as weights:
        numbers, stored = _numbers_and_bytes(weights.id, size, 0)
    if stored > size:
        raise ValueError("its arrays declare more bytes than the file has")
    return numbers


def _numbers_and_bytes(group: h5py.h5g.GroupID, size: int, depth: int) -> tuple[int, int]:
    """Of all arrays in a group; raises ValueError for links, and for arrays that lie elsewhere."""
    if depth > _DEEPEST:
        raise ValueError("groups within groups without end")
    numbers = stored = 0
    for name in group:
        if group.links.get_info(name).type != h5py.h5l.TYPE_HARD:
            raise ValueError(f"{name!r} is a link to somewhere else")
        found = h5py.h5o.open(group, name)
        if isinstance(found, h5py.h5g.GroupID):
            more = _numbers_and_bytes(found, size, depth + 1)
        else:
            more = _size_of_array(found, name, size)
        numbers, stored = numbers + more[0], stored + more[1]
        if stored > size:
            raise ValueError("its arrays declare more bytes than the file has")
    return numbers, stored


def _size_of_array(array: h5py.h5d.DatasetID, name: bytes, size: int) -> tuple[int, int]:
    created = array.get_create_plist()
    if created.get_external_count() or created.get_layout() != h5py.h5d.CONTIGUOUS:
        raise ValueError(f"{name!r} is not stored in one piece in this file")
    if array.dtype.kind not in "fiub":
        raise ValueError(f"{name!r} does not hold numbers")
    numbers, stored, start = math.prod(array.shape), array.get_storage_size(), array.get_offset()
    if stored != numbers * array.dtype.itemsize or (stored and (start is None or start + stored > size)):
        raise ValueError(f"{name!r} declares more bytes than there are")
    return numbers, stored


def _check_layers(config: object, numbers: int) -> None:
    """Raises ValueError for a kernel of more numbers than the file holds; others are smaller."""
    to_see = [config]
    while to_see:
        each = to_see.pop()
        if isinstance(each, dict):
            if _kernel_size(each) > numbers:
                raise ValueError("a layer needs more weights than the file has")
            to_see += each.values()
        elif isinstance(each, list):
            to_see += each


def _kernel_size(layer: dict) -> int:
    """Numbers in the kernel of a layer's configuration; 0 for everything else."""
    options, built = layer.get("config"), layer.get("build_config")
    if not isinstance(options, dict):
        return 0
    outputs = [options[name] for name in ("filters", "units") if name in options]
    if not outputs:
        return 0
    if not isinstance(built, dict) or not isinstance(built.get("input_shape"), list):
        raise ValueError("a layer does not say for what input it was built")
    places = 1 if "pointwise_initializer" in options else math.prod(options.get("kernel_size", [1]))
    return outputs[0] * places * built["input_shape"][-1]

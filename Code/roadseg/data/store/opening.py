"""Opens the HDF5 file of a store; nothing in it is read before its declared sizes are known to be true.

Damage is found by the seal. But a file can also be made to harm: data sets that lie in other files,
arrays of a terabyte, numbers that are texts. So it must be laid out just as `store.write` does it.
"""

from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np

from roadseg.data.classes import IGNORE
from roadseg.data.store.layout import FORMAT_VERSION
from roadseg.data.store.sealing import check_seal
from roadseg.errors import DataError

_DATA_SETS = {"images": "u1", "labels": "u1", "sequence": "O", "index": "i8", "checksum": "u4"}
_ATTRIBUTES = {
    "format_version": "iu", "complete": "b", "source": "O", "scale": "f", "class_names": "O",
    "palette": "u", "class_maps": "O", "job": "O",
}  # fmt: skip
_BYTES_OF_A_TEXT = 16  # its length, and where it is
_MAX_ATTRIBUTE = 64_000  # bytes
_MAX_PIXELS = 50_000_000  # of an image


@dataclass(frozen=True)
class OpenStore:
    """The open file, and all in it but the pixels.

    names: (sequence, index) of each frame.
    checksums: uint32 (N).
    """

    file: h5py.File
    names: list[tuple[str, int]]
    checksums: np.ndarray
    attributes: dict[str, object]


def open_file(path: Path) -> OpenStore:
    """Raises DataError for anything but a complete store of this format."""
    try:
        check_seal(path)
        file = _open(path)
    except FileNotFoundError:
        raise DataError(f"{path}: no such file; write it with preprocess.to_hdf5")
    except (OSError, RuntimeError, ValueError) as error:
        raise DataError(f"{path}: not a readable HDF5 file ({error}); preprocess again")
    try:
        return _checked(file, path.stat().st_size)
    except _Unfit as error:
        reason = error
    except (OSError, RuntimeError, ValueError, TypeError, LookupError, MemoryError) as error:
        reason = f"damaged: {error}"  # h5py raises all of them
    file.close()
    raise DataError(f"{path}: {reason}; preprocess again")


def _open(path: Path) -> h5py.File:
    """Without HDF5's lock where there is none to be had, or another program has it open to write."""
    try:
        return h5py.File(path, "r")
    except OSError:
        return h5py.File(path, "r", locking=False)


class _Unfit(Exception):
    """The reason why a file is no store."""


def _checked(file: h5py.File, file_size: int) -> OpenStore:
    missing = [name for name in _DATA_SETS if not file.id.links.exists(name.encode())]
    version, complete = (_attribute(file, name) for name in ("format_version", "complete"))
    if missing or version != FORMAT_VERSION or not complete:
        raise _Unfit(
            f"not a complete store of format version {FORMAT_VERSION} (version {version}, "
            f"{len(missing)} data sets missing)"
        )
    for name, kind in _DATA_SETS.items():
        _check_data_set(file, name, kind, file_size)
    _check_shapes(file)
    attributes = {name: _attribute(file, name) for name in file.attrs}
    if missing := _ATTRIBUTES.keys() - attributes.keys():
        raise _Unfit(f"attribute {min(missing)} is missing")
    _check_classes(attributes)
    sequences, indices = file["sequence"].asstr()[:].tolist(), file["index"][:].tolist()
    names, checksums = list(zip(sequences, indices, strict=True)), file["checksum"][:]
    if names != sorted(set(names)):
        raise _Unfit("frames are not sorted or occur twice")
    return OpenStore(file, names, checksums, attributes)


def _attribute(file: h5py.File, name: str) -> object:
    """The value of an attribute, None when there is none; raises _Unfit for another type or size."""
    if name not in file.attrs:
        return None
    found = h5py.h5a.open(file.id, name.encode())
    kinds = _ATTRIBUTES.get(name, "biufO")
    size = int(np.prod(found.shape, dtype=float)) * found.dtype.itemsize
    if found.dtype.kind not in kinds or size > _MAX_ATTRIBUTE:
        raise _Unfit(f"attribute {name} is {found.dtype} {found.shape}")
    if found.shape and name not in ("class_names", "palette"):
        raise _Unfit(f"attribute {name} is an array")
    return file.attrs[name]


def _check_data_set(file: h5py.File, name: str, kind: str, file_size: int) -> None:
    """It lies in this file, one frame a chunk or in one piece, and is as large as it declares."""
    if file.id.links.get_info(name.encode()).type != h5py.h5l.TYPE_HARD:
        raise _Unfit(f"{name} is a link to somewhere else")
    data = file[name]
    if not isinstance(data, h5py.Dataset) or data.shape is None or not data.shape:
        raise _Unfit(f"{name} is not an array")
    is_text = h5py.check_string_dtype(data.dtype) is not None
    if data.dtype.str[1:] != kind or is_text != (kind == "O"):
        raise _Unfit(f"{name} is {data.dtype}")
    created = data.id.get_create_plist()
    if created.get_external_count():
        raise _Unfit(f"{name} lies in another file")
    if kind == "u1":
        _check_chunks(data)
    elif created.get_layout() != h5py.h5d.CONTIGUOUS or data.ndim != 1:
        raise _Unfit(f"{name} is stored in another way")
    else:
        stored, start = data.id.get_storage_size(), data.id.get_offset()
        is_whole = stored == len(data) * (_BYTES_OF_A_TEXT if is_text else data.dtype.itemsize)
        if len(data) and (not is_whole or start is None or start + stored > file_size):
            raise _Unfit(f"{name} declares more than there is")


def _check_chunks(data: h5py.Dataset) -> None:
    created = data.id.get_create_plist()
    filters = [created.get_filter(number)[0] for number in range(created.get_nfilters())]
    if created.get_layout() != h5py.h5d.CHUNKED or data.chunks != (1, *data.shape[1:]):
        raise _Unfit(f"{data.name} is not stored one frame a chunk")
    if filters != [h5py.h5z.FILTER_DEFLATE]:
        raise _Unfit(f"{data.name} is not compressed with gzip alone")
    if np.prod(data.shape[1:], dtype=float) > 3 * _MAX_PIXELS:
        raise _Unfit(f"{data.name} has frames of shape {data.shape[1:]}")


def _check_shapes(file: h5py.File) -> None:
    counts = {name: len(file[name]) for name in _DATA_SETS}
    if len(set(counts.values())) != 1 or not counts["index"]:
        raise _Unfit(f"numbers of frames differ or are zero: {counts}")
    images, labels = file["images"], file["labels"]
    if labels.ndim != 3 or images.shape != (*labels.shape, 3):
        raise _Unfit(f"images {images.shape} and labels {labels.shape} do not belong together")
    for data in (images, labels):
        if data.id.get_num_chunks() != len(data):
            raise _Unfit(f"{data.name} has {data.id.get_num_chunks()} chunks for {len(data)} frames")


def _check_classes(attributes: dict[str, object]) -> None:
    names, palette = attributes["class_names"], attributes["palette"]
    if np.ndim(names) != 1 or not 0 < len(names) < IGNORE:
        raise _Unfit("class_names is not a list of classes")
    if palette.dtype != np.uint8 or palette.shape != (len(names), 3):
        raise _Unfit(f"{len(names)} classes, palette {palette.dtype} {palette.shape}")

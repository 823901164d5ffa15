"""Opens exported files, each in the runtime that it was written for."""

import hashlib
import os
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import ClassVar

import numpy as np

from roadseg import quiet_start
from roadseg.errors import DataError
from roadseg.inference.description import Description
from roadseg.inference.export_metadata import KEY, from_json
from roadseg.inference.export_target import SUFFIXES, check_packages


@dataclass(frozen=True)
class Exported:
    """An exported network in its own runtime, on all cores.

    Attributes:
        path: of the file.
        description: what the file says about itself; its image_shape is the only one.
        precision: "float32", "bfloat16" or "int8".
        run: uint8 (1, H, W, 3) -> what the runtime gives, (1, H, W, C): logits, or for LiteRT in int8
            integers in the same order.
        scale, zero_point: logits are scale * (result - zero_point).
    """

    path: Path
    description: Description
    precision: str
    run: Callable[[np.ndarray], np.ndarray]
    scale: float = 1.0
    zero_point: int = 0

    resizable: ClassVar[bool] = False

    @property
    def minimum_size(self) -> int:
        """The only size."""
        return min(self.description.image_shape[:2])

    @property
    def class_names(self) -> tuple[str, ...]:
        """In the order of their ids."""
        return self.description.class_names

    @property
    def palette(self) -> np.ndarray:
        """uint8 (C, 3)."""
        return np.array(self.description.palette, np.uint8)

    @property
    def size(self) -> tuple[int, int]:
        """(H, W) of the images that it takes."""
        return self.description.image_shape[:2]

    @cached_property
    def digest(self) -> str:
        """Of the files: 16 hexadecimal digits."""
        hashed = hashlib.sha256()
        for file in self._files:
            hashed.update(file.read_bytes())
        return hashed.hexdigest()[:16]

    @property
    def megabytes(self) -> float:
        """Of all files that the runtime needs."""
        return sum(file.stat().st_size for file in self._files) / 1e6

    @property
    def _files(self) -> list[Path]:
        if self.path.is_dir():
            return sorted(file for file in self.path.rglob("*") if file.is_file())
        return [self.path, self.path.with_suffix(".bin")] if self.path.suffix == ".xml" else [self.path]

    def logits(self, image: np.ndarray) -> np.ndarray:
        """Image uint8 (H, W, 3) -> float32 (H, W, C); raises ValueError for another image."""
        result = self._run_checked(image).astype(np.float32)  # a copy
        return np.float32(self.scale) * (result - np.float32(self.zero_point))

    def label(self, image: np.ndarray) -> np.ndarray:
        """Image uint8 (H, W, 3) -> class ids uint8 (H, W); raises ValueError for another image."""
        return np.argmax(self._run_checked(image), -1).astype(np.uint8)

    def _run_checked(self, image: np.ndarray) -> np.ndarray:
        if image.dtype != np.uint8 or image.shape != self.description.image_shape:
            raise ValueError(
                f"{self.path.name} takes an image uint8 {self.description.image_shape}, not "
                f"{image.dtype} {image.shape}"
            )
        return self.run(image[None])[0]


def open_exported(path: str | Path) -> Exported:
    """Opens a file that `roadseg export` wrote.

    Args:
        path: .onnx, .tflite, .xml with its .bin beside it, or the folder of a SavedModel.

    Returns:
        The network, ready to run.

    Raises:
        ValueError: the packages of its format are not installed.
        DataError: there is no such file, or it is none that `roadseg export` wrote.
    """
    path = Path(path)
    formats = {suffix: format for format, suffix in SUFFIXES.items()}
    if path.suffix not in formats or not path.exists():
        raise DataError(f"{path}: no exported network; `roadseg export` writes {', '.join(formats)}")
    format = formats[path.suffix]
    check_packages(format)
    with quiet_start.muted_stderr():
        try:
            return _OPENERS[format](path)
        except Exception as error:  # each runtime has errors of its own
            problem = f"{type(error).__name__}: {error}".splitlines()[0]
    raise DataError(f"{path}: not a file that `roadseg export` wrote ({problem}); export again")


def _open_saved_model(path: Path) -> Exported:
    import tensorflow

    description, precision = from_json((path / f"{KEY}.json").read_text("utf-8"))
    loaded = tensorflow.saved_model.load(str(path))

    def run(image: np.ndarray) -> np.ndarray:
        return loaded.serve(image).numpy()  # and keeps `loaded`, without which its weights are gone

    return Exported(path, description, precision, run)


def _open_onnx(path: Path) -> Exported:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = os.cpu_count()
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    description, precision = from_json(session.get_modelmeta().custom_metadata_map[KEY])
    return Exported(path, description, precision, lambda image: session.run(None, {"image": image})[0])


def _open_openvino(path: Path) -> Exported:
    import openvino

    core = openvino.Core()
    model = core.read_model(path)
    description, precision = from_json(model.get_rt_info([KEY]).astype(str))
    model.reshape([1, *description.image_shape])
    hints = {
        "PERFORMANCE_HINT": "LATENCY",
        # Without this hint OpenVINO computes in bfloat16 wherever the processor can.
        "INFERENCE_PRECISION_HINT": {"float32": "f32", "bfloat16": "bf16"}[precision],
    }
    request = core.compile_model(model, "CPU", hints).create_infer_request()

    def run(image: np.ndarray) -> np.ndarray:
        request.infer([image], share_inputs=True)
        return request.get_output_tensor(0).data  # the next call overwrites it

    return Exported(path, description, precision, run)


def _open_litert(path: Path) -> Exported:
    from ai_edge_litert.interpreter import Interpreter

    with zipfile.ZipFile(path) as archive:
        description, precision = from_json(archive.read(f"{KEY}.json").decode())
    interpreter = Interpreter(str(path), num_threads=os.cpu_count())
    interpreter.allocate_tensors()
    (image_input,), (output,) = interpreter.get_input_details(), interpreter.get_output_details()

    def run(image: np.ndarray) -> np.ndarray:
        interpreter.set_tensor(image_input["index"], image)
        interpreter.invoke()
        return interpreter.get_tensor(output["index"])

    scale, zero_point = output["quantization"]  # (0, 0) for floats
    return Exported(path, description, precision, run, scale or 1.0, zero_point)


_OPENERS = {
    "onnx": _open_onnx,
    "litert": _open_litert,
    "openvino": _open_openvino,
    "saved_model": _open_saved_model,
}

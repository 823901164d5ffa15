"""Formats of exported networks: how a file is written, and how its runtime opens it.

A file takes uint8 images (B, H, W, 3) of one size and gives logits (B, H, W, C), as the network does.
Its model card lies beside it: road.onnx, road.json. Runtimes are imported when they are used.
"""

import contextlib
import importlib.util
import io
import os
import shutil
import tempfile
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from roadseg import quiet_start
from roadseg.errors import DataError
from roadseg.inference.web_page import WebPage
from roadseg.networks.model_card import ModelCard

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class Exported:
    """An exported network in its own runtime, on all cores.

    run: uint8 (1, H, W, 3) -> what the runtime gives, (1, H, W, C): logits, or for LiteRT in int8
        integers, of which logits are scale * (result - zero_point).
    """

    path: Path
    card: ModelCard  # it takes images of `card.image_shape` alone
    run: Callable[[np.ndarray], np.ndarray]
    scale: float = 1.0
    zero_point: int = 0

    resizable: ClassVar[bool] = False

    @property
    def megabytes(self) -> float:
        """Of all files that the runtime needs."""
        weights = self.path.with_suffix(".bin")  # of OpenVINO
        files = self.path.rglob("*") if self.path.is_dir() else [self.path, weights]
        return sum(file.stat().st_size for file in files if file.is_file()) / 1e6

    def logits(self, image: np.ndarray) -> np.ndarray:
        """Image uint8 (H, W, 3) -> float32 (H, W, C); raises ValueError for another image."""
        if image.dtype != np.uint8 or image.shape != self.card.image_shape:
            raise ValueError(
                f"{self.path.name} takes an image uint8 {self.card.image_shape}, not "
                f"{image.dtype} {image.shape}"
            )
        result = self.run(image[None])[0].astype(np.float32)  # a copy: some runtimes reuse theirs
        return np.float32(self.scale) * (result - np.float32(self.zero_point))


@dataclass(frozen=True)
class Format:
    """A kind of file, and the numbers that it computes in.

    quantize: makes a float32 file one in int8, with images uint8 (N, H, W, 3) as examples.
    """

    name: str  # as `roadseg export --format` takes it
    precision: str  # "float32", "bfloat16" or "int8"
    suffix: str  # of the file, or for a SavedModel of the folder
    open: Callable[[Path, ModelCard], Exported]
    packages: tuple[str, ...] = ()  # that write and open files
    quantize: Callable[[Path, "keras.Model", np.ndarray], None] | None = None
    page: WebPage | None = None  # of the format web, whose network is an ONNX file beside it

    def __str__(self) -> str:
        return f"{self.name} {self.precision}"

    @property
    def missing(self) -> list[str]:
        """The packages that are not installed."""
        return [each for each in self.packages if importlib.util.find_spec(each) is None]


def get(name: str, precision: str = "float32") -> Format:
    """The format of that name and precision; raises ValueError where there is none."""
    for format in FORMATS:
        if (format.name, format.precision) == (name, precision):
            return format
    raise ValueError(f"no format {name} {precision}, but {', '.join(map(str, FORMATS))}")


def free_path(format: Format, card: ModelCard, folder: Path, overwrite: bool = False) -> Path:
    """Where a network goes in a format; card: of the network at the file's size.

    Raises ValueError when the file exists, or the model card of another network, unless `overwrite`.
    """
    height, width, _ = card.image_shape
    ending = "" if format.precision == "float32" else f"-{format.precision}"
    stem = "index" if format.page else f"{card.network}-{height}x{width}{ending}"
    path = folder / f"{stem}{format.suffix}"
    card_file = path.with_suffix(".json")  # shared by formats of the same network and precision
    own = replace(card, precision=format.precision)
    if not overwrite and (path.exists() or (card_file.exists() and ModelCard.load(card_file) != own)):
        raise ValueError(f"{path if path.exists() else card_file} exists; --overwrite replaces it")
    return path


def write(
    network: "keras.Model", format: Format, card: ModelCard, images: np.ndarray | None, path: Path
) -> None:
    """Writes a network and its model card, which have their names only once they are complete.

    Args:
        network: in float32, of one size.
        format: one of `FORMATS`.
        card: of the network at this size.
        images: uint8 (N, H, W, 3), which only int8 needs.
        path: as `free_path` gives it. OpenVINO has the weights in a second file beside it.
    """
    card = replace(card, precision=format.precision)
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".part-") as part:
        with (
            warnings.catch_warnings(action="ignore"),
            contextlib.redirect_stdout(io.StringIO()),
            quiet_start.muted_stderr(),  # of the converters
        ):
            # Keras 3.15 exports no network that was never used.
            network.predict_on_batch(np.zeros((1, *card.image_shape), np.uint8))
            kind = {"saved_model": "tf_saved_model", "web": "onnx"}.get(format.name, format.name)
            file = Path(part, path.name).with_suffix(".onnx" if format.page else path.suffix)
            network.export(str(file), format=kind, verbose=False)
            if format.quantize:
                format.quantize(file, network, images)
        if format.page:
            format.page.write(Path(part, path.name), card)
        card.save(file.with_suffix(".json"))
        # Weights and card come before the file that needs them.
        for written in sorted(Path(part).iterdir(), key=lambda each: each.name == path.name):
            target = path.with_name(written.name)
            if target.is_dir():
                shutil.rmtree(target)
            written.replace(target)


def open_exported(path: str | Path) -> Exported:
    """Opens a file that `roadseg export` wrote.

    path: .onnx, .tflite, .xml with its .bin, or the folder of a SavedModel; its model card lies beside
    it. Raises DataError when it is none that `roadseg export` wrote, or its runtime is not installed.
    """
    path = Path(path)
    formats = {each.suffix: each for each in FORMATS}  # all precisions of a format are opened alike
    if path.suffix not in formats or not path.exists():
        raise DataError(
            f"{path}: no exported network; `roadseg export` writes {', '.join(formats)}; of a run, give "
            "its folder"
        )
    card = ModelCard.load(path.with_suffix(".json"))
    try:
        with quiet_start.muted_stderr():
            return formats[path.suffix].open(path, card)
    except Exception as error:  # each runtime has errors of its own
        problem = f"{type(error).__name__}: {error}".splitlines()[0]
        raise DataError(
            f"{path}: cannot be opened ({problem}); export it again, or install its runtime: "
            'pip install "roadseg[export]"'
        )


def _open_saved_model(path: Path, card: ModelCard) -> Exported:
    import tensorflow

    loaded = tensorflow.saved_model.load(str(path))
    # The function keeps `loaded`, without which its weights are gone.
    return Exported(path, card, lambda image: loaded.serve(image).numpy())


def _quantize_onnx(path: Path, _, images: np.ndarray) -> None:
    """Static quantization with a scale for each channel of the weights.

    Ranges leave out one value in 10,000. With those of extreme values, and with the last convolution in
    integers, the simple network loses more than a point of mean IoU.
    """
    import onnx
    from onnxruntime import quantization

    class Calibration(quantization.CalibrationDataReader):
        """Images as ONNX Runtime asks for them: one after the other within a range, then None."""

        def __len__(self) -> int:
            return len(images)

        def set_range(self, start_index: int, end_index: int) -> None:
            self._remaining = iter([{"image": image[None]} for image in images[start_index:end_index]])

        def get_next(self) -> dict[str, np.ndarray] | None:
            return next(self._remaining, None)

    # Symbolic shapes would need SymPy, and all but the batch are known.
    quantization.quant_pre_process(path, path, skip_symbolic_shape=True)
    convolutions = [node.name for node in onnx.load(path).graph.node if node.op_type == "Conv"]
    quantization.quantize_static(
        path,
        path,
        Calibration(),
        per_channel=True,
        reduce_range=True,  # 7 bits for weights: without VNNI, processors add two products in 16 bits
        nodes_to_exclude=convolutions[-1:],
        calibrate_method=quantization.CalibrationMethod.Percentile,
        # All that a network computes is kept until ranges are taken: image by image, or memory runs out.
        extra_options={"CalibPercentile": 99.99, "CalibStridedMinMax": 1},
    )


def _open_onnx(path: Path, card: ModelCard) -> Exported:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = os.cpu_count()
    file = str(path.with_suffix(".onnx"))  # that of a web page, too
    session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
    return Exported(path, card, lambda image: session.run(None, {"image": image})[0])


def _quantize_litert(path: Path, network: "keras.Model", images: np.ndarray) -> None:
    """Static quantization with a scale for each channel of the weights.

    Where no upsampling follows it, the last convolution stays in float32: the simple network loses more
    than a point of mean IoU when its logits have only 256 values.
    """
    import keras
    from litert_quantizer import quantizer, recipe
    from litert_quantizer.algorithm_manager import AlgorithmName
    from litert_quantizer.qtyping import TFLOperationName

    tool = quantizer.Quantizer(str(path), recipe.static_wi8_ai8())
    if isinstance(network.layers[-1], keras.layers.Conv2D):
        tool.update_quantization_recipe(
            regex=".*StatefulPartitionedCall.*",  # the converter's name for the output
            operation_name=TFLOperationName.ALL_SUPPORTED,
            algorithm_key=AlgorithmName.NO_QUANTIZE,
        )
    ranges = tool.calibrate({"serving_default": [{"image": image[None]} for image in images]})
    quantized = tool.quantize(ranges)
    path.unlink()  # the quantizer warns of files that it overwrites
    quantized.export_model(str(path))


def _open_litert(path: Path, card: ModelCard) -> Exported:
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(str(path), num_threads=os.cpu_count())
    interpreter.allocate_tensors()
    (image_input,), (output,) = interpreter.get_input_details(), interpreter.get_output_details()

    def run(image: np.ndarray) -> np.ndarray:
        interpreter.set_tensor(image_input["index"], image)
        interpreter.invoke()
        return interpreter.get_tensor(output["index"])

    scale, zero_point = output["quantization"]  # (0, 0) for floats
    return Exported(path, card, run, scale or 1.0, zero_point)


def _open_openvino(path: Path, card: ModelCard) -> Exported:
    import openvino

    core = openvino.Core()
    model = core.read_model(path)
    model.reshape([1, *card.image_shape])
    # Without the second hint OpenVINO computes in bfloat16 wherever the processor can.
    number = {"float32": "f32", "bfloat16": "bf16"}[card.precision]
    hints = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": number}
    request = core.compile_model(model, "CPU", hints).create_infer_request()

    def run(image: np.ndarray) -> np.ndarray:
        request.infer([image], share_inputs=True)
        return request.get_output_tensor(0).data  # the next call overwrites it

    return Exported(path, card, run)


_ONNX, _LITERT = ("onnxruntime", "onnx", "tf2onnx"), ("ai_edge_litert", "litert_quantizer")
FORMATS = (
    Format("saved_model", "float32", ".saved_model", _open_saved_model, ("pandas",)),
    Format("onnx", "float32", ".onnx", _open_onnx, _ONNX),
    Format("litert", "float32", ".tflite", _open_litert, _LITERT),
    Format("openvino", "float32", ".xml", _open_openvino, ("openvino",)),
    Format("openvino", "bfloat16", ".xml", _open_openvino, ("openvino",)),
    Format("onnx", "int8", ".onnx", _open_onnx, _ONNX, _quantize_onnx),
    Format("web", "float32", ".html", _open_onnx, _ONNX, page=WebPage()),
    Format("web", "int8", ".html", _open_onnx, _ONNX, _quantize_onnx, WebPage()),
    Format("litert", "int8", ".tflite", _open_litert, _LITERT, _quantize_litert),
)

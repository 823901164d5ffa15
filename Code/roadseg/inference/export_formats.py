"""Writes a float32 network as a file of each format, with class names and palette inside.

The file takes uint8 images (B, H, W, 3) of one size and gives logits (B, H, W, C), as the network does.
"""

import contextlib
import io
import shutil
import tempfile
import warnings
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import keras
import numpy as np

from roadseg import quiet_start
from roadseg.inference.export_metadata import KEY, to_json
from roadseg.inference.export_source import Source
from roadseg.inference.export_target import SUFFIXES, Target


def write(source: Source, target: Target, folder: Path, *, overwrite: bool = False) -> Path:
    """Writes the file, which has its name only once it is complete.

    Args:
        source: the network, what the file says about itself, and frames that give int8 its ranges.
        target: format and precision.
        folder: is made where it is missing.
        overwrite: whether an existing file is replaced.

    Returns:
        The file; a folder for saved_model. OpenVINO has the weights in a second file beside it.

    Raises:
        ValueError: the file exists.
    """
    height, width, _ = source.description.image_shape
    suffix = "" if target.precision == "float32" else f"-{target.precision}"
    path = folder / f"{source.description.name}-{height}x{width}{suffix}{SUFFIXES[target.format]}"
    if path.exists() and not overwrite:
        raise ValueError(f"{path} exists; --overwrite replaces it")
    folder.mkdir(parents=True, exist_ok=True)
    images = source.calibration.images()
    with tempfile.TemporaryDirectory(dir=folder, prefix=".part-") as part, _quiet():
        source.network.predict_on_batch(images[:1])  # Keras 3.15 exports no network that was never used
        _writer(target)(
            source.network, Path(part) / path.name, to_json(source.description, target.precision), images
        )
        for written in sorted(Path(part).iterdir()):  # the weights before the .xml that needs them
            _replace(written, folder / written.name)
    return path


def _replace(written: Path, path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    written.replace(path)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Without the warnings, logs and progress bars of the converters."""
    with (
        warnings.catch_warnings(),
        contextlib.redirect_stdout(io.StringIO()),
        quiet_start.muted_stderr(),
    ):
        warnings.simplefilter("ignore")
        yield


def _writer(target: Target) -> Callable[[keras.Model, Path, str, np.ndarray], None]:
    return {
        ("onnx", "int8"): _write_int8_onnx,
        ("litert", "int8"): _write_int8_litert,
    }.get((target.format, target.precision), _FLOAT_WRITERS[target.format])


def _write_saved_model(network: keras.Model, path: Path, description: str, _) -> None:
    network.export(str(path), format="tf_saved_model", verbose=False)
    (path / f"{KEY}.json").write_text(description, "utf-8")


def _write_openvino(network: keras.Model, path: Path, description: str, _) -> None:
    import openvino

    float_path = path.with_name("float.xml")
    network.export(str(float_path), format="openvino", verbose=False)
    model = openvino.Core().read_model(float_path)
    model.set_rt_info(description, [KEY])
    openvino.save_model(model, path, compress_to_fp16=False)
    del model  # has the weights' file mapped
    for suffix in (".xml", ".bin"):
        float_path.with_suffix(suffix).unlink()


def _write_onnx(network: keras.Model, path: Path, description: str, _) -> None:
    network.export(str(path), format="onnx", verbose=False)
    _describe_onnx(path, description)


def _describe_onnx(path: Path, description: str) -> None:
    import onnx

    model = onnx.load(path)
    onnx.helper.set_model_props(model, {KEY: description})
    onnx.save(model, path)


def _write_int8_onnx(network: keras.Model, path: Path, description: str, images: np.ndarray) -> None:
    """Static quantization with a scale for each channel of the weights.

    Ranges leave out one value in 10,000. With those of extreme values, and with the last convolution in
    integers, the simple network loses more than a point of mean IoU.
    """
    import onnx
    from onnxruntime import quantization

    float_path, prepared = path.with_name("float.onnx"), path.with_name("prepared.onnx")
    network.export(str(float_path), format="onnx", verbose=False)
    # Symbolic shapes would need SymPy, and all but the batch are known.
    quantization.quant_pre_process(str(float_path), str(prepared), skip_symbolic_shape=True)
    nodes = onnx.load(prepared).graph.node
    quantization.quantize_static(
        str(prepared),
        str(path),
        _Calibration(images),
        per_channel=True,
        nodes_to_exclude=[node.name for node in nodes if node.op_type == "Conv"][-1:],
        calibrate_method=quantization.CalibrationMethod.Percentile,
        # All that a network computes is kept until ranges are taken: image by image, or memory runs out.
        extra_options={"CalibPercentile": 99.99, "CalibStridedMinMax": 1},
    )
    _describe_onnx(path, description)
    float_path.unlink()
    prepared.unlink()


class _Calibration:
    """Images as ONNX Runtime asks for them: one after the other within a range, then None."""

    def __init__(self, images: np.ndarray):
        self._images = images
        self._remaining = iter(images)

    def __len__(self) -> int:
        return len(self._images)

    def set_range(self, start_index: int, end_index: int) -> None:
        self._remaining = iter(self._images[start_index:end_index])

    def get_next(self) -> dict[str, np.ndarray] | None:
        image = next(self._remaining, None)
        return None if image is None else {"image": image[None]}


def _write_litert(network: keras.Model, path: Path, description: str, _) -> None:
    network.export(str(path), format="litert", verbose=False)
    _describe_litert(path, description)


def _describe_litert(path: Path, description: str) -> None:
    """Appends a ZIP archive, as TensorFlow Lite's metadata tools do; the runtime ignores it."""
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(f"{KEY}.json", description)


def _write_int8_litert(network: keras.Model, path: Path, description: str, images: np.ndarray) -> None:
    """Static quantization with a scale for each channel of the weights.

    Where no upsampling follows it, the last convolution stays in float32: the simple network loses more
    than a point of mean IoU when its logits have only 256 values.
    """
    from litert_quantizer import quantizer, recipe
    from litert_quantizer.algorithm_manager import AlgorithmName
    from litert_quantizer.qtyping import TFLOperationName

    float_path = path.with_name("float.tflite")
    network.export(str(float_path), format="litert", verbose=False)
    tool = quantizer.Quantizer(str(float_path), recipe.static_wi8_ai8())
    if isinstance(network.layers[-1], keras.layers.Conv2D):
        tool.update_quantization_recipe(
            regex=".*StatefulPartitionedCall.*",  # the converter's name for the output
            operation_name=TFLOperationName.ALL_SUPPORTED,
            algorithm_key=AlgorithmName.NO_QUANTIZE,
        )
    ranges = tool.calibrate({"serving_default": [{"image": image[None]} for image in images]})
    tool.quantize(ranges).export_model(str(path))
    _describe_litert(path, description)
    float_path.unlink()


_FLOAT_WRITERS = {
    "onnx": _write_onnx,
    "litert": _write_litert,
    "openvino": _write_openvino,
    "saved_model": _write_saved_model,
}

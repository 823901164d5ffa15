"""Formats and precisions of exported files, and what they need; imports neither Keras nor a runtime."""

import importlib.util
from dataclasses import dataclass

SUFFIXES = {"onnx": ".onnx", "litert": ".tflite", "openvino": ".xml", "saved_model": ".saved_model"}
FORMATS = tuple(SUFFIXES)
_PRECISIONS = {"float32": FORMATS, "bfloat16": ("openvino",), "int8": ("onnx", "litert")}
_PACKAGES = {  # to open a file; writing one needs the converters besides
    "onnx": ("onnxruntime",),
    "litert": ("ai_edge_litert",),
    "openvino": ("openvino",),
    "saved_model": (),
}
_CONVERTERS = {"onnx": ("onnx", "tf2onnx"), "litert": ("litert_quantizer",)}


@dataclass(frozen=True)
class Target:
    """The file that is wanted.

    Attributes:
        format: one of `FORMATS`.
        precision: "float32"; "bfloat16", which only OpenVINO computes in; or "int8", which ONNX Runtime
            and LiteRT have.
    """

    format: str
    precision: str = "float32"

    def __post_init__(self):
        if self.format not in FORMATS:
            raise ValueError(f"unknown format {self.format!r}: {', '.join(FORMATS)}")
        if self.format not in _PRECISIONS[self.precision]:
            raise ValueError(
                f"{self.format} has no {self.precision} form; {', '.join(_PRECISIONS[self.precision])} "
                f"{'has' if self.precision == 'bfloat16' else 'have'}"
            )

    def check_packages(self) -> None:
        """Raises ValueError when packages are missing that write and open the file."""
        check_packages(self.format, _CONVERTERS.get(self.format, ()))

    @property
    def is_installed(self) -> bool:
        """Whether the packages are there that write and open the file."""
        return not _missing(self.format, _CONVERTERS.get(self.format, ()))

    def __str__(self) -> str:
        return f"{self.format} {self.precision}"


def check_packages(format: str, converters: tuple[str, ...] = ()) -> None:
    """Raises ValueError when packages are missing that open files of a format, or converters."""
    if missing := _missing(format, converters):
        raise ValueError(
            f"the format {format} needs packages that are not installed ({', '.join(missing)}): "
            'pip install "roadseg[export]"'
        )


def _missing(format: str, converters: tuple[str, ...]) -> list[str]:
    needed = (*_PACKAGES[format], *converters)
    return [name for name in needed if importlib.util.find_spec(name) is None]

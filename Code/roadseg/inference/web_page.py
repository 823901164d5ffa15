"""A web page that labels images in the visitor's browser, with a network as an ONNX file.

The page and its sample, frame 180 of the rendered world 0020 with seed 8, lie in `web/`. ONNX Runtime
Web comes from its npm package or, when somebody opens the page, from a CDN.
"""

import base64
import io
import json
import mimetypes
from dataclasses import asdict, dataclass
from pathlib import Path

from roadseg.data.classes import distinct_palette
from roadseg.data.sources.images import read_image
from roadseg.errors import DataError
from roadseg.networks.model_card import ModelCard

_WEB = Path(__file__).with_name("web")
SAMPLE = _WEB / "sample.jpg"
RUNTIME = "onnxruntime-web@1.30.0"
_CDN = f"https://cdn.jsdelivr.net/npm/{RUNTIME}/dist"
_PARTS = {  # for the processor, and for a graphics card: script and program, each with its SHA-256
    "wasm": {
        "ort.wasm.bundle.min.mjs": "EeZL2P/hG9GiovDWJ1/fu7pyYvC3a5m1PSKKiiLvPZA=",
        "ort-wasm-simd-threaded.wasm": "M5jBDQfSKb2Rs2RUjhMODlGo5XBLiMfAg+u+t4hC3uI=",
    },
    "webgpu": {
        "ort.webgpu.bundle.min.mjs": "BzCBZzHOLN+wbyc9oGXUoccJHrnRdWqDspFsionQFeI=",
        "ort-wasm-simd-threaded.asyncify.wasm": "OfnwiU1HiABIftn32+kmGEmNsyDPVcjj2Jrf+NzmWNo=",
    },
}
_LONGEST_SAMPLE = 1600  # pixels


@dataclass(frozen=True)
class WebPage:
    """What a page runs on and shows first.

    Attributes:
        runtime: folder of the npm package onnxruntime-web, whose files are copied; None: the page loads
            them from a CDN and compares their hashes.
        single_file: the page holds all that it loads, with the runtime for processors alone.
        sample: an image that the page labels when it is opened.
    """

    runtime: Path | None = None
    single_file: bool = False
    sample: Path = SAMPLE

    def check(self) -> None:
        """Raises ValueError for a single file without runtime, DataError for a file that is missing."""
        if self.single_file and not self.runtime:
            raise ValueError(f"--single-file needs --runtime FOLDER, from `npm install {RUNTIME}`")
        for name in (*_PARTS["wasm"], *_PARTS["webgpu"]) if self.runtime else ():
            if not (self.runtime / "dist" / name).is_file():
                raise DataError(f"{self.runtime}: no dist/{name}; `npm install {RUNTIME}` brings it")
        read_image(self.sample)

    def write(self, path: Path, card: ModelCard) -> None:
        """Writes the page and what it loads into a folder that holds its ONNX file, of the same name."""
        image = read_image(self.sample)  # without what a camera notes in a file, such as its place
        image.thumbnail((_LONGEST_SAMPLE, _LONGEST_SAMPLE))
        image.save(sample := io.BytesIO(), "JPEG", quality=90)
        network = path.with_suffix(".onnx")
        files = {
            "network": self._file(network.name, network.read_bytes(), path.parent),
            "sample": self._file("sample.jpg", sample.getvalue(), path.parent),
        }
        for kind in ["wasm"] if self.single_file or card.precision == "int8" else _PARTS:
            files[kind] = [self._part(*part, path.parent) for part in _PARTS[kind].items()]
        shown = asdict(card) | {"palette": distinct_palette(card.class_names, card.palette)}
        settings = json.dumps({"card": shown, "files": files}).replace("<", "\\u003c")
        page = (_WEB / "page.html").read_text("utf-8")
        path.write_text(page.replace("{{settings}}", settings), "utf-8")

    def _part(self, name: str, digest: str, folder: Path) -> dict[str, str]:
        if self.runtime:
            return self._file(name, (self.runtime / "dist" / name).read_bytes(), folder)
        return {"url": f"{_CDN}/{name}", "integrity": f"sha256-{digest}"}

    def _file(self, name: str, content: bytes, folder: Path) -> dict[str, str]:
        """How the page loads it: from beside itself, or out of itself."""
        if self.single_file:
            kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
            return {"url": f"data:{kind};base64,{base64.b64encode(content).decode()}"}
        (folder / name).write_bytes(content)
        return {"url": name}

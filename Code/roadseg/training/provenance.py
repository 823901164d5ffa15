"""What a run's results come from: recipe, network, data, machine and versions."""

import hashlib
import importlib.metadata
import importlib.util
import json
import os
import platform
from dataclasses import asdict, fields, is_dataclass

import keras

from roadseg.data.splits import Split
from roadseg.data.store import FrameStore
from roadseg.networks import architecture_digest, build_options
from roadseg.training.recipes import Recipe

_PACKAGES = {  # distribution -> module
    "keras": "keras",
    "tensorflow": "tensorflow",
    "jax": "jax",
    "numpy": "numpy",
    "h5py": "h5py",
    "pillow": "PIL",
}
# Recorded, but not compared: a run may continue on another machine or after an update. The digest of the
# data stands for its source, scale and colours, and the architecture for options: older runs do not name
# them.
_NOT_COMPARED = (
    *("versions", "machine", "precision", "prolongs"),
    *("source", "downscale", "palette", "options"),
)


def folder_name(network: keras.Model, split: Split, recipe: Recipe) -> str:
    """A name that no other architecture, split or recipe shares.

    A setting that came later changes no name where it is not used.
    """
    settings = architecture_digest(network), split, _used(recipe)
    digest = hashlib.sha256(repr(settings).encode()).hexdigest()[:8]
    return f"{network.name}-{recipe.name}-{recipe.epochs}-{digest}"


def _used(settings: object) -> object:
    """The fields of a dataclass that differ from their defaults, and theirs."""
    if not is_dataclass(settings):
        return settings
    values = {field.name: (getattr(settings, field.name), field.default) for field in fields(settings)}
    return {name: _used(value) for name, (value, default) in values.items() if value != default}


def describe(network: keras.Model, frames: FrameStore, recipe: Recipe) -> dict[str, object]:
    """The settings of a run, for JSON."""
    return {
        "recipe": asdict(recipe),
        "network": {
            "name": network.name,
            "parameters": network.count_params(),
            "image_shape": list(network.input_shape[1:]),
            "architecture": architecture_digest(network),
            "options": _options(network),
        },
        "data": {
            "frames": len(frames),
            "class_names": list(frames.class_names),
            "palette": frames.palette.tolist(),
            "source": frames.attributes["source"],
            "downscale": float(frames.attributes["scale"]),
            "digest": frames.digest,
        },
        "precision": sorted({layer.compute_dtype for layer in network.layers}),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        "versions": _versions(),
    }


def _options(network: keras.Model) -> dict[str, object] | None:
    """What it was built with; None where that is not known, or cannot be written."""
    options = build_options(network)
    if options is None:
        return None
    try:
        return json.loads(json.dumps(dict(options), default=lambda value: value.tolist()))
    except (TypeError, ValueError, AttributeError):
        return None


def _versions() -> dict[str, str]:
    installed = [name for name, module in _PACKAGES.items() if importlib.util.find_spec(module)]
    return {
        "python": platform.python_version(),
        "backend": keras.backend.backend(),
        **{name: importlib.metadata.version(name) for name in installed},
    }


def differences(saved: dict, wanted: dict) -> list[str]:
    """In words, the settings that are not the same."""
    found = []
    for name in sorted(saved.keys() | wanted.keys()):
        old, new = saved.get(name), wanted.get(name)
        if name in _NOT_COMPARED or old == new:
            continue
        if isinstance(old, dict) and isinstance(new, dict):
            found += [f"{name}.{difference}" for difference in differences(old, new)]
        else:
            found.append(f"{name}: {old} there, {new} asked for")
    return found

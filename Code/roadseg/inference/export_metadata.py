"""What an exported file says about itself, as JSON; imports no Keras."""

import json
from dataclasses import asdict

from roadseg.inference.description import Description

KEY = "roadseg"  # the name under which each format keeps it


def to_json(description: Description, precision: str) -> str:
    return json.dumps(asdict(description) | {"precision": precision})


def from_json(text: str) -> tuple[Description, str]:
    """Description and precision; raises ValueError, KeyError or TypeError for any other JSON."""
    saved = json.loads(text)
    precision = saved.pop("precision")
    saved |= {name: tuple(saved[name]) for name in ("class_names", "image_shape")}
    return Description(**saved | {"palette": tuple(map(tuple, saved["palette"]))}), precision

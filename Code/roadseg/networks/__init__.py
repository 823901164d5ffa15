"""Networks by name: raw uint8 images in, logits out.

They normalise inside, so that nobody can forget it and an exported model is complete.
To add a network, write a module with `MINIMUM_SIZE` and `build`, and register it in registry.py.
"""

from roadseg.networks.architecture import architecture_digest, without_optimizer
from roadseg.networks.pretrained import (
    ModelCard,
    load_pretrained,
    model_card,
    save_pretrained,
    shipped,
    split_name,
)
from roadseg.networks.registry import NETWORKS, at_size, build, rebuild
from roadseg.networks.saved import load
from roadseg.networks.sizes import build_options, copy_weights, start_from

__all__ = [
    "NETWORKS",
    "ModelCard",
    "architecture_digest",
    "at_size",
    "build",
    "build_options",
    "copy_weights",
    "load",
    "load_pretrained",
    "model_card",
    "rebuild",
    "save_pretrained",
    "shipped",
    "split_name",
    "start_from",
    "without_optimizer",
]

"""Networks by name: raw uint8 images of any size in, logits out.

They normalise inside, so that nobody can forget it and an exported model is complete.
To add a network, write a module with `MINIMUM_SIZE` and `build`, and add it to `NETWORKS`.
"""

from roadseg.networks.model_card import ModelCard
from roadseg.networks.network import (
    NETWORKS,
    Network,
    architecture_digest,
    build,
    fixed_size,
    load,
    start_from,
)
from roadseg.networks.pretrained import (
    fine_tunable,
    load_pretrained,
    model_card,
    save_pretrained,
    shipped,
)

__all__ = [
    "NETWORKS",
    "ModelCard",
    "Network",
    "architecture_digest",
    "build",
    "fine_tunable",
    "fixed_size",
    "load",
    "load_pretrained",
    "model_card",
    "save_pretrained",
    "shipped",
    "start_from",
]

"""What an exported file says about itself."""

import json
from dataclasses import asdict, dataclass

KEY = "roadseg"  # the name under which each format keeps the description


@dataclass(frozen=True)
class Description:
    """What an exported network needs to be used alone.

    Attributes:
        name: of the network, for instance "simple_plus".
        class_names: in the order of the network's channels.
        palette: (R, G, B) of each class.
        image_shape: (H, W, 3) of the images that it takes.
        scale: how much smaller those are than the data set's own images.
        trained_on: the frames, in words.
        precision: "float32", "bfloat16" or "int8".
    """

    name: str
    class_names: tuple[str, ...]
    palette: tuple[tuple[int, int, int], ...]
    image_shape: tuple[int, int, int]
    scale: float
    trained_on: str
    precision: str

    def as_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "Description":
        """Raises ValueError, KeyError or TypeError for anything that `as_json` did not write."""
        saved = json.loads(text)
        saved |= {name: tuple(saved[name]) for name in ("class_names", "image_shape")}
        return cls(**saved | {"palette": tuple(tuple(colour) for colour in saved["palette"])})

"""Time of a training step with the loss on upsampled logits and at the decoder's own size, in turns.

    .venv/bin/python Code/benchmarks/loss_size.py [--output FILE]

`simple_plus` with a decoder that ends at a quarter or at half of the size; batches of 4 random images
of 240 x 320, recipe `best`.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np

from benchmarks import harness
from roadseg import networks
from roadseg.training.fitted import at_random_place, fitted_network, label_stride
from roadseg.training.recipes import RECIPES, Recipe

_CLASSES, _BATCH, _ROUNDS = 11, 4, 15


def main() -> None:
    options = harness.parser(__doc__).parse_args()
    harness.report({"step_ms": measure(240, 320, _ROUNDS)}, options.output)


def measure(height: int, width: int, rounds: int, strides: Iterable[int] = (4, 2)) -> dict[str, float]:
    """Milliseconds of a step, by where the decoder ends and where the loss is computed."""
    steps = {
        f"decoder at 1/{stride}, loss {'on upsampled logits' if upsampled else 'there'}": _step(
            stride, replace(RECIPES["best"], upsampled_loss=upsampled), (height, width, 3)
        )
        for stride in strides
        for upsampled in (True, False)
    }
    return harness.median_ms_in_turns(steps, rounds)


def _step(stride: int, recipe: Recipe, shape: tuple[int, int, int]) -> Callable[[], object]:
    """A training step on one random batch, with the labels that the feed would give."""
    network = networks.build("simple_plus", shape, _CLASSES, output_stride=stride, context=stride == 4)
    generator = np.random.default_rng(0)
    images = generator.integers(0, 256, (_BATCH, *shape), np.uint8)
    labels = generator.integers(0, _CLASSES, (_BATCH, *shape[:2]), np.uint8)
    if not recipe.upsampled_loss:
        labels = at_random_place(labels, label_stride(network), generator)
    fitted = fitted_network(network, recipe)
    fitted.compile(recipe.make_optimizer(1000), recipe.make_loss(np.ones(_CLASSES)))
    return lambda: fitted.train_on_batch(images, labels)


if __name__ == "__main__":
    main()

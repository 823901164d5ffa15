"""Time of a training step with the loss on upsampled logits and at the decoder's own size, in turns.

    .venv/bin/python Code/benchmarks/loss_size.py [--output FILE]

`simple_plus` with a decoder that ends at a quarter or at half of the size; batches of 4 random images
of 240 x 320, recipe `best`.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace

from benchmarks import harness
from benchmarks.training_step import training_step
from roadseg import networks
from roadseg.training.recipes import RECIPES, Recipe

_CLASSES, _ROUNDS = 11, 15


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
    network = networks.build("simple_plus", shape, _CLASSES, output_stride=stride, context=stride == 4)
    return training_step(network, recipe)


if __name__ == "__main__":
    main()

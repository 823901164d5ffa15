"""Milliseconds of a training step and of labelling one image, for each network, in turns.

    .venv/bin/python Code/benchmarks/training_speed.py [--size 125 414] [--batch 8] [--output FILE]

A step is that of `training.train` with the recipe, without reading. The images are random, because the
time does not depend on what they show. Give `TF_ENABLE_ONEDNN_OPTS=0` to measure without oneDNN. Let
nothing run beside it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from benchmarks import harness  # imports roadseg, which prepares TensorFlow's start

# isort: split
import keras

from roadseg import networks
from roadseg.training.recipes import RECIPES, Recipe
from roadseg.training.trainer import fitted_network, label_stride

CLASSES = 14


def main() -> None:
    parser = harness.parser(__doc__)
    parser.add_argument("--size", type=int, nargs=2, default=(125, 414), metavar=("H", "W"))
    parser.add_argument("--batch", type=int, default=8, help="images of a step; default: 8")
    parser.add_argument("--recipe", choices=RECIPES, default="original")
    parser.add_argument("--policy", default="float32", help='or "mixed_bfloat16"')
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    recipe = replace(RECIPES[options.recipe], batch_size=options.batch)
    measured = measure(networks.NETWORKS, options.size, recipe, options.policy, options.rounds)
    settings = {name: getattr(options, name) for name in ("size", "batch", "recipe", "policy", "rounds")}
    settings["backend"] = f"{keras.backend.backend()}, Keras {keras.version()}"
    harness.report(settings | {"milliseconds": measured}, options.output)


def measure(
    names: Sequence[str], size: Sequence[int], recipe: Recipe, policy: str, rounds: int
) -> dict[str, dict[str, Mapping[str, float]]]:
    """Network -> "step" or "image" -> minimum and median in milliseconds.

    Args:
        names: of networks.
        size: height and width of the images.
        recipe: of the training steps.
        policy: "float32" or "mixed_bfloat16".
        rounds: in which everything is done once.
    """
    shape, calls = (*size, 3), {}
    image = np.random.default_rng(0).integers(0, 256, (1, *shape), np.uint8)
    for name in names:
        trained, labels = (networks.build(name, shape, CLASSES, policy=policy) for _ in range(2))
        calls[name, "step"] = training_step(trained, recipe, shape)
        calls[name, "image"] = lambda labels=labels: labels.predict_on_batch(image)
    measured: dict[str, dict[str, Mapping[str, float]]] = {name: {} for name in names}
    for (name, what), times in harness.ms_in_turns(calls, rounds).items():
        measured[name][what] = {"minimum": min(times), "median": float(np.median(times))}
    return measured


def training_step(
    network: keras.Model, recipe: Recipe, image_shape: tuple[int, int, int]
) -> Callable[[], object]:
    """The step that `training.train` takes: at the size of the recipe's crops, with its loss.

    It changes the network's weights.
    """
    crop = recipe.augmentation and recipe.augmentation.crop
    height, width = crop or image_shape[:2]
    stride = 1 if recipe.upsampled_loss else label_stride(network)
    classes, generator = network.output_shape[-1], np.random.default_rng(0)
    images = generator.integers(0, 256, (recipe.batch_size, height, width, 3), np.uint8)
    labels = generator.integers(0, classes, images.shape[:3], np.uint8)[:, ::stride, ::stride]
    fitted = fitted_network(network, recipe)
    fitted.compile(recipe.make_optimizer(1000), recipe.make_loss(np.ones(classes)))
    return lambda: fitted.train_on_batch(images, labels)


if __name__ == "__main__":
    main()

"""Milliseconds of a training step and of labelling one image, for each network, in turns.

    .venv/bin/python Code/benchmarks/training_speed.py [--size 125 414] [--batch 8] [--output FILE]

A step is that of `training.train` with the recipe, without reading; a plain step has cross-entropy and
AdamW alone. With `--against torch` (pip install torch) the same layers do plain steps and label images
in PyTorch. The images are random, because the time does not depend on what they show. Give
`TF_ENABLE_ONEDNN_OPTS=0` to measure without oneDNN. Let nothing run beside it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from benchmarks import harness  # imports roadseg, which prepares TensorFlow's start

# isort: split
import keras

from roadseg import networks
from roadseg.inference.labeller import KerasModel
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
    parser.add_argument("--against", choices=("torch",), help="also PyTorch, on as many threads")
    options = parser.parse_args()
    recipe = replace(RECIPES[options.recipe], batch_size=options.batch)
    measured = measure(
        networks.NETWORKS, options.size, recipe, options.policy, options.rounds, options.against
    )
    settings = {name: getattr(options, name) for name in ("size", "batch", "recipe", "policy", "rounds")}
    settings["backend"] = f"{keras.backend.backend()}, Keras {keras.version()}"
    harness.report(settings | {"milliseconds": measured}, options.output)


def measure(
    names: Sequence[str],
    size: Sequence[int],
    recipe: Recipe,
    policy: str,
    rounds: int,
    against: str | None = None,
) -> dict[str, dict[str, Mapping[str, float]]]:
    """Network -> "step", "plain step" or "image" -> minimum and median in milliseconds.

    Args:
        names: of networks.
        size: height and width of the images.
        recipe: of the training steps.
        policy: "float32" or "mixed_bfloat16".
        rounds: in which everything is done once.
        against: "torch" also measures "torch step", a plain one, and "torch image".
    """
    shape, calls = (*size, 3), {}
    plain = replace(recipe, optimizer="adamw", class_weight_power=0, lovasz=0, ema_momentum=None)
    for name in names:
        image = np.zeros((1, *shape), np.uint8)
        build = partial(networks.build, name, shape, CLASSES, policy=policy)
        calls[name, "step"] = training_step(build(), recipe, shape)
        calls[name, "plain step"] = training_step(build(), plain, shape)
        calls[name, "image"] = partial(KerasModel(build(), None).logits, image[0])
        if against == "torch":
            from benchmarks import torch_network  # not a dependency of the project

            images, labels = _batch(build(), recipe, shape)
            trained = torch_network.TorchNetwork(build(), decoded=not recipe.upsampled_loss)
            calls[name, "torch step"] = torch_network.training_step(trained, images, labels, policy)
            labels_images = torch_network.TorchNetwork(build())
            calls[name, "torch image"] = torch_network.labelling(labels_images, image, policy)
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
    images, labels = _batch(network, recipe, image_shape)
    fitted = fitted_network(network, recipe)
    fitted.compile(recipe.make_optimizer(1000), recipe.make_loss(np.ones(network.output_shape[-1])))
    return lambda: fitted.train_on_batch(images, labels)


def _batch(
    network: keras.Model, recipe: Recipe, image_shape: tuple[int, int, int]
) -> tuple[np.ndarray, np.ndarray]:
    """Random images uint8 (B, H, W, 3), and labels at the size of the recipe's loss."""
    crop = recipe.augmentation and recipe.augmentation.crop
    height, width = crop or image_shape[:2]
    stride = 1 if recipe.upsampled_loss else label_stride(network)
    generator = np.random.default_rng(0)
    images = generator.integers(0, 256, (recipe.batch_size, height, width, 3), np.uint8)
    labels = generator.integers(0, network.output_shape[-1], images.shape[:3], np.uint8)
    return images, labels[:, ::stride, ::stride]


if __name__ == "__main__":
    main()

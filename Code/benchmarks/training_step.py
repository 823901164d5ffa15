"""One training step of a recipe on a random batch, to be timed."""

from collections.abc import Callable

import keras
import numpy as np

from roadseg.training.fitted import at_random_place, fitted_network, label_stride
from roadseg.training.recipes import Recipe


def training_step(network: keras.Model, recipe: Recipe) -> Callable[[], object]:
    """The step that `training.train` takes: at the size of the recipe's crops, with its loss.

    The time of a step does not depend on what the images show. The network itself may be trained.
    """
    stride, fitted = label_stride(network), fitted_network(network, recipe)
    classes = network.output_shape[-1]
    generator, size = np.random.default_rng(0), (recipe.batch_size, *fitted.input_shape[1:])
    images = generator.integers(0, 256, size, np.uint8)
    labels = generator.integers(0, classes, size[:3], np.uint8)
    if not recipe.upsampled_loss:
        labels = at_random_place(labels, stride, generator)
    fitted.compile(recipe.make_optimizer(1000), recipe.make_loss(np.ones(classes)))
    return lambda: fitted.train_on_batch(images, labels)

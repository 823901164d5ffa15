import keras
import numpy as np

from roadseg import networks
from roadseg.networks.receptive_field import receptive_field


def reaching(network, columns):
    """Which of these columns of the image reach the logits of the middle pixel.

    All kernels are positive, so that infinity in the image leaves no finite logit.
    """
    normalised = network.get_layer("normalise").output
    values = np.ones((len(columns), *normalised.shape[1:]), np.float32)
    for image, column in zip(values, columns, strict=True):
        image[:, column] = np.inf
    ends = keras.Model([network.input, normalised], network.output)
    logits = np.asarray(ends([np.zeros(values.shape, np.uint8), values]))
    return ~np.isfinite(logits[:, values.shape[1] // 2, values.shape[2] // 2, 0])


def test_first_and_last_column_reach_the_middle_and_those_outside_do_not():
    for name, options in (
        ("simple", {}),
        ("simple", {"bilinear_decoder": True}),
        ("simple_plus", {"context": False}),
        ("edgesegnet", {"context": False, "upsampling": "learned"}),
    ):
        network = networks.build(name, (16, 288, 3), 3, policy="float32", **options)
        network = networks.fixed_size(network)
        network.set_weights([np.abs(weights) + 0.01 for weights in network.get_weights()])
        _, (first, last) = receptive_field(network)
        found = reaching(network, [first - 1, first, last, last + 1])
        assert found.tolist() == [False, True, True, False], (name, first, last)

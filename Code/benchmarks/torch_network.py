"""A Keras network with the same layers and weights in PyTorch, as a yardstick for speed."""

from collections.abc import Callable

import keras
import numpy as np
import torch
from torch import nn
from torch.nn import functional

from roadseg import networks
from roadseg.networks.blocks import MatchSize

Size = tuple[int, int]  # height and width


class TorchNetwork(nn.Module):
    """uint8 (B, 3, H, W) -> logits (B, C, H, W), in channels-last memory; no compiler.

    network: of `networks.build`; its loss may be computed at the decoder's size, see `decoded`.
    """

    def __init__(self, network: keras.Model, decoded: bool = False):
        super().__init__()
        network = networks.fixed_size(network)
        output = network.get_layer("head_logits").output if decoded else network.output
        self._graph = keras.Model(network.input, output)
        self.layers = nn.ModuleDict(
            {layer.name: made for layer in self._graph.layers if (made := _module(layer)) is not None}
        )
        self.to(memory_format=torch.channels_last)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        known = {id(self._graph.input): images.float()}
        for layer in self._graph.layers[1:]:
            inputs = layer.input if isinstance(layer.input, list) else [layer.input]
            tensors = [known[id(each)] for each in inputs]
            known[id(layer.output)] = _apply(layer, dict(self.layers.items()).get(layer.name), *tensors)
        return known[id(self._graph.output)]


def training_step(
    network: TorchNetwork, images: np.ndarray, labels: np.ndarray, policy: str
) -> Callable[[], object]:
    """A step with cross-entropy and AdamW; images uint8 (B, H, W, 3), labels uint8 (B, h, w)."""
    optimizer = torch.optim.AdamW(network.parameters())
    inputs, truth = _channels_last(images), torch.from_numpy(labels.astype(np.int64))

    def step() -> None:
        with _precision(policy):
            loss = functional.cross_entropy(network(inputs).float(), truth)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    return step


def labelling(network: TorchNetwork, image: np.ndarray, policy: str) -> Callable[[], object]:
    """The logits of images uint8 (B, H, W, 3)."""
    network.eval()
    inputs = _channels_last(image)

    def label() -> torch.Tensor:
        with torch.inference_mode(), _precision(policy):
            return network(inputs)

    return label


def _channels_last(images: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(images).permute(0, 3, 1, 2)  # a view


def _precision(policy: str) -> torch.autocast:
    return torch.autocast("cpu", torch.bfloat16, enabled=policy == "mixed_bfloat16")


def _module(layer: keras.layers.Layer) -> nn.Module | None:
    """The module with the weights of a layer, for those that have any."""
    match layer:
        case keras.layers.Conv2DTranspose():
            made = nn.ConvTranspose2d(
                layer.input.shape[-1], layer.filters, layer.kernel_size, layer.strides,
                bias=layer.use_bias,
            )  # fmt: skip
            order = 3, 2, 0, 1
        case keras.layers.Conv2D():
            made = nn.Conv2d(
                layer.input.shape[-1], layer.filters, layer.kernel_size, layer.strides,
                dilation=layer.dilation_rate, bias=layer.use_bias,
            )  # fmt: skip
            order = 3, 2, 0, 1
        case keras.layers.BatchNormalization():
            made, order = nn.BatchNorm2d(layer.input.shape[-1], layer.epsilon, 1 - layer.momentum), None
        case _:
            return None
    weights = [torch.from_numpy(np.copy(each)) for each in layer.get_weights()]
    if order:
        weights[0] = weights[0].permute(order)
        targets = [made.weight, made.bias]
    else:
        targets = [made.weight, made.bias, made.running_mean, made.running_var]
    with torch.no_grad():
        for target, values in zip(targets, weights, strict=False):  # a convolution may have no bias
            target.copy_(values)
    return made


def _apply(layer: keras.layers.Layer, module: nn.Module | None, x, *others) -> torch.Tensor:
    match layer:
        case keras.layers.Conv2DTranspose():
            x = module(x)
            # Keras' "same": the stride times the input's size, cut off on both sides.
            height, width = layer.output.shape[1:3]
            top, left = (x.shape[2] - height) // 2, (x.shape[3] - width) // 2
            x = x[:, :, top : top + height, left : left + width]
        case keras.layers.Conv2D():
            reach = [
                d * (k - 1) + 1 for d, k in zip(layer.dilation_rate, layer.kernel_size, strict=True)
            ]
            x = module(_padded(layer, x, reach))
        case keras.layers.MaxPooling2D():
            padded = _padded(layer, x, layer.pool_size) if layer.padding == "same" else x  # after a ReLU
            x = functional.max_pool2d(padded, layer.pool_size, layer.strides)
        case keras.layers.BatchNormalization():
            x = module(x)
        case keras.layers.Rescaling():
            x = x * layer.scale + layer.offset
        case keras.layers.Add():
            x = sum(others, start=x)
        case keras.layers.Concatenate():
            x = torch.cat([x, *others], 1)
        case keras.layers.GlobalAveragePooling2D():
            x = x.mean((2, 3), keepdim=True)
        case keras.layers.UpSampling2D():
            x = functional.interpolate(x, scale_factor=layer.size, mode=layer.interpolation)
        case MatchSize():
            height, width = others[0].shape[2:]
            missing = max(0, width - x.shape[3]), max(0, height - x.shape[2])
            x = functional.pad(x, (0, missing[0], 0, missing[1]))[:, :, :height, :width]
        case keras.layers.ReLU():
            pass
        case _:
            raise TypeError(f"{layer.name}: {type(layer).__name__} is not translated to PyTorch")
    activation = getattr(layer, "activation", None)
    is_relu = isinstance(layer, keras.layers.ReLU) or activation is keras.activations.relu
    return functional.relu(x) if is_relu else x


def _padded(layer: keras.layers.Layer, x: torch.Tensor, reach) -> torch.Tensor:
    """As much as Keras' "same" pads, the odd pixel at the bottom and on the right."""
    sides = []
    for axis in (1, 0):  # PyTorch names the last axis first
        outputs, stride = layer.output.shape[1 + axis], layer.strides[axis]
        total = max(0, (outputs - 1) * stride + reach[axis] - x.shape[2 + axis])
        sides += [total // 2, total - total // 2]
    return functional.pad(x, sides) if any(sides) else x

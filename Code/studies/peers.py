"""Networks that a user might choose instead, trained in the same minutes, and timed on single images.

    .venv/bin/python -m pip install -e ".[peers]"
    .venv/bin/python Code/studies/peers.py [--size 125 414] [--output FILE]

Fast-SCNN after its paper; U-Net and LinkNet with a MobileNetV2 encoder from the package segmodels-keras.
All start from random weights, though users would usually take pretrained encoders. The command times the
networks with 14 classes on a random image, in turns.
"""

import functools
import json
from dataclasses import replace

import numpy as np
import pandas as pd

from benchmarks import harness  # imports roadseg, which prepares TensorFlow's start

# isort: split
import keras

from roadseg.networks.blocks import convolution, normalised_input, upsample
from studies.recipes import FORMER_QUICK
from studies.runner import Study, Trial
from studies.runner.data_sets import camvid, hold_out
from studies.runner.results import RESULTS


def build(
    name: str, image_shape: tuple[int, int, int], num_classes: int, seed: int, policy: str
) -> keras.Model:
    """As `networks.build`, of a network of one size: "fast_scnn" or one of `PACKAGED`."""
    keras.utils.clear_session(free_memory=False)  # the package leaves layers to be named by counting
    keras.utils.set_random_seed(seed)
    previous = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        image, x = normalised_input(image_shape)
        layers = _packaged if name in PACKAGED else _fast_scnn
        return keras.Model(image, layers(x, num_classes, name), name=name)
    finally:
        keras.config.set_dtype_policy(previous)


def _fast_scnn(image, num_classes: int, _: str):
    """Fast-SCNN: Poudel, Liwicki, Cipolla 2019, arXiv 1902.04502, table 1."""
    x = _conv(image, 32, "down1", strides=2)
    x = _conv(x, 48, "down2", strides=2, separable=True)
    fine = x = _conv(x, 64, "down3", strides=2, separable=True)  # an eighth of the size
    for stage, (filters, strides) in enumerate(((64, 2), (96, 2), (128, 1)), start=1):
        for block in range(1, 4):
            x = _inverted_residual(x, filters, strides if block == 1 else 1, f"features{stage}_{block}")
    x = upsample(_pyramid_pooling(x, "pyramid"), fine, 4, "bilinear", "fusion")
    x = _depthwise(x, "fusion_depthwise", dilation_rate=4)
    coarse = _conv(x, 128, "fusion_coarse", 1, relu=False)
    fine = _conv(fine, 128, "fusion_fine", 1, relu=False)
    x = keras.layers.ReLU(name="fusion_relu")(keras.layers.Add(name="fusion_add")([coarse, fine]))
    for layer in (1, 2):
        x = _conv(x, 128, f"classifier{layer}", separable=True)
    x = keras.layers.Dropout(0.1, name="classifier_dropout")(x)
    small = keras.layers.Conv2D(num_classes, 1, dtype="float32", name="head_logits")(x)
    return upsample(small, image, 8, "bilinear", "head")


def _conv(x, filters: int, name: str, kernel_size: int = 3, **options):
    return convolution(x, filters, name, kernel_size, batch_normalisation=True, **options)


def _depthwise(x, name: str, **options):
    """3x3 of each channel alone, batch normalisation, ReLU."""
    x = keras.layers.DepthwiseConv2D(3, padding="same", use_bias=False, name=name, **options)(x)
    x = keras.layers.BatchNormalization(name=f"{name}_norm")(x)
    return keras.layers.ReLU(name=f"{name}_relu")(x)


def _inverted_residual(x, filters: int, strides: int, name: str):
    """Wide 1x1, 3x3 of each channel, narrow 1x1 without ReLU."""
    change = _conv(x, 6 * x.shape[-1], f"{name}_widen", 1)
    change = _depthwise(change, f"{name}_depthwise", strides=strides)
    change = _conv(change, filters, f"{name}_narrow", 1, relu=False)
    same = strides == 1 and x.shape[-1] == filters
    return keras.layers.Add(name=f"{name}_add")([x, change]) if same else change


def _pyramid_pooling(x, name: str):
    """Means over the whole, halves, thirds and sixths of the image beside the features.

    Where there are fewer than six features in a row or column, over each of them.
    """
    parts = [x]
    for bins in (1, 2, 3, 6):
        if bins == 1:  # to which Keras 3.15 cannot pool adaptively on TensorFlow
            pooling = keras.layers.GlobalAveragePooling2D(keepdims=True, name=f"{name}1_mean")
        else:
            size = tuple(min(bins, length) for length in x.shape[1:3])
            pooling = keras.layers.AdaptiveAveragePooling2D(size, name=f"{name}{bins}_mean")
        part = _conv(pooling(x), x.shape[-1] // 4, f"{name}{bins}_conv", 1)
        parts.append(
            keras.layers.Resizing(*x.shape[1:3], interpolation="bilinear", name=f"{name}{bins}")(part)
        )
    return _conv(keras.layers.Concatenate(name=f"{name}_concat")(parts), x.shape[-1], name, 1)


PACKAGED = {"unet_mobilenetv2": "Unet", "linknet_mobilenetv2": "Linknet"}  # names in segmodels_keras


def _packaged(x, num_classes: int, name: str):
    """With the padding to a multiple of 32 that the package's networks need."""
    import segmodels_keras  # only this study needs it

    missing = [(0, -length % 32) for length in x.shape[1:3]]
    x = keras.layers.ZeroPadding2D(missing, name="pad")(x)
    inner = getattr(segmodels_keras, PACKAGED[name])(
        "mobilenetv2",
        input_shape=x.shape[1:],
        classes=num_classes,
        activation="linear",
        encoder_weights=None,
    )
    for layer in inner.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = 0.9  # 0.999, as the encoder has it, remembers the training's start
    return keras.layers.Cropping2D(missing, dtype="float32", name="crop")(inner(x))


QUICK = replace(FORMER_QUICK, validate_every=1000)
FEW_STEPS = replace(QUICK, ema_momentum=None)
PEERS = Study(
    name="peers",
    description="""The project's networks and three that a user might choose instead, in equal time.

CamVid at 240 x 320, from random weights, the recipe `quick` with as many epochs as fit into six
minutes of steps, validated after the last one, one seed. Networks that take few steps in that time do
not average their weights, because the average would be mostly of the start of the training. The recipe,
`simple_plus` and `edgesegnet` were chosen with scores on this clip, the others were not.

Result: mean IoU 0.607 (`simple_plus`), 0.562 (Fast-SCNN), 0.560 (`edgesegnet`), 0.365 (`simple`),
0.327 (LinkNet), 0.304 (U-Net).""",
    trials=(
        *(Trial(name, name, QUICK) for name in ("simple", "simple_plus", "edgesegnet")),
        Trial("fast_scnn", "fast_scnn", QUICK, builder=build),
        *(Trial(name, name, FEW_STEPS, builder=build) for name in PACKAGED),
    ),
    frames=camvid(scale=1.5),
    split=hold_out("val"),
    minutes=6.0,
)
_CLASSES, _ROUNDS = 14, 20


def main() -> None:
    parser = harness.parser(__doc__)
    parser.add_argument("--size", type=int, nargs=2, default=(125, 414), metavar=("H", "W"))
    options = parser.parse_args()
    milliseconds = inference_ms(PEERS.trials, tuple(options.size))
    harness.report({"size": options.size, "milliseconds": milliseconds}, options.output)


def inference_ms(trials: tuple[Trial, ...], size: tuple[int, int]) -> dict[str, float]:
    """Milliseconds that the network of each trial takes for one image."""
    image = np.random.default_rng(0).integers(0, 256, (1, *size, 3), np.uint8)
    calls = {
        trial.name: functools.partial(trial.build((*size, 3), _CLASSES).predict_on_batch, image)
        for trial in trials
    }
    return harness.median_ms_in_turns(calls, _ROUNDS)


def frames_per_second() -> pd.Series:
    """Frames/s of each network, as stored in results/inference_speed.json."""
    stored = json.loads((RESULTS / "inference_speed.json").read_text("utf-8"))
    return (1000 / pd.Series(stored["milliseconds"])).round().astype(int).rename("frames/s")


if __name__ == "__main__":
    main()

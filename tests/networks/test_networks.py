"""One tester for all networks, and what is special about each."""

import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

from roadseg import networks
from roadseg.networks import edgesegnet
from roadseg.networks.cost import multiply_adds
from roadseg.training.losses import CrossEntropy

CODE = Path(networks.__file__).parents[2]
ALL = sorted(networks.NETWORKS)


def pictures(shape, count=2, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (count, *shape), np.uint8)


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("size", [(16, 16), (17, 35), (125, 414), (33, 16), (31, 47)])
@pytest.mark.parametrize("num_classes", [2, 14])
def test_bytes_in_logits_of_the_same_size_out(name, size, num_classes):
    network = networks.build(name, (*size, 3), num_classes)
    logits = network.predict_on_batch(pictures((*size, 3), count=1))
    assert logits.shape == (1, *size, num_classes)
    assert logits.dtype == np.float32
    assert np.isfinite(logits).all()
    assert logits.min() < 0  # no softmax inside


@pytest.mark.parametrize("name", ALL)
def test_every_weight_is_trained(name):
    network = networks.build(name, (32, 48, 3), 5)
    labels = np.random.default_rng(0).integers(0, 5, (2, 32, 48))
    before = network.get_weights()
    network.compile(keras.optimizers.SGD(0.1), CrossEntropy())
    network.train_on_batch(pictures((32, 48, 3)), labels)
    moved = [not np.array_equal(a, b) for a, b in zip(before, network.get_weights(), strict=True)]
    names = [variable.path for variable in network.weights]
    assert all(moved), [name for name, each in zip(names, moved, strict=True) if not each]


@pytest.mark.parametrize("name", ALL)
def test_the_first_loss_is_that_of_a_network_that_knows_nothing(name):
    network = networks.build(name, (48, 64, 3), 14)
    labels = np.random.default_rng(0).integers(0, 14, (2, 48, 64))
    loss = float(CrossEntropy()(labels, network.predict_on_batch(pictures((48, 64, 3)))))
    assert loss == pytest.approx(np.log(14), rel=0.15)


@pytest.mark.parametrize("name", ALL)
def test_one_batch_can_be_learned_by_heart(name, frames):
    images, labels = frames.read([0, 9])
    network = networks.build(name, frames.image_shape, frames.num_classes)
    network.compile(keras.optimizers.Adam(5e-3), CrossEntropy())
    losses = [network.train_on_batch(images, labels) for _ in range(150)]
    assert losses[-1] < 0.1 * losses[0]


@pytest.mark.parametrize("name", ALL)
def test_saved_and_loaded_it_says_the_same(name, tmp_path):
    network = networks.build(name, (20, 30, 3), 4)
    network.save(tmp_path / "network.keras")
    loaded = keras.saving.load_model(tmp_path / "network.keras", safe_mode=True)
    batch = pictures((20, 30, 3))
    assert np.array_equal(network.predict_on_batch(batch), loaded.predict_on_batch(batch))


@pytest.mark.parametrize("name", ALL)
def test_the_seed_decides_the_weights(name):
    first, same, other = (networks.build(name, (16, 16, 3), 3, seed=seed) for seed in (1, 1, 2))
    batch = pictures((16, 16, 3))
    assert np.array_equal(first.predict_on_batch(batch), same.predict_on_batch(batch))
    assert not np.array_equal(first.predict_on_batch(batch), other.predict_on_batch(batch))


@pytest.mark.parametrize("name", ALL)
def test_the_logits_stay_float32_in_mixed_precision(name):
    network = networks.build(name, (16, 16, 3), 3, policy="mixed_bfloat16")
    assert network.predict_on_batch(pictures((16, 16, 3))).dtype == np.float32
    assert {str(layer.compute_dtype) for layer in network.layers} == {"bfloat16", "float32"}
    assert keras.config.dtype_policy().name == "float32"


@pytest.mark.parametrize("name", ALL)
def test_the_architecture_is_the_same_in_any_precision(name):
    digests = {
        networks.architecture_digest(networks.build(name, (33, 50, 3), 5, policy=policy))
        for policy in ("float32", "mixed_bfloat16")
    }
    assert len(digests) == 1


@pytest.mark.parametrize("name", ALL)
def test_jax_gives_the_same_logits(name, tmp_path):
    network = networks.build(name, (33, 50, 3), 5, policy="float32")
    network.save(tmp_path / "network.keras")
    batch = pictures((33, 50, 3))
    np.save(tmp_path / "batch.npy", batch)
    program = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "import keras, numpy, roadseg.networks\n"
        "assert keras.backend.backend() == 'jax'\n"
        "network = keras.saving.load_model(sys.argv[2] + '/network.keras')\n"
        "batch = numpy.load(sys.argv[2] + '/batch.npy')\n"
        "numpy.save(sys.argv[2] + '/logits.npy', network.predict_on_batch(batch))\n"
    )
    subprocess.run(
        [sys.executable, "-c", program, CODE, tmp_path],
        check=True,
        env=os.environ | {"KERAS_BACKEND": "jax"},
    )
    assert np.load(tmp_path / "logits.npy") == pytest.approx(network.predict_on_batch(batch), abs=1e-4)


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("shape", [(8, 64, 3), (64, 8, 3), (64, 64, 1)])
def test_too_small_or_colourless_pictures_are_refused(name, shape):
    with pytest.raises(ValueError, match=f"{name} needs"):
        networks.build(name, shape, 14)


def test_an_unknown_name_is_answered_with_those_that_exist():
    with pytest.raises(ValueError, match=r"unknown network 'unet': one of .*simple"):
        networks.build("unet", (64, 64, 3), 14)


@pytest.mark.parametrize("size", [(125, 414), (240, 320), (16, 16)])
def test_the_simple_network_has_the_originals_parameters_at_any_size(size):
    network = networks.build("simple", (*size, 3), 14)
    assert network.count_params() == 469_430
    assert sum(int(np.prod(v.shape)) for v in network.trainable_variables) == 469_238


def test_the_simple_network_has_the_originals_stages():
    network = networks.build("simple", (125, 414, 3), 14)
    shapes = {
        "encoder1_conv": (125, 414, 12),
        "encoder4_pool": (7, 25, 96),
        "bottleneck_norm": (7, 25, 48),
        "middle_norm": (31, 103, 48),
        "decoder1_pad": (15, 51, 96),
        "decoder2_concat": (31, 103, 96),
        "decoder3_concat": (62, 207, 72),
        "decoder4_concat": (125, 414, 36),
        "head_conv": (125, 414, 24),
        "head_logits": (125, 414, 14),
    }
    assert {name: network.get_layer(name).output.shape[1:] for name in shapes} == shapes


IDEAS = [
    {"separable_encoder": True},
    {"bilinear_decoder": True},
    {"zero_padding": False},
    {"encoder_layers": 2},
    {"width": 1.5},
    {"batch_normalisation": True},
]


@pytest.mark.parametrize("size", [(37, 51), (16, 16)])
@pytest.mark.parametrize("options", [*IDEAS, {k: v for idea in IDEAS for k, v in idea.items()}])
def test_every_variant_of_the_simple_network_fits_odd_sizes(options, size):
    network = networks.build("simple", (*size, 3), 4, **options)
    assert network.predict_on_batch(pictures((*size, 3))).shape == (2, *size, 4)


def test_what_the_ideas_cost():
    plain, separable, bilinear, deeper, wider, normalised = (
        networks.build("simple", (64, 96, 3), 14, **options) for options in ({}, *IDEAS[:2], *IDEAS[3:])
    )
    assert separable.count_params() < 0.95 * plain.count_params()
    assert multiply_adds(separable) < 0.95 * multiply_adds(plain)
    assert bilinear.count_params() == plain.count_params()
    assert multiply_adds(bilinear) == multiply_adds(plain)
    assert deeper.count_params() > 1.2 * plain.count_params()
    assert wider.count_params() == pytest.approx(1.5**2 * plain.count_params(), rel=0.02)
    norms = [layer.name for layer in normalised.layers if layer.name.endswith("_norm")]
    assert len(norms) == 18  # of all convolutions but the last, and the original's two


def test_without_zero_padding_odd_sizes_are_cropped():
    network = networks.build("simple", (37, 51, 3), 4, zero_padding=False)
    names = [layer.name for layer in network.layers]
    assert not [name for name in names if name.endswith("_pad")]
    assert [name for name in names if name.endswith("_crop")]


def test_simple_plus_is_within_its_budget():
    network = networks.build("simple_plus", (240, 320, 3), 14)
    assert network.count_params() <= 470_000
    assert multiply_adds(network) <= 0.5e9


@pytest.mark.parametrize("options", [{"output_stride": 2}, {"context": False}, {"dilations": (1, 2, 4)}])
def test_every_variant_of_simple_plus_fits_odd_sizes(options):
    network = networks.build("simple_plus", (37, 51, 3), 4, **options)
    assert network.predict_on_batch(pictures((37, 51, 3))).shape == (2, 37, 51, 4)


def test_simple_plus_ends_at_a_half_or_a_quarter():
    with pytest.raises(ValueError, match="output_stride=8: 2 or 4"):
        networks.build("simple_plus", (64, 64, 3), 4, output_stride=8)


@pytest.mark.parametrize(
    ("name", "options"),
    [("simple", {}), ("simple_plus", {}), ("edgesegnet", {}), ("edgesegnet", {"upsampling": "learned"})],
)
def test_weights_are_never_kept_in_bfloat16(name, options):
    network = networks.build(name, (32, 48, 3), 4, policy="mixed_bfloat16", **options)
    assert {str(variable.dtype) for variable in network.trainable_variables} == {"float32"}


def test_multiply_adds_by_hand():
    image = keras.Input((8, 8, 3))
    x = keras.layers.Conv2D(4, 3, 2, padding="same")(image)  # 9 * 3 * 4 at 4 x 4 places
    x = keras.layers.SeparableConv2D(5, 3, padding="same")(x)  # 9 * 4 and 4 * 5 at 4 x 4
    x = keras.layers.Conv2DTranspose(2, 3, 2, padding="same")(x)  # 9 * 5 * 2 for each of 4 x 4
    inner = keras.Model(image, keras.layers.DepthwiseConv2D(3, padding="same")(x))  # 9 * 2 at 8 x 8
    network = keras.Sequential([keras.Input((8, 8, 3)), inner])
    assert multiply_adds(network) == 16 * (108 + 36 + 20 + 90) + 64 * 18


def test_edgesegnet_as_in_the_paper_has_its_parameters_and_stages():
    network = networks.build("edgesegnet", (256, 256, 3), 32, **edgesegnet.PAPER)
    assert sum(int(np.prod(v.shape)) for v in network.trainable_variables) == 4_327_920
    shapes = {
        "stem_conv": (128, 128, 13),
        "stem_pool": (64, 64, 13),
        "reduction_wide_conv": (16, 16, 193),
        "residual_add": (32, 32, 193),
        "refine1_add": (32, 32, 193),
        "merge1_add": (32, 32, 193),
        "refine2_add": (32, 32, 217),
        "refine3_add": (64, 64, 217),
        "merge2_add": (64, 64, 217),
        "refine4_add": (64, 64, 217),
        "head_logits": (256, 256, 32),
    }
    assert {name: network.get_layer(name).output.shape[1:] for name in shapes} == shapes


def test_edgesegnet_is_within_its_budget():
    network = networks.build("edgesegnet", (240, 320, 3), 11)
    assert network.count_params() <= 4_400_000
    assert multiply_adds(network) <= 3e9


def test_the_last_convolution_commutes_with_bilinear_enlargement():
    before, after = (
        networks.build("edgesegnet", (48, 64, 3), 5, policy="float32", classify_first=first)
        for first in (True, False)
    )
    after.set_weights(before.get_weights())
    batch = pictures((48, 64, 3))
    assert before.predict_on_batch(batch) == pytest.approx(after.predict_on_batch(batch), abs=1e-4)


@pytest.mark.parametrize(
    ("upsampling", "skips", "strides"),
    [
        ("nearest", (), (8,)),
        ("bilinear", (2, 1), (8,)),
        ("learned", (2,), (2, 2, 2)),
        ("learned", (), (8,)),
    ],
)
def test_every_variant_of_edgesegnet_fits_odd_sizes(upsampling, skips, strides):
    network = networks.build(
        "edgesegnet", (37, 51, 3), 4, upsampling=upsampling, skips=skips, reduction_strides=strides
    )
    assert network.predict_on_batch(pictures((37, 51, 3))).shape == (2, 37, 51, 4)


def test_an_unknown_enlargement_is_refused():
    with pytest.raises(ValueError, match="unknown upsampling 'cubic'"):
        networks.build("edgesegnet", (64, 64, 3), 4, upsampling="cubic")


def test_padding_follows_the_size():
    """Nothing is padded where every halving is even."""
    network = networks.build("simple", (64, 96, 3), 14)
    assert not [layer.name for layer in network.layers if layer.name.endswith("pad")]


def test_pretrained_weights_are_those_that_were_saved_at_any_size(tmp_path, monkeypatch):
    monkeypatch.setattr(networks, "PRETRAINED", tmp_path / "pretrained")
    with pytest.raises(ValueError, match="none ship"):
        networks.load_pretrained("simple")
    trained = networks.build("simple", (32, 48, 3), 14, seed=5)
    networks.save_pretrained("simple", trained)
    again = networks.load_pretrained("simple", (48, 64, 3))
    for mine, theirs in zip(trained.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, theirs)
    with pytest.raises(ValueError, match="unknown network 'great'"):
        networks.load_pretrained("great")


def test_saved_weights_are_without_the_optimizer(tmp_path, monkeypatch):
    monkeypatch.setattr(networks, "PRETRAINED", tmp_path)
    network = networks.build("simple", (32, 48, 3), 14)
    network.compile("adam")
    network.optimizer.build(network.trainable_variables)
    networks.save_pretrained("simple", network)
    assert (tmp_path / "simple.weights.h5").stat().st_size < 1.5 * 4 * network.count_params()

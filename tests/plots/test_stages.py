import keras
import pytest

from roadseg import networks
from roadseg.plots.stages import describe, stages

SHAPE = 125, 414, 3


def stages_of(name, **options):
    return {stage.name: stage for stage in stages(networks.build(name, SHAPE, 14, **options))}


def test_stages_are_connected_as_the_network_is():
    found = stages_of("simple")
    edges = {(source.name, stage.name) for stage in found.values() for source in stage.sources}
    assert {("encoder1", "decoder4"), ("encoder2", "decoder3"), ("encoder3", "middle")} <= edges
    assert {("middle", "decoder2"), ("bottleneck", "decoder1"), ("encoder4", "decoder1")} <= edges
    assert ("encoder1", "head") not in edges


@pytest.mark.parametrize("name", networks.NETWORKS)
def test_a_stage_comes_after_its_sources(name):
    found = list(stages_of(name).values())
    for place, stage in enumerate(found):
        assert all(source in found[:place] for source in stage.sources)


def test_levels_count_halvings():
    levels = {name: stage.level for name, stage in stages_of("simple").items()}
    assert levels["image"] == levels["encoder1"] == levels["decoder4"] == levels["head"] == 0
    assert levels["encoder3"] == levels["middle"] == 2
    assert levels["bottleneck"] == 4


@pytest.mark.parametrize(
    ("name", "roles"),
    [
        (
            "simple",
            {"encoder1": "encoder", "bottleneck": "context", "middle": "skip", "head": "decoder"},
        ),
        ("simple_plus", {"encoder4": "encoder", "context": "context", "decoder1": "decoder"}),
        (
            "edgesegnet",
            {
                "stem": "encoder",
                "residual": "encoder",
                "reduction": "encoder",
                "context": "context",
                "refine1": "skip",
                "refine3": "skip",
                "merge1": "decoder",
                "refine4": "decoder",
            },
        ),
    ],
)
def test_roles_follow_from_the_resolutions(name, roles):
    found = stages_of(name)
    assert {stage: found[stage].role for stage in roles} == roles


def test_activations_show_whether_they_are_an_argument_or_a_layer():
    assert stages_of("simple")["encoder1"].lines == ["3x3 conv, 12, ReLU", "2x2 max-pool /2"]
    assert stages_of("edgesegnet")["stem"].lines == ["7x7 conv /2, 32, BN, ReLU", "3x3 max-pool /2"]


def test_normalisation_stands_behind_its_own_layer():
    lines = stages_of("simple_plus")["decoder1"].lines
    assert lines.count("1x1 conv, 64, BN") == 2
    assert "bilinear upsampling x2" in lines
    assert "sum, ReLU" in lines


def test_a_size_is_that_of_the_output():
    assert stages_of("simple")["encoder1"].size == "62 x 207 x 12"


@pytest.mark.parametrize(
    ("layer", "words"),
    [
        (keras.layers.Conv2D(8, 3, dilation_rate=2), "3x3 conv dilated 2, 8"),
        (keras.layers.Conv2D(8, (1, 3), activation="gelu"), "1x3 conv, 8, gelu"),
        (keras.layers.SeparableConv2D(8, 3, activation="relu"), "3x3 separable conv, 8, ReLU"),
        (keras.layers.Conv2DTranspose(8, 4, 2), "4x4 transposed conv /2, 8"),
        (keras.layers.ZeroPadding2D(((0, 1), (0, 0))), "zero-pad 1 row"),
        (keras.layers.Cropping2D(1), "crop"),
        (keras.layers.Dropout(0.5), "dropout"),
    ],
)
def test_layers_have_the_words_of_the_field(layer, words):
    assert describe(layer) == words

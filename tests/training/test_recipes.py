from dataclasses import replace

import keras
import numpy as np
import pytest

from roadseg.training.recipes import RECIPES, get_recipe

RECIPE = replace(RECIPES["quick"], class_weight_power=0.5, lovasz=0)


def test_the_original_recipe_is_the_original_repositorys():
    recipe = RECIPES["original"]
    optimizer = recipe.make_optimizer(steps_per_epoch=24)
    assert (recipe.epochs, recipe.batch_size, recipe.augmentation) == (250, 16, None)
    rates = [float(optimizer._learning_rate(24 * epoch)) for epoch in (0, 74, 75, 149, 150, 249)]
    assert rates == pytest.approx([1e-3, 1e-3, 1e-3 / 3, 1e-3 / 3, 1e-3 / 9, 1e-3 / 27])


def test_a_recipe_by_name():
    assert get_recipe("quick") == RECIPES["quick"]
    assert get_recipe("original", epochs=60).epochs == 60
    with pytest.raises(ValueError, match="unknown recipe 'fast': one of original, quick"):
        get_recipe("fast")
    with pytest.raises(ValueError, match="quick: epochs=0: a whole number, at least 1,"):
        get_recipe("quick", epochs=0)


@pytest.mark.parametrize("field", ["epochs", "batch_size", "validate_every"])
@pytest.mark.parametrize("value", [0, -1, 1.5, 2.0, "3", None, True, float("nan"), 2**32, np.float64(2)])
def test_counts_are_whole_numbers_from_one(field, value):
    with pytest.raises(ValueError, match=f"{field}=.*: a whole number, at least 1, is expected"):
        replace(RECIPE, **{field: value})


@pytest.mark.parametrize("seed", [-1, 0.5, True, "0", 2**32])
def test_a_seed_is_a_whole_number_from_zero(seed):
    with pytest.raises(ValueError, match=r"seed=.*: a whole number, at least 0, is expected"):
        replace(RECIPE, seed=seed)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), True, "0.1", None, [0.1], 10**400])
@pytest.mark.parametrize("field", ["learning_rate", "warm_up_epochs", "lovasz", "ohem_share"])
def test_what_is_not_a_number_is_an_error(field, value):
    with pytest.raises(ValueError, match=f"{field}=.* is out of range"):
        replace(RECIPE, **{field: value})


def test_numpys_numbers_become_pythons():
    recipe = replace(RECIPE, epochs=np.int64(3), learning_rate=np.float32(0.5), seed=np.uint8(7))
    assert recipe == replace(RECIPE, epochs=3, learning_rate=0.5, seed=7)
    assert repr(recipe) == repr(replace(RECIPE, epochs=3, learning_rate=0.5, seed=7))
    assert {type(value) for value in (recipe.epochs, recipe.learning_rate, recipe.seed)} == {int, float}


@pytest.mark.parametrize("name", ["", "../up", "a/b", ".hidden", None, 7, "x" * 101])
def test_a_name_can_be_part_of_a_folders(name):
    with pytest.raises(ValueError, match="a recipe's name has letters"):
        replace(RECIPE, name=name)


def test_an_augmentation_is_one():
    with pytest.raises(ValueError, match="is no Augmentation"):
        replace(RECIPE, augmentation={"flip": True})


def test_a_recipe_makes_its_loss():
    pixels = np.array([100, 400, 25])
    assert RECIPE.make_loss(pixels).class_weights == [1, 0.5, 2]
    hard = replace(RECIPE, class_weight_power=0, ohem_share=0.5, focal_gamma=1, label_smoothing=0.1)
    loss = hard.make_loss(pixels)
    assert loss.class_weights is None
    assert (loss.ohem_share, loss.focal_gamma, loss.label_smoothing) == (0.5, 1, 0.1)
    both = replace(hard, lovasz=0.7).make_loss(pixels)
    assert (both.lovasz_weight, both.cross_entropy.ohem_share) == (0.7, 0.5)
    effective = replace(hard, effective_number=0.5).make_loss(np.array([1, 2, 3]))
    assert effective.class_weights == pytest.approx([1.5, 1, 6 / 7])


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("effective_number", 1),
        ("label_smoothing", -0.1),
        ("focal_gamma", 0.5),
        ("ohem_share", 0),
        ("lovasz", -1),
        ("learning_rate", 0),
        ("warm_up_epochs", -1),
        ("weight_decay", -0.1),
        ("class_weight_power", -0.5),
        ("ema_momentum", 1),
    ],
)
def test_a_number_out_of_its_range_is_an_error(field, value):
    with pytest.raises(ValueError, match=f"{field}={value} is out of range"):
        replace(RECIPE, **{"class_weight_power": 0, field: value})


def test_a_recipe_weighs_classes_in_one_way():
    with pytest.raises(ValueError, match="either class_weight_power or effective_number"):
        replace(RECIPE, effective_number=0.99)


def test_weights_decay_with_adamw_alone():
    with pytest.raises(ValueError, match="only adamw has weight_decay"):
        replace(RECIPE, optimizer="rmsprop", weight_decay=0.01)


def test_the_state_of_an_optimizer_has_the_same_form_however_long_the_training_is():
    counts = {
        len(replace(RECIPES["original"], epochs=n).make_optimizer(2).variables) for n in (1, 80, 250)
    }
    assert len(counts) == 1


def test_a_saved_optimizer_decays_as_before():
    optimizer = RECIPE.make_optimizer(3)
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(optimizer))
    kernel, bias = (keras.Variable(np.ones(2), name=name) for name in ("kernel", "bias"))
    again.build([kernel, bias])
    assert again._use_weight_decay(kernel)
    assert not again._use_weight_decay(bias)


@pytest.mark.parametrize(("field", "value"), [("optimizer", "adagrad"), ("schedule", "linear")])
def test_unknown_words_in_a_recipe_are_errors(field, value):
    with pytest.raises(ValueError, match=f"unknown {field} '{value}'"):
        replace(RECIPE, **{field: value})


@pytest.mark.parametrize("value", [0, 1, None, "no"])
def test_the_size_of_the_loss_is_true_or_false(value):
    with pytest.raises(ValueError, match=r"upsampled_loss=.*: True or False"):
        replace(RECIPE, upsampled_loss=value)


@pytest.mark.parametrize("name", ["quick", "averaged original"])
def test_averages_forget_the_first_weights_quickly(name):
    """After a few steps the average is near the weights, as after many with the full momentum."""
    averaged = replace(RECIPES["original"], name=name, ema_momentum=0.99)
    recipe = {"quick": RECIPES["quick"], "averaged original": averaged}[name]
    optimizer, variable = recipe.make_optimizer(steps_per_epoch=100), keras.Variable([1000.0])
    optimizer.build([variable])
    values = []
    for _ in range(20):
        variable.assign([float(len(values))])  # whatever the step does
        values.append(float(len(values)))
        variable.assign(variable)
        optimizer.apply([keras.ops.zeros((1,))], [variable])
    (average,) = (float(each[0]) for each in optimizer._model_variables_moving_average)
    assert 9 < average < 19

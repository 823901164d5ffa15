from dataclasses import replace

import keras
import numpy as np
import pytest

from roadseg.training.recipes import RECIPES, get_recipe

RECIPE = replace(RECIPES["quick"], class_weight_power=0.5, lovasz=0)


def test_the_original_recipe_is_the_original_repositorys():
    recipe = RECIPES["original"]
    schedule = recipe.make_schedule(steps_per_epoch=24)
    assert (recipe.epochs, recipe.batch_size, recipe.augmentation) == (250, 16, None)
    rates = [float(schedule(24 * epoch)) for epoch in (0, 74, 75, 149, 150, 249)]
    assert rates == pytest.approx([1e-3, 1e-3, 1e-3 / 3, 1e-3 / 3, 1e-3 / 9, 1e-3 / 27])


def test_a_recipe_by_name():
    assert get_recipe("quick") == RECIPES["quick"]
    assert get_recipe("original", epochs=60).epochs == 60
    with pytest.raises(ValueError, match="unknown recipe 'fast': one of original, quick"):
        get_recipe("fast")
    with pytest.raises(ValueError, match="quick: epochs=0 is out of range"):
        get_recipe("quick", epochs=0)


def test_its_table_tells_what_is_on_and_why():
    for recipe in RECIPES.values():
        table = recipe.table()
        assert ("lovasz" in table.index) == bool(recipe.lovasz)
        assert {"epochs", "optimizer"} < set(table.index)
        assert table["why"].str.len().between(10, 50).all()  # pandas shows no more
    assert RECIPES["quick"].table()["value"]["augmentation"].startswith("flip, scale, brightness")


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


def test_what_is_out_of_its_range_is_an_error():
    for field, value in {
        "optimizer": "adagrad",
        "schedule": "linear",
        "batch_size": 0,
        "effective_number": 1,
        "label_smoothing": -0.1,
        "focal_gamma": 0.5,
        "ohem_share": 0,
        "lovasz": -1,
        "learning_rate": 0,
        "warm_up_epochs": -1,
        "weight_decay": -0.1,
        "class_weight_power": -0.5,
        "ema_momentum": 1,
    }.items():
        with pytest.raises(ValueError, match=f"{field}={value!r} is out of range"):
            replace(RECIPE, **{"class_weight_power": 0, field: value})
    for changes, message in (
        ({"effective_number": 0.99}, "either class_weight_power or effective_number"),
        ({"optimizer": "rmsprop", "weight_decay": 0.01}, "only adamw has weight_decay"),
    ):
        with pytest.raises(ValueError, match=message):
            replace(RECIPE, **changes)


def test_a_saved_optimizer_decays_kernels_alone():
    optimizer = RECIPE.make_optimizer(3)
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(optimizer))
    kernel, bias = (keras.Variable(np.ones(2, "float32"), name=name) for name in ("kernel", "bias"))
    again.apply([keras.ops.zeros(2), keras.ops.zeros(2)], [kernel, bias])
    assert float(kernel[0]) < 1
    assert float(bias[0]) == 1


def test_averages_forget_the_first_weights_quickly():
    """After a few steps the average is near the weights, as after many with the full momentum."""
    for recipe in (RECIPES["quick"], replace(RECIPES["original"], ema_momentum=0.99)):
        optimizer, variable = recipe.make_optimizer(steps_per_epoch=100), keras.Variable([1000.0])
        optimizer.build([variable])
        for step in range(20):
            variable.assign([float(step)])
            optimizer.apply([keras.ops.zeros((1,))], [variable])
        optimizer.finalize_variable_values([variable])
        assert 9 < float(variable[0]) < 19

import shutil
from dataclasses import replace

import keras
import pytest

from roadseg import networks, training
from roadseg.data.augmentation import Augmentation
from roadseg.data.batches import Batches
from roadseg.errors import TrainingError
from roadseg.training import provenance
from roadseg.training.feed import Feed
from roadseg.training.run_folder import RunFolder
from tests.training.runs import (
    SHORT,
    TINY,
    StopAfter,
    eagerly,
    everything_but_times,
    split_of,
    tiny_for,
    train,
    train_tiny,
)

pytestmark = pytest.mark.usefixtures("eager")


@pytest.fixture(scope="module")
def longer(frames, tiny_finished, tmp_path_factory):
    """The finished run of four epochs, prolonged to six; read only."""
    folder = tmp_path_factory.mktemp("longer") / "run"
    with eagerly():
        return training.prolong(
            tiny_finished.folder, tiny_for(frames), frames, 6, folder, progress=False
        )


def test_it_keeps_the_history_and_goes_on_from_there(longer, tiny_finished):
    assert longer.history["epoch"] == [1, 2, 3, 4, 5, 6]
    assert longer.history["loss"][:4] == tiny_finished.history["loss"]
    assert longer.settings["recipe"]["epochs"] == 6
    assert longer.settings["prolongs"] == "4 epochs of finished"
    assert longer.split == tiny_finished.split


def test_it_is_a_training_from_the_old_state_at_the_longer_rate(longer, tiny_finished, frames):
    """The same with Keras alone."""
    network, recipe, split = tiny_for(frames), replace(TINY, epochs=6), split_of(frames)
    batches = Batches(frames, split.train, recipe.batch_size, recipe.augmentation, recipe.seed)
    network.compile(
        recipe.make_optimizer(len(batches)), recipe.make_loss(frames.class_pixels(split.train))
    )
    network.optimizer.build(network.trainable_variables)
    network.load_weights(tiny_finished.folder / "last.weights.h5")
    seen = []
    remember = keras.callbacks.LambdaCallback(on_epoch_end=lambda *_: seen.append(network.get_weights()))
    network.fit(Feed(batches, 4), epochs=2, shuffle=False, verbose=0, callbacks=[remember])
    network.load_weights(longer.folder / "last.weights.h5")
    for mine, its in zip(network.get_weights(), seen[-1], strict=True):
        assert mine == pytest.approx(its, rel=1e-5, abs=1e-7)


def test_a_network_of_a_run_is_trained_on_crops_whatever_its_options(frames, tmp_path):
    recipe = replace(SHORT, epochs=1, augmentation=Augmentation(crop=(16, 24)))
    options = {"filters": [8, 8, 8, 8], "context": False}
    network = networks.build("simple_plus", frames.image_shape, frames.num_classes, **options)
    run = train(frames, tmp_path / "short", recipe, network)
    network = training.load_best(run.folder)
    longer = training.prolong(run.folder, network, frames, 2, tmp_path / "longer", progress=False)
    assert longer.settings["network"] == run.settings["network"]
    assert longer.settings["network"]["options"] == options


def test_a_longer_run_knows_options_that_the_networks_file_does_not(frames, tmp_path):
    options = {"filters": [8, 8, 8, 8]}
    network = networks.build("simple_plus", frames.image_shape, frames.num_classes, **options)
    run = train(frames, tmp_path / "short", replace(SHORT, epochs=1), network)
    network = networks.load(run.best)
    longer = training.prolong(run.folder, network, frames, 2, tmp_path / "longer", progress=False)
    assert longer.settings["network"]["options"] == options


def test_a_longer_run_knows_options_that_the_older_run_does_not(frames, tmp_path, monkeypatch):
    monkeypatch.setattr(provenance, "_options", lambda network: None)
    options = {"filters": [8, 8, 8, 8]}
    network = networks.build("simple_plus", frames.image_shape, frames.num_classes, **options)
    run = train(frames, tmp_path / "short", replace(SHORT, epochs=1), network)
    assert networks.build_options(run.load_best()) is None
    monkeypatch.undo()
    longer = training.prolong(run.folder, network, frames, 2, tmp_path / "longer", progress=False)
    assert networks.build_options(longer.load_best()) == options


def test_the_old_run_stays_as_it_was(longer, tiny_finished):
    assert training.open_run(tiny_finished.folder) == tiny_finished


def test_the_best_network_of_all_epochs_is_kept(longer):
    assert longer.metrics["mean_iou"] == max(longer.history["validation_mean_iou"])


@pytest.mark.parametrize("steps", [1, 3])
def test_interrupted_it_continues_when_it_is_repeated(longer, tiny_finished, frames, tmp_path, steps):
    def again(**options):
        return training.prolong(
            tiny_finished.folder,
            tiny_for(frames),
            frames,
            6,
            tmp_path / "run",
            progress=False,
            **options,
        )

    with pytest.raises(KeyboardInterrupt):
        again(callbacks=[StopAfter(steps)])
    assert everything_but_times(again()) == everything_but_times(longer)
    again_with_train = train_tiny(frames, tmp_path / "run", replace(TINY, epochs=6))
    assert everything_but_times(again_with_train) == everything_but_times(longer)


def test_an_interrupted_run_is_prolonged_from_its_last_epoch(tiny_unfinished, frames, tmp_path):
    run = training.prolong(
        tiny_unfinished, tiny_for(frames), frames, 3, tmp_path / "run", progress=False
    )
    assert run.history["epoch"] == [1, 2, 3]


def test_what_cannot_be_prolonged_is_refused(tiny_finished, frames, tmp_path):
    def prolong(folder, epochs=6, network=None, target=tmp_path / "new"):
        network = network or tiny_for(frames)
        return training.prolong(folder, network, frames, epochs, target, progress=False)

    with pytest.raises(ValueError, match="has 4 epochs already, 4 in all"):
        prolong(tiny_finished.folder, 4)
    with pytest.raises(TrainingError, match="holds no run with a finished epoch"):
        prolong(tmp_path / "nothing")
    other = keras.Sequential(
        [keras.Input(frames.image_shape), keras.layers.Conv2D(frames.num_classes, 1)]
    )
    with pytest.raises(TrainingError, match=r"other settings \(network"):
        prolong(tiny_finished.folder, network=other)
    damaged = shutil.copytree(tiny_finished.folder, tmp_path / "damaged")
    (damaged / "last.weights.h5").write_bytes(b"")
    with pytest.raises(TrainingError, match=r"last\.weights\.h5: is not as the run wrote it"):
        prolong(damaged)
    assert not (tmp_path / "new/settings.json").exists()
    with pytest.raises(TrainingError, match=r"recipe\.epochs: 4 there, 6 asked for"):
        prolong(tiny_finished.folder, target=tiny_finished.folder)


def test_a_recipe_of_dropping_rates_goes_beyond_its_first_drop(frames, tmp_path):
    recipe = replace(
        TINY,
        epochs=1,
        optimizer="rmsprop",
        schedule="steps",
        weight_decay=0,
        warm_up_epochs=0,
        batch_size=12,
    )
    train_tiny(frames, tmp_path / "short", recipe)
    with pytest.raises(KeyboardInterrupt):  # after its first two epochs
        training.prolong(
            tmp_path / "short", tiny_for(frames), frames, 77, tmp_path / "long", False, [StopAfter(3)]
        )
    assert RunFolder(tmp_path / "long").read_manifest().epochs == 3

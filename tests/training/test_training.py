"""train(): what it leaves, that it continues identically, and what it refuses."""

from dataclasses import replace

import keras
import numpy as np
import pytest

from roadseg import evaluation, files, networks, training
from roadseg.data import preprocess, sources, splits, store
from roadseg.errors import DataError, TrainingError
from roadseg.training import run as run_module
from roadseg.training.trainer import fitted_network, label_stride
from tests import raw_data
from tests.training.runs import (
    TINY,
    StopAfter,
    everything_but_times,
    split_of,
    tiny_for,
    train_tiny,
)


def test_a_run_holds_all_that_its_results_come_from(finished, frames):
    run = training.open_run(finished.folder)
    result = evaluation.evaluate(run.load_best(), frames, split_of(frames).validation)
    assert result.mean_iou == np.nanmax(run.history["validation_mean_iou"]) == run.metrics["mean_iou"]
    assert np.array_equal(run.result.confusion, result.confusion)
    assert run.history["epoch"] == [1, 2, 3, 4]
    assert run.metrics["minutes"] == pytest.approx(sum(run.history["seconds"]) / 60)
    assert (run.recipe, run.split) == (TINY, split_of(frames))
    assert str(run.card) == "tiny, 14 classes, trained on 10 virtual_kitti_1 frames of 32 x 21"
    names = {path.name for path in run.folder.iterdir()}
    assert names == {
        *("settings.json", "split.json", "initial.weights.h5", "history.csv", "last-0004.weights.h5"),
        *("best.keras", "card.json", "trained.json", "metrics.json"),
    }
    assert run.load_best().class_names == frames.class_names


def test_the_trained_network_is_left_with_the_best_weights_and_the_result_is_the_same_again(
    finished, frames, tmp_path, eager
):
    network = tiny_for(frames)
    run = train_tiny(frames, tmp_path, network=network)
    best = run.load_best().get_weights()
    assert all(np.array_equal(a, b) for a, b in zip(network.get_weights(), best, strict=True))
    assert everything_but_times(run) == everything_but_times(finished)


def test_a_finished_run_is_read_not_repeated(finished, frames, capsys):
    before = finished.best.stat().st_mtime_ns
    network = tiny_for(frames, seed=1)
    assert train_tiny(frames, finished.folder, network=network, progress=True) == finished
    said = capsys.readouterr().out
    assert said.startswith("10 frames train, 4 validate, 2 are left out: last 25% of each drive")
    assert "tiny: loaded, trained earlier in" in said
    assert finished.best.stat().st_mtime_ns == before
    assert np.array_equal(network.get_weights()[0], finished.load_best().get_weights()[0])


def test_interrupted_before_any_write_it_continues_identically(frames, tmp_path, eager, monkeypatch):
    class Stop(Exception):
        pass

    def stopping(path, write):
        nonlocal left
        if left == 0:
            raise Stop
        left -= 1
        real(path, write)

    real, left, recipe = run_module.atomic_write, -1, replace(TINY, epochs=2, validate_every=1)
    monkeypatch.setattr(run_module, "atomic_write", stopping)
    whole = everything_but_times(train_tiny(frames, tmp_path / "whole", recipe))
    writes = -1 - left
    assert writes >= 10
    for stop in range(writes):
        left = stop
        with pytest.raises(Stop):
            train_tiny(frames, tmp_path / str(stop), recipe)
        left = -1
        assert everything_but_times(train_tiny(frames, tmp_path / str(stop), recipe)) == whole, stop


def test_interrupted_in_an_epoch_it_continues_in_the_same_notebook(
    finished, frames, tmp_path, capsys, eager
):
    network = tiny_for(frames)
    with pytest.raises(KeyboardInterrupt):
        train_tiny(frames, tmp_path, network=network, callbacks=[StopAfter(5)], progress=True)
    assert capsys.readouterr().out.endswith("\n")  # the bar is closed
    run = train_tiny(frames, tmp_path, network=network)  # half-trained, and trained again
    assert everything_but_times(run) == everything_but_times(finished)


def test_other_settings_in_the_same_folder_are_refused_by_name(finished, frames, tmp_path):
    with pytest.raises(TrainingError, match=r"recipe\.learning_rate: 0\.003 there, 0\.001 asked for"):
        train_tiny(frames, finished.folder, replace(TINY, learning_rate=1e-3))
    split = splits.by_sequence(frames, ["0002"])
    with pytest.raises(TrainingError, match=r"other settings \(split"):
        training.train(tiny_for(frames), frames, split, TINY, finished.folder)
    with pytest.raises(TrainingError, match=r"network\.architecture"):
        train_tiny(
            frames,
            finished.folder,
            network=networks.build("simple", frames.image_shape, frames.num_classes),
        )
    (tmp_path / "settings.json").write_text("{}")
    with pytest.raises(TrainingError, match="a run of another version; choose another folder"):
        train_tiny(frames, tmp_path)
    with pytest.raises(TrainingError, match="holds no finished run"):
        training.open_run(tmp_path)


def test_a_run_without_a_finished_epoch_is_replaced(frames, tmp_path, eager):
    with pytest.raises(KeyboardInterrupt):
        train_tiny(frames, tmp_path, callbacks=[StopAfter(1)])
    run = train_tiny(frames, tmp_path, replace(TINY, epochs=1, learning_rate=1e-3))
    assert run.recipe.learning_rate == 1e-3


def test_damaged_files_of_a_run_are_named(frames, tmp_path, eager):
    with pytest.raises(KeyboardInterrupt):
        train_tiny(frames, tmp_path, callbacks=[StopAfter(5)])
    for name in ("last-0002.weights.h5", "initial.weights.h5", "settings.json", "history.csv"):
        path = tmp_path / name
        whole = path.read_bytes()
        path.write_bytes(whole[: len(whole) // 2] + b"\xff\x00")
        with pytest.raises(TrainingError, match=name):
            train_tiny(frames, tmp_path)
        path.write_bytes(whole)
    assert train_tiny(frames, tmp_path).is_finished


def test_no_other_trains_in_a_folder_meanwhile(frames, tmp_path):
    with files.folder_lock(tmp_path), pytest.raises(TrainingError, match="another process is writing"):
        train_tiny(frames, tmp_path)


def test_a_folder_that_cannot_be_written_is_named(frames, tmp_path, eager, monkeypatch):
    def full(path, write):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(run_module, "atomic_write", full)
    with pytest.raises(TrainingError, match=r"initial\.weights\.h5: cannot be written \(No space left"):
        train_tiny(frames, tmp_path)


def test_what_does_not_fit_is_refused_before_anything_is_written(frames, tmp_path):
    folder, split = tmp_path / "run", split_of(frames)
    image = keras.Input((32, 32, 3), dtype="uint8")
    fixed = keras.Model(image, keras.layers.Conv2D(14, 1)(keras.layers.Rescaling(1 / 255)(image)))
    for network, recipe, message in (
        (fixed, TINY, r"takes images \(32, 32, 3\)"),
        (networks.build("simple", (32, 32, 3), 5), TINY, "has 5 classes"),
    ):
        with pytest.raises(ValueError, match=message):
            training.train(network, frames, split, recipe, folder)
    with pytest.raises(ValueError, match=r"crops of 16 x 24.*takes only 32 x 32"):
        fitted_network(fixed, TINY)
    for wrong in (
        replace(split, count=len(frames), frames="0" * 16),
        splits.Split((0,), (len(frames),), "by hand"),
    ):
        with pytest.raises(DataError, match="make it again"):
            training.train(tiny_for(frames), frames, wrong, TINY, folder)
    assert not folder.exists()


def test_frames_without_one_label_are_refused(frames, tmp_path, monkeypatch):
    split, real = split_of(frames), type(frames).class_pixels
    for part, hidden in {"training": split.train, "validation": split.validation}.items():
        monkeypatch.setattr(
            type(frames),
            "class_pixels",
            lambda self, indices, hidden=hidden: real(self, indices) * (tuple(indices) != hidden),
        )
        with pytest.raises(TrainingError, match=f"not one pixel of the {len(hidden)} {part} frames"):
            train_tiny(frames, tmp_path / "run")
    assert not (tmp_path / "run").exists()


class SpoilAfter(keras.callbacks.Callback):
    """Makes a weight infinite, and knows the weights at the end of the epoch before."""

    def __init__(self, steps):
        super().__init__()
        self.steps = steps

    def on_epoch_end(self, epoch, logs=None):
        self.good = self.model.get_weights()

    def on_train_batch_end(self, batch, logs=None):
        self.steps -= 1
        if not self.steps:
            weight = self.model.trainable_variables[0]
            weight.assign(np.full(weight.shape, np.inf, np.float32))


def test_infinite_numbers_stop_it_and_the_epoch_before_is_kept(frames, tmp_path, eager):
    recipe = replace(TINY, validate_every=1)
    for steps, message in ((3, "the loss became (nan|inf) in step 2"), (4, "weights became infinite")):
        spoil, folder = SpoilAfter(steps), tmp_path / str(steps)
        with pytest.raises(TrainingError, match=f"{message}.* of epoch 2; lower the recipe's"):
            train_tiny(frames, folder, recipe, callbacks=[spoil])
        network = tiny_for(frames)
        network.load_weights(folder / "last-0001.weights.h5")
        assert all(np.array_equal(*pair) for pair in zip(network.get_weights(), spoil.good, strict=True))
        best = training.load_best(folder).get_weights()
        assert all(np.isfinite(values).all() for values in best)


def test_callbacks_come_after_validation_and_share_the_networks_layers(frames, tmp_path, eager):
    class Recorder(keras.callbacks.Callback):
        seen = ()

        def on_epoch_end(self, epoch, logs=None):
            assert (tmp_path / "history.csv").exists()
            assert self.model.trainable_variables[0] is network.trainable_variables[0]
            self.seen += (logs["validation_mean_iou"],)

    recorder, network = Recorder(), tiny_for(frames)
    run = train_tiny(frames, tmp_path, network=network, callbacks=[recorder])
    np.testing.assert_array_equal(recorder.seen, run.history["validation_mean_iou"])
    assert np.isnan(recorder.seen).tolist() == [True, False, True, False]  # validate_every=2


def test_the_progress_bar_shows_scores(frames, tmp_path, capfd, eager):
    run = train_tiny(frames, tmp_path, replace(TINY, epochs=2), progress=True)
    shown = capfd.readouterr().out
    for word in ("loss", "accuracy", "mean_iou", "tiny, tiny", "00:00<"):
        assert word in shown
    last = shown.rpartition("\r")[2]
    score = run.history["validation_mean_iou"][-1]
    assert "epoch 2: validation accuracy" in last
    assert f"mean_iou {score:.3f}" in last


def test_a_run_knows_the_frames_that_trained_in_any_store(finished, frames, raw, tmp_path):
    def stored(*sequences, scale=3):
        folder = tmp_path / f"{len(sequences)}-{scale}"
        preprocess.to_hdf5(sources.open(raw), folder, sequences or None, scale, progress=False)
        return store.open(folder)

    assert finished.is_of(frames)
    assert finished.trained(frames) == set(split_of(frames).train) == {0, 1, 2, 3, 4, 8, 9, 10, 11, 12}
    one_drive, smaller = stored("0002"), stored(scale=6)
    assert not finished.is_of(one_drive)
    assert finished.trained(one_drive) == {0, 1, 2, 3, 4}
    assert finished.is_of(smaller)
    assert finished.trained(smaller) == set(split_of(frames).train)
    raw_data.virtual_kitti_1(tmp_path / "raw", ("0001/clone", "0002/clone"), frames=8, seed=1)
    preprocess.to_hdf5(sources.open(tmp_path / "raw"), tmp_path / "like", progress=False)
    assert finished.trained(store.open(tmp_path / "like")) == set()  # the same names alone


def test_a_folder_has_a_name_of_architecture_split_and_recipe(frames):
    def name(network="simple", split=None, recipe=TINY, seed=0):
        network = networks.build(network, frames.image_shape, frames.num_classes, seed)
        return training.folder_name(network, split or split_of(frames), recipe)

    other = splits.by_sequence(frames, ["0002"])
    assert len({name(), name("simple_plus"), name(split=other), name(recipe=replace(TINY, seed=1))}) == 4
    assert name(seed=3) == name()
    assert name().startswith("simple-tiny-4-")


def test_the_loss_at_the_decoders_size_shares_the_networks_layers(frames):
    network = tiny_for(frames)
    fitted = fitted_network(network, TINY)
    assert {id(v) for v in fitted.trainable_variables} == {id(v) for v in network.trainable_variables}
    images = np.zeros((1, 21, 32, 3), np.uint8)
    assert fitted(images).shape == (1, 11, 16, frames.num_classes)
    strides = {name: label_stride(networks.build(name, (32, 48, 3), 5)) for name in networks.NETWORKS}
    assert strides == {"simple": 1, "simple_plus": 4, "edgesegnet": 4}


def test_a_recipes_momentum_of_normalisation_is_for_training_alone(frames, tmp_path, eager):
    class Recorder(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            self.momentum = network.get_layer("body_norm").momentum

    network, recorder = tiny_for(frames), Recorder()
    run = train_tiny(frames, tmp_path, network=network, callbacks=[recorder])
    assert recorder.momentum == TINY.norm_momentum
    assert network.get_layer("body_norm").momentum == 0.99
    assert networks.architecture_digest(run.load_best()) == networks.architecture_digest(network)

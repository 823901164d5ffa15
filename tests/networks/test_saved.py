import io
import json
import os
import zipfile

import h5py
import keras
import numpy as np
import pytest

from roadseg import networks
from roadseg.errors import DataError
from roadseg.networks.saved import check_weights_file
from tests.networks.noise import noise

SHAPE = (16, 24, 3)


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A network and its file; read only."""
    network = networks.build("simple", SHAPE, 5, policy="float32")
    path = tmp_path_factory.mktemp("network") / "network.keras"
    network.save(path)
    return network, path


def rewritten(path, target, compression=zipfile.ZIP_STORED, **parts):
    """The file with other contents of some of its parts."""
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(target, "w", compression) as new:
        for name in old.namelist():
            new.writestr(name, parts.get(name.replace(".", "_"), old.read(name)))
    return target


def test_a_loaded_network_is_the_saved_one_and_refuses_floats(saved):
    network, path = saved
    loaded = networks.load(path)
    batch = noise(SHAPE)
    assert np.array_equal(loaded.predict_on_batch(batch), network.predict_on_batch(batch))
    with pytest.raises(ValueError, match="expected dtype=uint8"):
        loaded.predict_on_batch(batch / 255)


def test_a_trained_network_is_loaded_without_its_optimizer(tmp_path):
    network = networks.build("simple", SHAPE, 5)
    network.compile("adam", "mse")
    network.save(tmp_path / "network.keras")
    assert not networks.load(tmp_path / "network.keras").compiled


def test_a_file_that_inflates_is_refused(saved, tmp_path):
    bomb = rewritten(
        saved[1], tmp_path / "bomb.keras", zipfile.ZIP_DEFLATED, model_weights_h5=bytes(10**8)
    )
    assert bomb.stat().st_size < 10**6
    with pytest.raises(DataError, match=r"bomb\.keras: not a whole network file \(compressed"):
        networks.load(bomb)


def test_a_layer_that_declares_more_weights_than_there_are_is_refused(saved, tmp_path):
    with zipfile.ZipFile(saved[1]) as archive:
        config = json.loads(archive.read("config.json"))
    for filters, remove, message in (
        (10**9, None, "needs more"),
        (24, "build_config", "for what input"),
    ):
        layer = next(each for each in config["config"]["layers"] if each["class_name"] == "Conv2D")
        layer["config"]["filters"] = filters
        layer.pop(remove, None)
        large = rewritten(saved[1], tmp_path / "large.keras", config_json=json.dumps(config))
        with pytest.raises(DataError, match=message):
            networks.load(large)


def test_code_in_a_file_does_not_run(tmp_path):
    image = keras.Input(SHAPE, dtype="uint8")
    network = keras.Model(image, keras.layers.Lambda(lambda x: x)(image))
    network.save(tmp_path / "code.keras")
    with pytest.raises(DataError, match="not a network that Keras can load"):
        networks.load(tmp_path / "code.keras")


@pytest.mark.parametrize("keep", [0, 100, 5000, -1])
def test_cut_files_are_named(saved, tmp_path, keep):
    network, path = saved
    cut, weights = tmp_path / "cut.keras", tmp_path / "cut.weights.h5"
    cut.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(DataError, match=r"cut\.keras: not a whole network file"):
        networks.load(cut)
    network.save_weights(weights)
    weights.write_bytes(weights.read_bytes()[:keep])
    with pytest.raises(DataError, match=r"cut\.weights\.h5: not a whole weights file"):
        check_weights_file(weights)


def test_what_is_not_a_file_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.keras")
    for path in (tmp_path / "pipe.keras", tmp_path, tmp_path / "none.keras"):
        with pytest.raises(DataError, match="not a whole network file"):
            networks.load(path)


def external_link(file):
    file["vars"] = h5py.ExternalLink("/etc/hostname", "/")


def soft_link(file):
    file["vars"] = h5py.SoftLink("/elsewhere")


def external_storage(file):
    file.create_dataset("0", (4,), "f4", external=[("/etc/hostname", 0, 16)])


def virtual_dataset(file):
    layout = h5py.VirtualLayout((4,), "f4")
    layout[:] = h5py.VirtualSource("/etc/hostname", "0", (4,))
    file.create_virtual_dataset("0", layout)


def compressed(file):
    file.create_dataset("0", data=np.zeros(10**6, np.float32), compression="gzip")


def never_written(file):
    file.create_dataset("0", (10**9,), "f4")


def text(file):
    file["0"] = "words"


def circle(file):
    file.create_group("a")["b"] = file["/"]


ALL = [
    external_link, soft_link, external_storage, virtual_dataset, compressed, never_written, text, circle,
]  # fmt: skip


@pytest.mark.parametrize("forge", ALL)
def test_weights_lie_in_their_file_as_keras_writes_them(saved, tmp_path, forge):
    weights = io.BytesIO()
    with h5py.File(weights, "w") as file:
        forge(file)
    path = tmp_path / "forged.weights.h5"
    path.write_bytes(weights.getvalue())
    with pytest.raises(DataError, match=r"forged\.weights\.h5: not a whole weights file"):
        check_weights_file(path)
    network = rewritten(saved[1], tmp_path / "forged.keras", model_weights_h5=weights.getvalue())
    with pytest.raises(DataError, match=r"forged\.keras: not a whole network file"):
        networks.load(network)

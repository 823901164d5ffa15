"""The `roadseg` command on a tiny data set."""

import json
import re
import shutil
import subprocess
import sys
from dataclasses import replace

import pytest

from roadseg import cli, training
from roadseg.cli import main
from roadseg.data import preprocess, store
from roadseg.networks import NETWORKS
from roadseg.training import RECIPES
from tests import own_data
from tests.training import runs

DATA_COMMANDS = ("fetch", "render", "check-data", "preprocess")
COMMANDS = (*DATA_COMMANDS, "train", "evaluate", "predict", "export", "notebook")


@pytest.fixture(scope="module", autouse=True)
def eager_trainings():
    with runs.eagerly():
        yield


def train(frames, folder):
    arguments = ["--epochs", "1", "--validation", "0002", "--output", str(folder)]
    assert main(["train", str(frames), *arguments]) == 0


@pytest.fixture(scope="module")
def preprocessed(raw, tmp_path_factory):
    target = tmp_path_factory.mktemp("preprocessed") / "store"
    assert main(["preprocess", str(raw), "--output", str(target)]) == 0
    return target


@pytest.fixture(scope="module")
def run(preprocessed, tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "run"
    train(preprocessed, folder)
    return folder


def test_a_trained_network_is_fine_tuned(preprocessed, run, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    arguments = ["train", str(preprocessed), "--epochs", "1", "--validation", "0002"]
    assert main([*arguments, "--weights", str(run), "--map", "Misc=Truck"]) == 0
    assert "Classes that keep their weights: Terrain, Sky" in capsys.readouterr().out
    (folder,) = (tmp_path / "Runs").iterdir()
    assert folder.name.endswith(f"-from-{run.name}")
    assert main([*arguments, "--map", "Misc=Truck"]) == 1
    assert "--map says which classes of --weights" in capsys.readouterr().err


def test_help_names_every_command_and_imports_nothing_slow():
    program = (
        "import sys; from roadseg.cli import main\n"
        "try: main(['--help'])\n"
        "finally: print({'tensorflow', 'keras', 'nbformat'} & sys.modules.keys() or 'quiet')"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    for command in COMMANDS:
        assert re.search(rf"^ +{command}\s+\w", done.stdout, re.MULTILINE)
    assert "quiet" in done.stdout


def test_every_command_explains_itself_and_knows_every_network_and_recipe(capsys):
    for command in COMMANDS:
        with pytest.raises(SystemExit) as stopped:
            main([command, "--help"])
        assert stopped.value.code == 0
        assert f"usage: roadseg {command}" in capsys.readouterr().out
    assert set(cli.NETWORKS) == set(NETWORKS)
    assert set(cli.RECIPES) == set(RECIPES)


def test_preprocess_writes_a_store_and_names_its_folder_itself(
    preprocessed, raw, tmp_path, monkeypatch, capsys
):
    assert len(store.verify(preprocessed)) == 16
    monkeypatch.chdir(tmp_path)
    assert main(["preprocess", str(raw), "--sequences", "0001"]) == 0
    (folder,) = (tmp_path / "Data_compressed").iterdir()
    assert len(store.open(folder)) == 8
    assert str(folder.relative_to(tmp_path)) in capsys.readouterr().out


def test_evaluate_repeats_the_metrics_of_the_run(run, preprocessed, capsys):
    train(preprocessed, run)
    trained = capsys.readouterr().out
    assert main(["evaluate", str(run), str(preprocessed)]) == 0
    evaluated = capsys.readouterr().out
    assert evaluated.startswith("8 of 16 frames are measured; 8 trained the network and are left out\n")
    metric = re.compile(r"^mean IoU +(0\.\d+)", re.MULTILINE)
    assert metric.search(trained)[1] == metric.search(evaluated)[1]


def test_evaluate_leaves_out_what_trained_and_compares_classes_by_name(
    run, preprocessed, raw, tmp_path, capsys
):
    store_folder = str(tmp_path / "store")
    assert main(["preprocess", str(raw), "--sequences", "0001", "--output", store_folder]) == 0
    assert main(["evaluate", str(run), store_folder]) == 1
    assert "all 8 images of" in capsys.readouterr().err
    assert main(["evaluate", str(run), store_folder, "--all"]) == 0
    assert "8 of 8 frames are measured; 8 trained the network and are among them" in (
        capsys.readouterr().out
    )
    table = ["--table", "virtual_kitti_to_cityscapes"]
    assert main(["evaluate", str(run), str(preprocessed), *table]) == 1
    assert "but the network has Terrain" in capsys.readouterr().err
    settings = json.loads((run / "settings.json").read_text())
    settings["data"]["class_names"][0] = "Lawn"
    other = shutil.copytree(run, tmp_path / "other")
    (other / "settings.json").write_text(json.dumps(settings))
    replace(training.open_run(run).card, class_names=settings["data"]["class_names"]).save(
        other / "card.json"
    )
    assert main(["evaluate", str(other), str(preprocessed)]) == 1
    assert "the network knows Lawn" in capsys.readouterr().err
    (tmp_path / "map.csv").write_text("name,class\nTerrain,Lawn\n" + "".join(
        f"{name},{name}\n" for name in settings["data"]["class_names"][1:]
    ))  # fmt: skip
    assert main(["evaluate", str(other), str(preprocessed), "--table", str(tmp_path / "map.csv")]) == 0
    assert "Terrain" in capsys.readouterr().out


def test_bad_input_is_one_message_without_a_traceback(preprocessed, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for arguments, message in (
        ("preprocess nowhere", "nowhere: no such folder"),
        ("train nowhere", "nowhere"),
        ("train nowhere --processes 2", "--process-id belong together"),
        ("evaluate nowhere nowhere", "nowhere"),
        (f"train {preprocessed} --validation 0009", "0009"),
        (f"train {preprocessed} --validation 1.5", "no sequence '1.5'"),
    ):
        assert main(arguments.split()) == 1
        said = capsys.readouterr().err
        assert said.startswith(f"\nroadseg {arguments.split()[0]}: ")
        assert message in said
        assert "Traceback" not in said
    for option, value in (("--recipe", "quik"), ("--network", "smple")):
        with pytest.raises(SystemExit):
            main(["train", str(preprocessed), option, value])
        assert value in capsys.readouterr().err
    assert not (tmp_path / "Runs").exists()


def test_it_stops_at_a_key_press_and_says_that_it_continues(monkeypatch, raw, capsys):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(preprocess, "to_hdf5", interrupted)
    assert main(["preprocess", str(raw)]) == 1
    assert "call again to continue" in capsys.readouterr().err


def test_a_reader_that_has_seen_enough_is_no_error(tmp_path):
    folder = own_data.folder(tmp_path / "mine")
    command = [sys.executable, "-m", "roadseg", "check-data", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        process.stdout.close()
        assert "Traceback" not in process.stderr.read()
        assert process.wait() == 1

"""The command `roadseg render`."""

import argparse

import pytest

import roadscenes
from roadscenes.cli import add_commands
from tests.roadscenes.small_scenes import digests


def run(*arguments: object) -> None:
    parser = argparse.ArgumentParser()
    add_commands(parser.add_subparsers(required=True))
    options = parser.parse_args(["render", *map(str, arguments)])
    options.run(options)


def test_it_writes_what_the_function_writes(tmp_path, capsys):
    asked = ["--worlds", "0018", "--variations", "clone", "fog", "--seed", 2, "--randomise"]
    run(*asked, "--frames", "0:8:7", "--workers", 1, "--output", tmp_path / "command")
    assert str(tmp_path / "command") in capsys.readouterr().out
    roadscenes.render(
        tmp_path / "function", ["0018"], ["clone", "fog"], [0, 7], seed=2, randomise=True, progress=False
    )
    assert digests(tmp_path / "command") == digests(tmp_path / "function")


def test_frames_may_be_a_number_and_the_folder_has_a_default(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run("--frames", 1)
    images = tmp_path / "Data/scenes/vkitti_1.3.1_rgb/0001/clone"
    assert [path.name for path in images.iterdir()] == ["00000.png"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--worlds", "0003"], "invalid choice: '0003'"),
        (["--variations", "snow"], "invalid choice: 'snow'"),
        (["--frames", "some"], "'some' is neither N nor"),
        (["--frames", "1:2:3:4"], "is neither N nor"),
        (["--frames", "0:9:0"], "is neither N nor"),
    ],
)
def test_wrong_arguments_are_explained(arguments, message, capsys):
    with pytest.raises(SystemExit):
        run(*arguments)
    assert message in capsys.readouterr().err

"""How a notebook is run: on small notebooks made here."""

import nbformat
import pytest

from roadseg import notebook


def make(path, *cells):
    made = [nbformat.v4.new_code_cell("epochs = 1", metadata={"tags": ["parameters"]})]
    made += [nbformat.v4.new_code_cell(source) for source in cells]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(nbformat.v4.new_notebook(cells=made, metadata={"kernelspec": kernel}), path)
    return path


def test_it_runs_with_the_settings_and_leaves_notebook_and_page(tmp_path, capfd):
    source, output = make(tmp_path / "source.ipynb", "print(6 * epochs)"), tmp_path / "Runs/done.ipynb"
    assert notebook.execute(source, {"epochs": 7}, output) == 0
    said = capfd.readouterr()
    assert "42" in said.out
    assert str(output) in said.out
    assert str(output.with_suffix(".html")) in said.out
    assert said.err == ""
    assert "42" in output.with_suffix(".html").read_text("utf-8")
    assert sorted(path.name for path in output.parent.iterdir()) == ["done.html", "done.ipynb"]


def test_a_failure_names_the_line_and_leaves_the_earlier_result(tmp_path, capfd):
    cell = "from pathlib import Path\nfirst = 1\nraise ValueError('no frames')"
    source, output = make(tmp_path / "source.ipynb", cell, "print(1)"), tmp_path / "done.ipynb"
    output.write_text("earlier")
    assert notebook.execute(source, {}, output) == 1
    said = capfd.readouterr().err
    assert "Cell [2] failed at \"raise ValueError('no frames')\":\nValueError: no frames" in said
    assert output.read_text() == "earlier"
    kept = nbformat.read(tmp_path / "done-unfinished.ipynb", as_version=4).cells
    assert kept[-1].execution_count is None
    assert str(tmp_path / "done-unfinished.ipynb") in said


def test_a_kernel_that_dies_is_told(tmp_path, capfd):
    source = make(tmp_path / "source.ipynb", "import os\nos._exit(3)")
    assert notebook.execute(source, {}, tmp_path / "done.ipynb") == 1
    assert "stopped before its end (DeadKernelError)" in capfd.readouterr().err


@pytest.mark.parametrize(
    "command", [["notebook", "--recipe", "quik"], ["notebook", "ideas", "--recipe", "best"]]
)
def test_a_mistyped_setting_is_refused_before_a_kernel_starts(command, monkeypatch, capsys):
    from roadseg.cli import main

    monkeypatch.setattr(notebook, "execute", None)
    assert main(command) == 1
    assert f"RECIPE={command[-1]}" in capsys.readouterr().err

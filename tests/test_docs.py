"""The README and docs/ say what is there: links, commands, settings, modules, code, stored numbers."""

import json
import re
import runpy
import shlex
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from PIL import Image

import roadscenes
from roadseg import cli
from tests import raw_data

ROOT = Path(__file__).parents[1]
PAGES = {path.stem: path for path in (ROOT / "README.md", *ROOT.glob("docs/*.md"))}
TEXT = {name: path.read_text("utf-8") for name, path in PAGES.items()}
PROSE = {name: re.sub(r"(?ms)^```.*?^```", "", text) for name, text in TEXT.items()}
STUDIES = {path.stem: path for path in ROOT.glob("Code/studies/results/*.csv")}
MEASURED = {path.stem: path for path in ROOT.glob("Code/**/*.json")}
CELL = re.compile(r"(?<=\| )\d[\d,]*(?:\.\d+)?(?: k)?(?= \|)|\d+(?= / \d)")
FIGURE = re.compile(r"\b0\.\d{2,4}\b|(?<=\| )\d+\.\d(?= \|)|[\d.]+(?= (?:frames/s|images/s|kB|MB)\b)")


def blocks(page, language):
    return re.findall(rf"(?ms)^```{language}\n(.*?)^```", TEXT[page])


def sections(page):
    """Heading -> text up to the next heading."""
    _, *parts = re.split(r"(?m)^#+ (.+)$", TEXT[page])
    return dict(zip(parts[::2], parts[1::2], strict=True))


def rows(text):
    """The cells after the first of every row with a score."""
    return [line.replace("*", "") for line in re.findall(r"(?m)^\|.*?(?= \|)(.*\b0\.\d{3}\b.*)$", text)]


def is_among(number, stored):
    """Whether it is a stored value, rounded, or the mean of rounded ones."""
    value = float(number.replace(",", "").replace(" k", "e3"))
    step = 1000 if "k" in number else 10.0 ** -len(number.partition(".")[2])
    return bool((np.abs(np.array(stored) - value) <= 0.56 * step).any())


def trainings(studies):
    """The values of each trial, averaged over seeds; trials that differ in their road alone are one."""
    found = {}
    for path in map(STUDIES.get, studies):
        if path.stem == "fine_tuning":  # a row of the page has several of its trainings
            by_start = pd.read_csv(path).groupby("start")
            found |= {name: [*table.to_numpy()[:, 1:].ravel()] for name, table in by_start}
            continue
        lines = path.with_suffix(".jsonl").read_text("utf-8").splitlines()
        records = {record.get("trial", record["name"]): record for record in map(json.loads, lines)}
        for trial, table in pd.read_csv(path).groupby("trial"):
            record = records[re.sub(r"^\w+: ", "", trial)]
            fastest = min(record["history"].get("seconds", [0])) * record["recipe"]["epochs"] / 60
            values = [*table.mean(numeric_only=True), record["parameters"], fastest]
            found.setdefault(re.sub(r", road \w|drive|world", "", trial), []).extend(values)
    return list(found.values())


def numbers(*names):
    """All in these JSON files."""
    text = " ".join(MEASURED[name].read_text("utf-8") for name in names)
    return list(map(float, re.findall(r"(?<=[\s\[:,])-?\d+\.?\d*(?:e-?\d+)?(?=[,\s\]}])", text)))


@pytest.mark.parametrize("page", PAGES)
def test_links_commands_and_options_exist(page, capsys):
    for path, anchor in re.findall(r"\]\((?!https?:)([^)#\s]*)#?([^)\s]*)\)", TEXT[page]):
        target = PAGES[page].parent / path if path else PAGES[page]
        titles = map(str.lower, sections(target.stem)) if anchor else ()
        assert target.exists(), path
        assert not anchor or anchor in [
            re.sub(r"[^\w -]", "", each).replace(" ", "-") for each in titles
        ]
    lines = "\n".join(blocks(page, "sh")).splitlines()
    lines += [" ".join(code.split()) for code in re.findall(r"`([^`]+)`", PROSE[page])]
    known = "".join((ROOT / name).read_text("utf-8") for name in ("Makefile", "tests/conftest.py"))
    for line in filter(re.compile(r"([A-Z_]+=\S+ )?(make |\.venv/bin/|roadseg )").match, lines):
        words = shlex.split(line, comments=True)
        assert all((ROOT / word).is_file() for word in words if word.endswith(".py")), line
        for name, is_variable, _ in (word.partition("=") for word in words[1:] if words[0] == "make"):
            assert re.search(rf"\b{name}\b" if is_variable else rf"(?m)^{name}:", known), line
        if command := re.search(r"roadseg ([a-z-]+)", line):
            with pytest.raises(SystemExit, match="0"):
                cli.main([command[1], "--help"])
            explained = capsys.readouterr().out
            assert all(word in explained for word in words if word.startswith("--")), line


def test_settings_and_modules_are_those_of_the_notebooks_and_the_package():
    explained = set(re.findall(r"(?m)^\| `(\w+)` \|", sections("how-to")["Settings of the notebooks"]))
    for notebook in map(json.loads, (path.read_text("utf-8") for path in ROOT.glob("Code/*.ipynb"))):
        tagged = [cell for cell in notebook["cells"] if "parameters" in cell["metadata"].get("tags", [])]
        assert {line.split()[0] for cell in tagged for line in cell["source"]} <= explained
    listed = sections("design")["Packages"].partition("roadseg/\n")[2].partition("roadscenes/")[0]
    modules = {path.stem for path in ROOT.glob("Code/roadseg/**/*.py") if "sources" not in path.parts}
    written = set(re.findall(r"\w+", re.sub(r"\w+/|;.*", "", listed)))
    assert written == {each for each in modules if each[0] != "_"} | {"sources"}


def test_every_row_of_the_results_is_that_of_a_stored_training():
    timed = [1000 / number for number in numbers("inference_speed") if number]
    checked = []
    for title, text in sections("results").items():
        known = trainings([name for name in re.findall(r"[`/](\w+)", text) if name in STUDIES])
        for row in rows(text) if known else []:
            fits = [all(is_among(cell, each + timed) for cell in CELL.findall(row)) for each in known]
            assert any(fits), title + row
            checked.append(row)
    assert set(rows(TEXT["README"])) < set(checked)
    example = rows(sections("results")["The notebook's own example"])
    assert checked + example == sorted(rows(TEXT["results"]), key=example.__contains__)
    notebook = (ROOT / "Code/train_network.ipynb").read_text("utf-8")
    assert all(f"<td>{score}</td>" in notebook for score in re.findall(r"0\.\d{3}", "".join(example)))


def test_figures_of_other_pages_are_stored():  # weights and export: see their own tests
    known = {"README": [], "scenes": numbers("rendering")}
    known["label-images"] = numbers("labelling_options", "labelling_speed")
    known["results"] = numbers("training_speed", "against_torch", "preprocessing", "rendering")
    elsewhere = set(FIGURE.findall(TEXT["results"].partition("## Speed")[0]))
    for page, stored in known.items():
        for figure in set(FIGURE.findall(PROSE[page])) - elsewhere:
            assert is_among(figure, stored), (page, figure)


def test_the_lines_of_code_run(raw, tmp_path, monkeypatch, eager):
    monkeypatch.chdir(tmp_path)
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (120, 640, 3), np.uint8)).save("road.jpg")
    exec(*blocks("README", "python"), {})
    assert Image.open("overlay.png").width == 640
    variables = {}
    for code in blocks("solutions", "python"):
        exec(code, variables)
    assert variables["mine"].output.shape == (None, 125, 414, 14)
    for code in blocks("how-to", "python"):
        exec(code.replace("/data/vkitti", str(raw)).replace("epochs=5", "epochs=1"), variables)
    plt.close("all")
    assert {path.name for path in Path("Runs").iterdir()} == {"two-scenes"}
    assert Image.open("predictions.png").width > 400


def test_the_images_of_the_pages_can_be_made_again(tmp_path, monkeypatch):
    monkeypatch.setattr(roadscenes, "render", raw_data.render)
    make = runpy.run_path(str(ROOT / "docs/images/make.py"))["make"]
    make(tmp_path, tmp_path / "data", tmp_path / "stores", variations=["clone"], drive=range(100, 102))
    pictures = {"simple.png", "variations.jpg", "town.jpg", "strip.png", "drive.webp"}
    images = {path.name: Image.open(path) for path in tmp_path.iterdir() if path.is_file()}
    notebooks = {f"{path.stem}.jpg" for path in ROOT.glob("Code/*.ipynb")}
    assert images.keys() == pictures | notebooks
    assert images["drive.webp"].n_frames == 2
    assert all(len(np.unique(image.convert("L"))) > 50 for image in images.values())

"""The README and docs/ say what is there: links, commands, settings, code and numbers."""

import re
import shlex
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest
from PIL import Image

from roadseg import cli, notebook_settings
from studies.catalogue import STUDIES

ROOT = Path(__file__).parents[1]
README, HOW_TO, RESULTS = (ROOT / name for name in ("README.md", "docs/how-to.md", "docs/results.md"))
PAGES = [README, *sorted((ROOT / "docs").glob("*.md"))]
NOTEBOOKS = sorted((ROOT / "Code").glob("*.ipynb"))

every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text("utf-8"), re.MULTILINE | re.DOTALL)


def commands(page: Path) -> list[list[str]]:
    """Words of every command of the project, in shell blocks and in running text."""
    prose = re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    lines = [line for block in blocks(page, "sh") for line in block.splitlines()]
    lines += [" ".join(code.split()) for code in re.findall(r"`([^`]+)`", prose)]
    return [
        shlex.split(line, comments=True)
        for line in lines
        if re.match(r"([A-Z_]+=\S+ )?(make |\.venv/bin/|roadseg )", line)
    ]


def anchors(page: Path) -> set[str]:
    """What GitHub makes of the headings."""
    headings = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def rows(page: Path) -> list[tuple[str, ...]]:
    """The cells after the first of every row of a table, without emphasis."""
    lines = [line for line in page.read_text("utf-8").splitlines() if line.startswith("|")]
    return [tuple(cell.strip(" *") for cell in line.strip("|").split("|")[1:]) for line in lines]


def test_the_front_page_stays_short():
    assert len(README.read_text("utf-8").split()) <= 900


@every_page
def test_links_and_images_lead_somewhere(page):
    for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text("utf-8")):
        if "://" in link:
            continue
        path, _, anchor = link.partition("#")
        target = page.parent / path if path else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


@every_page
def test_make_knows_its_targets_and_variables(page):
    makefile = (ROOT / "Makefile").read_text("utf-8")
    known = makefile + (ROOT / "tests/conftest.py").read_text("utf-8")  # reads one from the environment
    for words in commands(page):
        if words[0] != "make":
            continue
        for word in words[1:]:
            name, is_variable, value = word.partition("=")
            assert re.search(rf"\b{name}\b" if is_variable else rf"^{name}:", known, re.MULTILINE), word
            if name == "NOTEBOOK":
                assert (ROOT / f"Code/{value}.ipynb").is_file(), word


@every_page
def test_scripts_exist(page):
    scripts = {word for words in commands(page) for word in words if word.endswith(".py")}
    for script in scripts:
        assert (ROOT / script).is_file(), script


@every_page
def test_studies_exist(page):
    for words in commands(page):
        for script, name in zip(words, [*words[1:], "--"], strict=True):
            if script.endswith("run_study.py") and not name.startswith("--"):
                assert name in {"NAME", *STUDIES}, name


@every_page
def test_the_command_line_has_these_commands_and_options(page, capsys):
    for words in commands(page):
        place = next((i for i, word in enumerate(words) if word.endswith("roadseg")), None)
        if place is None or words[place + 1] == "COMMAND":
            continue
        with pytest.raises(SystemExit) as stop:
            cli.main([words[place + 1], "--help"])
        assert stop.value.code == 0, words
        explained = capsys.readouterr().out
        for option in (word for word in words if word.startswith("--")):
            assert option in explained, words


def test_the_settings_of_the_notebooks_are_explained():
    settings = {name for path in NOTEBOOKS for name in notebook_settings.of_notebook(path)}
    _, _, after = HOW_TO.read_text("utf-8").partition("### Settings of the notebooks")
    table, _, _ = after.partition("\n## ")
    assert set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == settings


def test_the_numbers_of_the_front_page_are_among_the_results():
    numbers = {row for row in rows(README) if re.fullmatch(r"0\.\d{3}", row[-1])}
    assert len(numbers) == 5
    assert numbers <= set(rows(RESULTS))


def test_the_lines_for_an_own_image_label_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    noise = np.random.default_rng(0).integers(0, 256, (120, 640, 3), np.uint8)
    Image.fromarray(noise).save("road.jpg")
    (code,) = blocks(README, "python")
    exec(code, {})
    with Image.open("overlay.png") as overlay:
        assert overlay.width == 640
        assert np.asarray(overlay.convert("RGB").crop((0, 0, 640, 120))).shape == noise.shape


def test_the_steps_from_python_lead_to_figures(raw, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (code,) = blocks(HOW_TO, "python")
    exec(code.replace("/data/vkitti", str(raw)), {})
    plt.close("all")
    with Image.open("predictions.png") as figure:
        assert figure.width > 400

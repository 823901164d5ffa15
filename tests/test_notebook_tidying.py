"""Outputs are kept as a terminal would show them, images small."""

import io

import nbformat
import numpy as np
from PIL import Image

from roadseg.notebook_tidying import smaller_png, tidy


def test_outputs_are_tidied_as_a_terminal_would_show_them(tmp_path):
    cell = nbformat.v4.new_code_cell("train()")
    cell.outputs = [
        nbformat.v4.new_output("stream", name="stderr", text=text)
        for text in ("\rstep 0", "\rstep 1", "\rstep 2", "\rstep 3\nWARNING: mine\n")
    ]
    emptied = nbformat.v4.new_code_cell("import keras")
    emptied.outputs = [nbformat.v4.new_output("stream", name="stderr", text="half\r")]
    path = tmp_path / "notebook.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[cell, emptied]), path)
    tidy(path)
    first, second = nbformat.read(path, as_version=4).cells
    assert [output.text for output in first.outputs] == ["step 3\nWARNING: mine\n"]
    assert second.outputs == []


def test_an_image_becomes_smaller_and_keeps_its_frequent_colours():
    rng = np.random.default_rng(0)
    smooth = np.linspace(0, 255, 3 * 200 * 300).reshape(200, 300, 3) + rng.normal(0, 4, (200, 300, 3))
    image = smooth.clip(0, 255).astype(np.uint8)
    image[:20], image[20:24, :30] = (0, 199, 0), (200, 200, 0)
    image[24:28, :30] = (255, 255, 0)
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "PNG")
    smaller = smaller_png(buffer.getvalue())
    assert len(smaller) < len(buffer.getvalue()) / 2
    back = np.asarray(Image.open(io.BytesIO(smaller)).convert("RGB")).astype(int)
    assert (back[:28, :30] == image[:28, :30]).all()
    assert np.abs(back - image).mean() < 8


def test_a_legend_keeps_its_colours_beside_an_image_of_many():
    """Every colour of the image has more pixels than one of the legend, but nowhere an area of them."""
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, (300, 3), np.uint8)[rng.integers(0, 300, (300, 300))]
    legend = rng.integers(0, 256, (12, 3), np.uint8)
    for number, colour in enumerate(legend):
        image[280:292, 20 * number : 20 * number + 12] = colour
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "PNG")
    back = np.asarray(Image.open(io.BytesIO(smaller_png(buffer.getvalue()))).convert("RGB"))
    np.testing.assert_array_equal(back[286, 6:246:20], legend)


def test_notes_of_the_runner_and_the_state_of_widgets_go(tmp_path):
    notebook = nbformat.v4.new_notebook(metadata={"papermill": {}, "widgets": {"state": "large"}})
    notebook.cells = [nbformat.v4.new_code_cell("1", metadata={"papermill": {"duration": 1}})]
    nbformat.write(notebook, tmp_path / "notebook.ipynb")
    tidy(tmp_path / "notebook.ipynb")
    (cell,) = nbformat.read(tmp_path / "notebook.ipynb", as_version=4).cells
    assert "papermill" not in cell.metadata
    text = (tmp_path / "notebook.ipynb").read_text("utf-8")
    assert "large" not in text


def test_an_image_of_few_colours_stays_as_it_is():
    image = np.random.default_rng(0).integers(0, 256, (256, 3), np.uint8)[np.arange(6400) % 256]
    buffer = io.BytesIO()
    Image.fromarray(image.reshape(80, 80, 3)).save(buffer, "PNG")
    twice = smaller_png(smaller_png(buffer.getvalue()))
    back = np.asarray(Image.open(io.BytesIO(twice)).convert("RGB"))
    assert (back == image.reshape(80, 80, 3)).all()

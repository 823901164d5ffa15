"""Settings are checked before a kernel starts, and name the notebook that they made."""

import nbformat
import pytest

from roadseg import notebook_settings


@pytest.fixture(scope="module")
def notebook(tmp_path_factory):
    names = "data, sequences, validation, scale, chosen_networks, recipe, epochs, leakage"
    names += ", image, weights, seconds"
    cell = nbformat.v4.new_code_cell(f"{names} = 11 * [None]")
    path = tmp_path_factory.mktemp("notebooks") / "train_network.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), path)
    return path


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"data": "/nowhere"}, r"DATA=/nowhere \(--data\): /nowhere: no such folder"),
        ({"sequences": ["0009"]}, r"SEQUENCES=0009 \(--sequences\): .*no sequence '0009'"),
        ({"validation": ["0001/rain"]}, r"VALIDATION=0001/rain \(--validation\): .*no sequence"),
        ({"sequences": ["0001"], "validation": ["0002"]}, r"VALIDATION=0002 .*no sequence '0002'"),
        ({"scale": 0.5}, r"SCALE=0.5 \(--scale\): scale 0.5: give 3"),
        ({"chosen_networks": ["simple", "smple"]}, r"NETWORKS=simple smple .*'smple': one of simple,"),
        ({"recipe": "quik"}, r"RECIPE=quik \(--recipe\): unknown recipe 'quik': one of original"),
        ({"image": "/nowhere.jpg"}, r"IMAGE=/nowhere.jpg \(--image\): /nowhere.jpg: no such file"),
        ({"weights": "smple"}, r"WEIGHTS=smple \(--weights\): .*'smple': one of simple, simple_plus"),
        ({"weights": "simple_plus-camvid"}, r"WEIGHTS=simple_plus-camvid .*one of simple, simple_plus$"),
        ({"seconds": 0}, r"SECONDS=0 \(--seconds\): at least 1"),
        ({"epochs": 0}, r"EPOCHS=0 \(--epochs\): at least 1"),
        ({"colour": "red"}, r"COLOUR=red .*train_network has no such setting, but DATA, .*NETWORKS"),
    ],
)
def test_a_setting_that_cannot_work_is_named_as_make_names_it(given, message, raw, notebook):
    if given.keys() & {"sequences", "validation"}:
        given = {"data": str(raw)} | given
    with pytest.raises(ValueError, match=message):
        notebook_settings.check(given, notebook)


def test_settings_that_work_pass(raw, notebook):
    photograph = next(raw.rglob("*.png"))
    others = {"image": str(photograph), "weights": "simple", "seconds": 1}
    given = {"data": str(raw), "sequences": ["0001", "0002/clone"], "validation": ["0002"], "scale": 1.5}
    given |= {"chosen_networks": ["simple_plus"], "recipe": "best", "epochs": 3, "leakage": False}
    notebook_settings.check(given | others, notebook)


def test_other_settings_have_another_label():
    labels = [
        notebook_settings.label(given)
        for given in (
            {},
            {"epochs": 2},
            {"epochs": 2, "leakage": False},
            {"chosen_networks": ["simple", "edgesegnet"]},
            {"data": "/a/b"},
            {"data": "/a_b"},
            {"image": "/a/b"},
            {"image": "/a_b"},
            {"sequences": [f"{number:04}/sunset" for number in range(40)]},
            {"sequences": [f"{number:04}/sunset" for number in range(41)]},
        )
    ]
    assert labels[:4] == ["", "-epochs-2", "-epochs-2-leakage-no", "-networks-simple_edgesegnet"]
    assert len(set(labels)) == len(labels)
    assert max(map(len, labels)) < 90
    assert not set("".join(labels)) & set("/ ")

import io

import numpy as np
import pytest
from PIL import Image

from roadseg import evaluation, plots
from tests.plots.looking import images, pixels_wide, words


@pytest.fixture
def browser(network, frames):
    return plots.FrameBrowser({"one": network, "other": network}, frames, [2, 9])


def test_widgets_choose_frame_and_view_and_predict_a_frame_once(browser, network, frames, monkeypatch):
    def shown():
        """The image that the widgets show, at the frames' own size."""
        return np.asarray(Image.open(io.BytesIO(browser.image.value)).resize((32, 21), Image.NEAREST))

    bundle = browser._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in bundle
    assert bundle["text/plain"].startswith("A browser of frames")
    ((image, labels, predicted),) = evaluation.predict(network, frames, [2])
    assert "0001/clone, frame 2" in browser.caption.value
    browser.opacity.value = 0
    np.testing.assert_array_equal(shown(), image[0])
    browser.opacity.value = 1
    np.testing.assert_array_equal(shown(), plots.paint(predicted[0], frames.palette))
    browser.frame.value = 1
    assert "0002/clone, frame 1" in browser.caption.value
    assert "mean IoU 0." in browser.caption.value
    monkeypatch.setattr(network, "predict_on_batch", None)
    browser.frame.value = 0
    browser.view.value = "errors"
    errors = plots.error_map(labels[0], predicted[0], frames.palette)
    np.testing.assert_array_equal(shown(), errors)
    assert browser.opacity.disabled
    browser.view.value = "confidence"
    assert len(np.unique(shown().reshape(-1, 3), axis=0)) > 1
    assert "linear-gradient" in browser.legend.value
    browser.view.value = "truth"
    np.testing.assert_array_equal(shown(), plots.paint(labels[0], frames.palette))
    assert all(name in browser.legend.value for name in frames.class_names)


def test_a_still_shows_all_views_of_all_networks(browser, frames):
    figure = browser.still(1)
    views = {f"{name}: {view}" for name in ("one", "other") for view in ("errors", "confidence")}
    assert {"0002/clone, frame 1", "ground truth", *views} <= words(figure)
    assert len(images(figure)) == 2 + 3 + 3
    np.testing.assert_array_equal(images(figure)[0], frames.images[9])
    assert pixels_wide(figure) <= 901

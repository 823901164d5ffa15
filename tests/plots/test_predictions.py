import numpy as np

from roadseg import evaluation, plots
from tests.plots.looking import images, pixels_wide, words


def test_predictions_have_errors_below_them_and_their_own_score_above(network, frames):
    figure = plots.predictions({"mine": network, "yours": network}, frames, [0, 9])
    shown = words(figure)
    assert {"0001/clone, frame 0", "ground truth", "mine: errors", "yours: errors", "right"} <= shown
    for score in evaluation.frame_scores(network, frames, [0, 9]):
        assert f"mine: mean IoU {score:.2f}" in shown
    ((_, labels, predicted),) = evaluation.predict(network, frames, [0])
    _, mine, yours, truth, errors, _ = images(figure)[:6]
    np.testing.assert_array_equal(truth, plots.paint(labels[0], frames.palette))
    np.testing.assert_array_equal(mine, plots.paint(predicted[0], frames.palette))
    np.testing.assert_array_equal(mine, yours)
    np.testing.assert_array_equal(errors, plots.error_map(labels[0], predicted[0], frames.palette))
    assert len(images(figure)) == 2 * 6
    assert pixels_wide(figure) <= 901

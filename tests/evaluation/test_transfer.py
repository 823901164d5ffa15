"""A network on frames with other classes: only what both data sets have counts."""

import numpy as np
import pytest

from roadseg import evaluation
from roadseg.data import preprocess, sources, store
from roadseg.data.sources.class_table import parse_table
from roadseg.errors import DataError
from tests import raw_data
from tests.evaluation.oracle import Oracle

VIRTUAL_KITTI = sources.load_table("virtual_kitti_to_camvid")


@pytest.fixture(scope="module")
def camvid(tmp_path_factory):
    """The scenes of `frames`, with CamVid's classes."""
    root = tmp_path_factory.mktemp("camvid")
    raw_data.camvid(root / "raw", frames=3)
    preprocess.to_hdf5(sources.open(root / "raw"), root / "store", progress=False)
    return store.open(root / "store")


KITTI = sources.KINDS["virtual_kitti_1"].class_names
CAMVID = sources.KINDS["camvid"].class_names
FROM_KITTI = {
    "Terrain": "Tree", "Vegetation": "Tree", "GuardRail": "Fence", "TrafficSign": "SignSymbol",
    "TrafficLight": "SignSymbol", "Misc": "Bicyclist", "Truck": "Car", "Van": "Car",
}  # fmt: skip


def test_truth_or_predictions_are_translated_to_the_classes_of_the_table(frames, camvid):
    network = Oracle(frames, FROM_KITTI, CAMVID)
    result = evaluation.evaluate_transfer(network, CAMVID, frames, VIRTUAL_KITTI)
    # Neither Pavement nor Pedestrian nor Bicyclist.
    assert result.class_names == VIRTUAL_KITTI.class_names
    assert result.pixel_accuracy == result.mean_iou == 1
    assert result.confusion.sum() == frames.labels[:].size
    network = Oracle(camvid, {
        "Pavement": "Terrain", "SignSymbol": "TrafficSign", "Fence": "GuardRail", "Pedestrian": "Misc",
        "Bicyclist": "Misc",
    }, KITTI)  # fmt: skip
    result = evaluation.evaluate_transfer(network, KITTI, camvid, VIRTUAL_KITTI, batch_size=2)
    assert result.class_names == VIRTUAL_KITTI.class_names
    assert result.pixel_accuracy == 1
    assert result.confusion.sum() == (camvid.labels[:] != 255).sum()


def test_classes_that_the_frames_lack_do_not_compete(frames):
    network = Oracle(frames, FROM_KITTI | {"Road": "Pavement"}, CAMVID)
    result = evaluation.evaluate_transfer(network, CAMVID, frames, VIRTUAL_KITTI, indices=[0, 5])
    road = result.class_names.index("Road")
    assert result.confusion[road].sum() > 0
    assert "Pavement" not in result.class_names
    assert result.confusion[:, road].sum() == 0  # no logit of Road was raised there


def test_void_of_the_table_is_not_counted(frames):
    table = parse_table("name,class\nSky,Sky\nCar,Car|Van\nvoid," + "|".join(
        name for name in KITTI if name not in ("Sky", "Car", "Van")
    ) + "\n", "t")  # fmt: skip
    result = evaluation.evaluate_transfer(Oracle(frames, FROM_KITTI, CAMVID), CAMVID, frames, table)
    counted = np.isin(frames.labels[:], [KITTI.index(name) for name in ("Sky", "Car", "Van")]).sum()
    assert result.class_names == ("Sky", "Car")
    assert result.confusion.sum() == counted
    assert result.pixel_accuracy == 1


def test_what_does_not_fit_is_an_error(frames):
    network = Oracle(frames, FROM_KITTI, CAMVID)
    table = parse_table("name,class\ndown,Up\n", "t")
    with pytest.raises(DataError, match=r"t: maps Up to down, but the network has.*column 'name'"):
        evaluation.evaluate_transfer(network, CAMVID, frames, table)
    with pytest.raises(ValueError, match="has 11 classes, but class_names has 2"):
        evaluation.evaluate_transfer(network, CAMVID[:2], frames, VIRTUAL_KITTI)

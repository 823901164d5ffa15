"""A network on frames with other classes: only what both data sets have counts."""

import numpy as np
import pytest

from roadseg import evaluation
from roadseg.data import preprocess, sources, store
from roadseg.data.sources.class_table import parse_table
from roadseg.errors import DataError
from tests import raw_data

VIRTUAL_KITTI = sources.load_table("virtual_kitti_to_camvid")


@pytest.fixture(scope="module")
def camvid(tmp_path_factory):
    """The scenes of `frames`, with CamVid's classes."""
    root = tmp_path_factory.mktemp("camvid")
    raw_data.camvid(root / "raw", frames=3)
    preprocess.to_hdf5(sources.open(root / "raw"), root / "store", progress=False)
    return store.open(root / "store")


class Translated:
    """Knows the truth of frames, and says it in another data set's classes."""

    def __init__(self, frames, class_names, translation):
        self.images, self.labels = frames.read(range(len(frames)))
        self.input_shape = (None, *frames.image_shape)
        self.output_shape = (None, *frames.image_shape[:2], len(class_names))
        self.table = np.zeros(256, int)
        for number, name in enumerate(frames.class_names):
            self.table[number] = class_names.index(translation.get(name, name))

    def predict_on_batch(self, images):
        places = [np.flatnonzero((self.images == image).all(axis=(1, 2, 3)))[0] for image in images]
        return np.eye(self.output_shape[-1])[self.table[self.labels[places]]]


KITTI = sources.KINDS["virtual_kitti_1"].class_names
CAMVID = sources.KINDS["camvid"].class_names
FROM_KITTI = {
    "Terrain": "Tree", "Vegetation": "Tree", "GuardRail": "Fence", "TrafficSign": "SignSymbol",
    "TrafficLight": "SignSymbol", "Misc": "Bicyclist", "Truck": "Car", "Van": "Car",
}  # fmt: skip


def test_the_truth_is_translated_for_a_network_of_the_tables_classes(frames):
    network = Translated(frames, CAMVID, FROM_KITTI)
    result = evaluation.evaluate_transfer(network, CAMVID, frames, VIRTUAL_KITTI)
    # Neither Pavement nor Pedestrian nor Bicyclist.
    assert result.class_names == VIRTUAL_KITTI.class_names
    assert result.pixel_accuracy == result.mean_iou == 1
    assert result.confusion.sum() == frames.labels[:].size


def test_predictions_are_translated_for_frames_of_the_tables_classes(camvid):
    network = Translated(camvid, KITTI, {
        "Pavement": "Terrain", "SignSymbol": "TrafficSign", "Fence": "GuardRail", "Pedestrian": "Misc",
        "Bicyclist": "Misc",
    })  # fmt: skip
    result = evaluation.evaluate_transfer(network, KITTI, camvid, VIRTUAL_KITTI, batch_size=2)
    assert result.class_names == VIRTUAL_KITTI.class_names
    assert result.pixel_accuracy == 1
    assert result.confusion.sum() == (camvid.labels[:] != 255).sum()


def test_classes_that_the_frames_lack_do_not_compete(frames):
    network = Translated(frames, CAMVID, FROM_KITTI | {"Road": "Pavement"})
    result = evaluation.evaluate_transfer(network, CAMVID, frames, VIRTUAL_KITTI, indices=[0, 5])
    road = result.class_names.index("Road")
    assert result.confusion[road].sum() > 0
    assert "Pavement" not in result.class_names
    assert result.confusion[:, road].sum() == 0  # no logit of Road was raised there


def test_void_of_the_table_is_not_counted(frames):
    table = parse_table("name,class\nSky,Sky\nCar,Car|Van\nvoid," + "|".join(
        name for name in KITTI if name not in ("Sky", "Car", "Van")
    ) + "\n", "t")  # fmt: skip
    result = evaluation.evaluate_transfer(Translated(frames, CAMVID, FROM_KITTI), CAMVID, frames, table)
    counted = np.isin(frames.labels[:], [KITTI.index(name) for name in ("Sky", "Car", "Van")]).sum()
    assert result.class_names == ("Sky", "Car")
    assert result.confusion.sum() == counted
    assert result.pixel_accuracy == 1


def test_what_does_not_fit_is_an_error(frames):
    network = Translated(frames, CAMVID, FROM_KITTI)
    table = parse_table("name,class\ndown,Up\n", "t")
    with pytest.raises(DataError, match=r"t: maps Up to down, but the network has.*column 'name'"):
        evaluation.evaluate_transfer(network, CAMVID, frames, table)
    with pytest.raises(ValueError, match="has 11 classes, but class_names has 2"):
        evaluation.evaluate_transfer(network, CAMVID[:2], frames, VIRTUAL_KITTI)

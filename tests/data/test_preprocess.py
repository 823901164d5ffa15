"""Raw frames become a store: the right pixels, once, whole or not at all, here and on a cluster."""

import shutil
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import h5py
import numpy as np
import pytest

from roadseg import files
from roadseg.data import preprocess, sources, store
from roadseg.data.classes import load_class_maps
from roadseg.errors import DataError
from roadseg.files import folder_lock
from roadseg.parallel import on_cluster
from tests import clusters, own_data, raw_data

BAD = "vkitti_1.3.1_scenegt/0001/clone/00003.png"
FILES = [store.CLASS_MAPS_FILE, store.FRAMES_FILE]


def run(tree, target, **options):
    return preprocess.to_hdf5(sources.open(tree), target, progress=False, **options)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def tree(tmp_path):
    return raw_data.virtual_kitti_1(tmp_path / "raw", frames=6)


def test_the_store_holds_what_the_frames_show(raw, frames, tmp_path):
    report = run(raw, tmp_path / "one", workers=1)
    run(raw, tmp_path, workers=3)
    run(raw, tmp_path / "other", sequences=["0001"])
    assert store.open(tmp_path / "one").digest == store.open(tmp_path).digest == frames.digest
    assert store.open(tmp_path / "other").digest != frames.digest
    assert (report.frames, report.written, report.size) == (16, 16, (32, 21))
    frames, source = store.verify(tmp_path), sources.open(raw)
    for position, frame in enumerate(source.frames()):
        image, labels = source.read(frame)
        assert np.array_equal(frames.labels[position], labels[1::3, 1::3])
        assert np.array_equal(frames.images[position], np.asarray(image.reduce(3)))
        assert frames.names[position] == (frame.sequence, frame.index)
    assert frames.class_names == source.class_names


def test_the_files_are_laid_out_as_promised_to_any_reader(raw, tmp_path):
    run(raw, tmp_path)
    with h5py.File(tmp_path / "frames.hdf5") as file:
        assert (file["images"].chunks, file["labels"].chunks) == ((1, 21, 32, 3), (1, 21, 32))
        assert file["images"].compression == file["labels"].compression == "gzip"
        assert all(file[name].fletcher32 for name in file)
        assert (file["sequence"][0], file["index"][3]) == (b"0001/clone", 3)
        assert file.attrs["format_version"] == 2
        assert file.attrs["source"] == b"virtual_kitti_1"
        assert file.attrs["scale"] == 3
        assert file.attrs["class_names"][0] == b"Terrain"
        assert file.attrs["palette"].shape == (14, 3)
    tables = load_class_maps(tmp_path / "class_maps.pkl")
    assert tables["colour_to_id"]["0001/clone"][raw_data.SHARED_COLOUR] == tables["name_to_id"]["Car"]
    assert tables["colour_to_id"]["0002/clone"][raw_data.SHARED_COLOUR] == tables["name_to_id"]["Van"]


def test_finished_work_is_not_done_again_and_other_settings_are(tree, tmp_path):
    target = tmp_path / "store"
    run(tree, target)
    assert run(tree, target).written == 0
    (target / store.CLASS_MAPS_FILE).unlink()
    assert run(tree, target).written == 0  # the frames are those
    store.verify(target)
    assert run(tree, target, scale=1.5).written == 6
    assert store.open(target).image_shape == (42, 64, 3)
    other = (tree / BAD.replace("00003", "00004")).read_bytes()
    (tree / BAD).write_bytes(other)
    assert run(tree, target, scale=1.5).written == 6
    assert names(target) == FILES


def test_labels_that_change_within_are_preprocessed_again(tmp_path):
    folder = own_data.folder(tmp_path / "mine")
    (folder / "masks/a/x2.png").unlink()
    for dot in (8, 7, 8):
        ids = np.full((8, 18), 7)
        ids[4, 9] = dot  # in a file of the same length and end
        own_data.save(folder / "masks/a/x2.bmp", own_data.grey(ids))
        report = preprocess.to_hdf5(sources.open(folder), tmp_path / "store", scale=1, progress=False)
        assert report.written == 3


def test_the_same_data_elsewhere_has_the_same_folder_and_other_data_another(tree, tmp_path):
    run(tree, tmp_path / "store")
    copy = shutil.copytree(tree, tmp_path / "copy", copy_function=shutil.copyfile)  # with new times
    one, other = (preprocess.folder_name(sources.open(each), None, 3) for each in (tree, copy))
    assert one == other
    assert run(copy, tmp_path / "store").written == 0
    encoding = next(copy.glob("*/*encoding.txt"))
    encoding.write_text(encoding.read_text() + "Van:3 1 2 3\n")
    assert preprocess.folder_name(sources.open(copy), None, 3) != one


def test_a_bad_frame_is_named_and_an_older_store_stays(tree, tmp_path):
    run(tree, tmp_path / "store")
    before = store.open(tmp_path / "store").digest
    (tree / BAD).write_bytes((tree / BAD).read_bytes()[:-20])
    with pytest.raises(DataError, match=r"00003\.png"):
        run(tree, tmp_path / "store")
    assert store.verify(tmp_path / "store").digest == before
    assert names(tmp_path / "store") == FILES


PROGRAM = """
import sys
from roadseg.data import preprocess, sources
preprocess.to_hdf5(sources.open(sys.argv[1]), sys.argv[2], progress=False)
"""


def test_killed_there_is_nothing_and_the_next_call_does_it_all(tmp_path):
    tree, target = raw_data.virtual_kitti_1(tmp_path / "raw", frames=120), tmp_path / "store"
    process = subprocess.Popen([sys.executable, "-c", PROGRAM, tree, target])
    clusters.wait_until(target.is_dir)
    process.kill()
    assert process.wait() == -signal.SIGKILL
    assert store.FRAMES_FILE not in names(target)
    assert run(tree, target).written == 120
    assert names(target) == FILES
    store.verify(target)


def test_one_process_at_a_time_writes(tree, tmp_path, monkeypatch):
    (tmp_path / "store").mkdir()
    with folder_lock(tmp_path / "store"), pytest.raises(DataError, match="another process"):
        run(tree, tmp_path / "store")
    monkeypatch.setattr(files, "_WAIT", 60)  # a slow machine's turns take more than a second
    with ThreadPoolExecutor(3) as pool:
        reports = pool.map(lambda _: run(tree, tmp_path / "store"), range(3))
        assert sorted(report.written for report in reports) == [0, 0, 6]


def test_a_cluster_makes_the_same_store_also_when_a_worker_is_killed(tmp_path, monkeypatch):
    tree = raw_data.virtual_kitti_1(tmp_path / "raw", frames=60)
    run(tree, tmp_path / "here")
    monkeypatch.chdir(tmp_path)  # a relative name means nothing to workers in other folders
    (tmp_path / "cluster").mkdir()
    with clusters.running(tmp_path / "cluster") as cluster, on_cluster(cluster.address):
        run("raw", tmp_path / "there", scale=1.5)
        cluster.workers[0].kill()
        run("raw", tmp_path / "there")  # the other worker does it all
        (tree / BAD).write_bytes(b"damaged")
        with pytest.raises(DataError, match=r"00003\.png"):
            run("raw", tmp_path / "there")
    assert store.verify(tmp_path / "there").digest == store.open(tmp_path / "here").digest

import hashlib
import resource
import signal
import subprocess
import sys
import time

import h5py
import numpy as np
import pytest
from PIL import Image

from roadseg.data import preprocess, sources, store
from roadseg.data.classes import load_class_maps
from roadseg.errors import DataError
from roadseg.files import folder_lock
from tests import raw_data


def run(tree, target, **options):
    return preprocess.to_hdf5(sources.open(tree), target, progress=False, **options)


def digest(target):
    """Of everything that a reader of the store sees."""
    with h5py.File(target / store.FRAMES_FILE) as file:
        return hashlib.sha256(
            b"".join(file[name][:].tobytes() for name in ("images", "labels", "index", "checksum"))
        ).hexdigest()


def test_the_store_holds_what_the_frames_show(raw, tmp_path):
    report = run(raw, tmp_path)
    assert (report.frames, report.written, report.size) == (16, 16, (32, 21))
    frames = store.verify(tmp_path)
    source = sources.open(raw)
    for position, frame in enumerate(source.frames()):
        image, labels = source.read(frame)
        assert np.array_equal(frames.labels[position], labels[1::3, 1::3])
        assert np.array_equal(frames.images[position], np.asarray(image.reduce(3)))
        assert (frames.sequence[position], frames.index[position]) == (frame.sequence, frame.index)
    assert frames.class_names == source.class_names


def test_the_file_is_laid_out_as_promised_to_any_reader(raw, tmp_path):
    run(raw, tmp_path)
    with h5py.File(tmp_path / "frames.hdf5") as file:
        assert file["images"].chunks == (1, 21, 32, 3)
        assert file["labels"].chunks == (1, 21, 32)
        assert file["images"].compression == file["labels"].compression == "gzip"
        assert file["sequence"][0] == b"0001/clone"
        assert file.attrs["format_version"] == 1
        assert file.attrs["source"] == "virtual_kitti_1"
        assert file.attrs["scale"] == 3
        assert file.attrs["complete"]
        assert file.attrs["class_names"][0] == "Terrain"
    tables = load_class_maps(tmp_path / "class_maps.pkl")
    assert tables["colour_to_id"]["0001/clone"][raw_data.SHARED_COLOUR] == tables["name_to_id"]["Car"]
    assert tables["colour_to_id"]["0002/clone"][raw_data.SHARED_COLOUR] == tables["name_to_id"]["Van"]


def test_only_the_sequences_asked_for_are_written(raw, tmp_path):
    assert run(raw, tmp_path, sequences=["0002"]).frames == 8
    assert set(store.open(tmp_path).sequence) == {"0002/clone"}


@pytest.mark.parametrize("workers", [1, 3])
def test_the_number_of_workers_changes_nothing(raw, tmp_path, workers):
    run(raw, tmp_path / "some", workers=workers)
    run(raw, tmp_path / "default")
    assert digest(tmp_path / "some") == digest(tmp_path / "default")


def test_finished_work_is_not_done_again(raw, tmp_path):
    run(raw, tmp_path)
    before = (tmp_path / store.FRAMES_FILE).stat().st_mtime_ns
    assert run(raw, tmp_path).written == 0
    assert (tmp_path / store.FRAMES_FILE).stat().st_mtime_ns == before
    (tmp_path / store.CLASS_MAPS_FILE).unlink()
    run(raw, tmp_path)
    store.verify(tmp_path)


def test_another_scale_or_a_changed_frame_is_written_again(tmp_path):
    tree = raw_data.virtual_kitti_1(tmp_path / "raw")
    target = tmp_path / "store"
    run(tree, target)
    assert run(tree, target, scale=1.5).size == (64, 42)
    assert run(tree, target).written == 4
    path = tree / "vkitti_1.3.1_rgb/0001/clone/00000.png"
    Image.new("RGB", (raw_data.WIDTH, raw_data.HEIGHT), "red").save(path)
    run(tree, target)
    assert store.verify(target).images[0][0, 0].tolist() == [255, 0, 0]


def test_a_bad_frame_stops_with_its_name_and_the_good_ones_are_kept(tmp_path):
    tree = raw_data.virtual_kitti_1(tmp_path / "raw", frames=6)
    path = tree / "vkitti_1.3.1_rgb/0001/clone/00004.png"
    good = path.read_bytes()
    path.write_bytes(good[:-20])
    target = tmp_path / "store"
    with pytest.raises(DataError, match=r"00004\.png"):
        run(tree, target, workers=1)
    assert not (target / store.FRAMES_FILE).exists()
    path.write_bytes(good)
    report = run(tree, target)
    assert report.written == 2
    assert len(store.verify(target)) == 6


def test_frames_of_another_size_are_an_error(tmp_path):
    tree = raw_data.virtual_kitti_1(tmp_path / "raw")
    for folder in ("vkitti_1.3.1_rgb", "vkitti_1.3.1_scenegt"):
        path = tree / folder / "0001/clone/00002.png"
        Image.open(path).crop((0, 0, 90, 60)).save(path)
    with pytest.raises(DataError, match=r"00002\.png: 90 x 60 pixels, but the first frame has 96 x 63"):
        run(tree, tmp_path / "store")


PROGRAM = """
import sys
from roadseg.data import preprocess, sources
preprocess.to_hdf5(sources.open(sys.argv[1]), sys.argv[2], scale=float(sys.argv[3]), progress=False)
"""


def start(tree, target, scale=3, **options):
    command = [sys.executable, "-c", PROGRAM, tree, target, str(scale)]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True, **options)


def test_killed_at_any_moment_it_leaves_the_old_file_and_continues(tmp_path):
    tree = raw_data.virtual_kitti_1(tmp_path / "raw", frames=200)
    target = tmp_path / "store"
    run(tree, target, scale=1.5)
    old = digest(target)
    begin = time.monotonic()
    assert start(tree, tmp_path / "whole").wait() == 0
    whole = time.monotonic() - begin
    generator = np.random.default_rng(0)
    killed = 0
    for moment in generator.uniform(0.3, 1.0, 8) * whole:
        process = start(tree, target)
        time.sleep(moment)
        process.send_signal(signal.SIGKILL)
        killed += process.wait() == -signal.SIGKILL
        store.verify(target)
        assert digest(target) in (old, digest(tmp_path / "whole"))
    assert killed
    run(tree, target)
    assert digest(target) == digest(tmp_path / "whole")
    store.verify(target)
    assert sorted(path.name for path in target.iterdir()) == [store.CLASS_MAPS_FILE, store.FRAMES_FILE]


def test_a_full_disk_leaves_the_old_file_and_says_so(tmp_path):
    tree = raw_data.virtual_kitti_1(tmp_path / "raw", frames=40)
    target = tmp_path / "store"
    run(tree, target)
    old = digest(target)

    def limit():  # a write beyond this size of a file fails as on a full disk
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))

    process = start(tree, target, scale=1.5, preexec_fn=limit)
    message = process.communicate()[1]
    assert process.returncode == 1
    assert "cannot be written" in message
    assert "run again to continue" in message
    assert digest(target) == old
    store.verify(target)
    run(tree, target, scale=1.5)
    store.verify(target)


def test_two_runs_into_one_folder_do_not_mix(raw, tmp_path):
    with folder_lock(tmp_path), pytest.raises(DataError, match="another process"):
        run(raw, tmp_path)
    run(raw, tmp_path)
    store.verify(tmp_path)


def test_other_data_sequences_and_scales_have_other_folders(raw, tmp_path):
    source = sources.open(raw)
    other = sources.open(raw_data.virtual_kitti_1(tmp_path, seed=1))
    choices = [(source, None, 3), (source, ["0001"], 3), (source, None, 1.5), (other, None, 3)]
    names = {preprocess.folder_name(*choice) for choice in choices}
    assert len(names) == 4
    assert preprocess.folder_name(source, ["0001", "0002"], 3) in names


def test_other_data_sets_joined_have_another_folder(tmp_path):
    one, two, other = (
        sources.open(raw_data.virtual_kitti_1(tmp_path / str(seed), seed=seed)) for seed in range(3)
    )
    joined = [sources.Joined({"a": one, "b": second}) for second in (two, other)]
    assert len({preprocess.folder_name(each, None, 3) for each in joined}) == 2


def test_an_unwritable_target_is_an_error(raw, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="cannot be written"):
        run(raw, tmp_path / "file")


def test_a_script_without_a_main_guard_may_preprocess(raw, tmp_path):
    script = tmp_path / "script.py"
    script.write_text(PROGRAM)
    command = [sys.executable, script, raw, tmp_path / "store", "3"]
    assert subprocess.run(command, check=False).returncode == 0


def test_reading_and_preprocessing_never_start_tensorflow(raw, tmp_path):
    check = PROGRAM + "assert not {'tensorflow', 'keras'} & set(sys.modules)"
    command = [sys.executable, "-c", check, raw, tmp_path / "store", "3"]
    assert subprocess.run(command, check=False).returncode == 0


def test_real_frames_keep_their_classes_at_a_third_of_their_size(real_data, tmp_path):
    source = sources.open(real_data / "virtual_kitti_2.0.3")
    sequence = source.sequences()[:1]
    preprocess.to_hdf5(source, tmp_path, sequence, progress=False)
    frames = store.verify(tmp_path)
    _, labels = source.read(source.frames(sequence)[0])
    assert frames.image_shape == (125, 414, 3)
    small = np.bincount(frames.labels[0].ravel(), minlength=14) / (125 * 414)
    full = np.bincount(labels.ravel(), minlength=14) / labels.size
    assert np.abs(small - full).max() < 0.005

"""With four times as many frames there is four times the work, and no more of it in memory at once."""

import tracemalloc

import numpy as np
import pytest

from roadseg.data import splits, store
from roadseg.data.batches import Batches
from tests.data.store.large import calls, store_of

FEW, MANY = 1000, 4000


@pytest.fixture(scope="module")
def stores(frames, tmp_path_factory):
    folder = tmp_path_factory.mktemp("large")
    return {count: store_of(count, frames, folder / str(count)) for count in (FEW, MANY)}


def an_epoch(target):
    frames = store.open(target)
    made = Batches(frames, range(len(frames)), 8)
    for number in range(len(made)):
        made.batch(0, number)


WORK = {
    "open": store.open,
    "verify": store.verify,
    "an epoch": an_epoch,
    "class counts": lambda target: store.open(target).class_pixels(range(len(store.open(target)))),
    "split by sequence": lambda target: splits.by_sequence(store.open(target), ["0009"]),
    "random split": lambda target: splits.random(store.open(target)),
    "split by blocks": lambda target: splits.block(store.open(target)),
    "digest": lambda target: store.open(target).digest,
}


@pytest.mark.filterwarnings("ignore:a random split")
@pytest.mark.parametrize("name", WORK)
def test_work_grows_with_the_number_of_frames_and_no_faster(stores, name):
    few, many = (calls(WORK[name], stores[count]) for count in (FEW, MANY))
    assert many < 1.1 * MANY / FEW * few


def peak(work, frames):
    """Bytes that are in memory at once, beside an open store."""
    len(frames)
    tracemalloc.start()
    try:
        work(frames)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_opening_takes_some_hundred_bytes_a_frame(stores):
    few, many = (peak(lambda _, count=count: store.open(stores[count]), []) for count in (FEW, MANY))
    assert many - few < 600 * (MANY - FEW)


def read_one_by_one(frames):
    for position in range(len(frames)):
        frames.read([position])


@pytest.mark.parametrize(
    "work", [read_one_by_one, lambda frames: frames.class_pixels(range(len(frames)))]
)
def test_reading_holds_one_frame_at_a_time(stores, work):
    few, many = (peak(work, store.open(stores[count])) for count in (FEW, MANY))
    assert many < few + 20_000  # 4000 frames have 1.5 MB


def test_the_order_of_an_epoch_is_drawn_once(stores, monkeypatch):
    drawn = []

    def default_rng(seed):
        drawn.append(seed)
        return np.random.Generator(np.random.PCG64(0))

    monkeypatch.setattr(np.random, "default_rng", default_rng)
    made = Batches(store.open(stores[FEW]), range(FEW), 100, seed=3)
    for epoch in (0, 1):
        for number in range(len(made)):
            made.batch(epoch, number)
    assert drawn == [[3, 0], [3, 1]]

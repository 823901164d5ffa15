"""The measurements of rendered scenes, on few frames of two worlds."""

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from benchmarks import rendering
from roadseg.data import sources


def test_rendering_is_timed_and_its_scenes_are_measured(tmp_path, monkeypatch):
    few = {name: rendering.WORLDS[name] for name in ("0001", "0018")}
    settings = {"WORLDS": few, "TRAIN": ("0001",), "HELD_OUT": ("0018",), "PIXELS": 200}
    for name, value in settings.items():
        monkeypatch.setattr(rendering, name, value)
    timed = rendering.time_rendering(tmp_path / "scenes", stride=200, seed=0)
    assert timed["frames"] == 3 + 2
    assert set(timed["frames_per_second_by_world"]) == set(few)
    assert timed["megabytes"] > 100
    source = sources.open(tmp_path / "scenes")
    shares = rendering.class_shares(source)
    assert sum(share["rendered"] for share in shares.values()) == pytest.approx(100, abs=0.2)
    assert shares["Road"]["ratio"] == pytest.approx(1, abs=0.3)
    with threadpool_limits(1):  # two threads wait for each other long where other tests run as well
        assert 0.2 < rendering.colour_and_row(source, np.random.default_rng(0)) < 0.9

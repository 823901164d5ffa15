import sqlite3

import numpy as np
import pytest

from roadseg.data.staging import Staging
from roadseg.data.store import CompressedFrame

FRAME = CompressedFrame.of(np.zeros((2, 3, 3), np.uint8), np.ones((2, 3), np.uint8))


def test_frames_are_kept_for_the_same_settings_and_discarded_for_others(tmp_path):
    path = tmp_path / "staging"
    with Staging(path, "scale 3") as staging:
        staging.add(("0001/clone", 7), "state of its files", FRAME)
    with Staging(path, "scale 3") as staging:
        assert staging.file_states() == {("0001/clone", 7): "state of its files"}
        assert list(staging.frames([("0001/clone", 7)])) == [FRAME]
    with Staging(path, "scale 2") as staging:
        assert staging.file_states() == {}


def test_a_frame_replaces_an_older_one_of_the_same_name(tmp_path):
    with Staging(tmp_path / "staging", "settings") as staging:
        for state in ("old", "new"):
            staging.add(("0001/clone", 7), state, FRAME)
        assert staging.file_states() == {("0001/clone", 7): "new"}


def test_finished_frames_are_kept_after_an_error(tmp_path):
    def fail():
        with Staging(tmp_path / "staging", "settings") as staging:
            staging.add(("0001/clone", 7), "state", FRAME)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    with Staging(tmp_path / "staging", "settings") as staging:
        assert list(staging.file_states()) == [("0001/clone", 7)]

import os
import sqlite3

import numpy as np
import pytest

from roadseg.data.staging import Staging
from roadseg.data.store import CompressedFrame
from roadseg.errors import DataError

FRAME = CompressedFrame.of(np.zeros((2, 3, 3), np.uint8), np.ones((2, 3), np.uint8))
NAME = ("0001/clone", 7)


def test_frames_are_kept_for_the_same_settings_and_discarded_for_others(tmp_path):
    path = tmp_path / "staging"
    with Staging(path, "scale 3") as staging:
        staging.add(NAME, "state of its files", FRAME)
    with Staging(path, "scale 3") as staging:
        assert staging.file_states() == {NAME: "state of its files"}
        assert list(staging.frames([NAME])) == [FRAME]
    with Staging(path, "scale 2") as staging:
        assert staging.file_states() == {}


def test_a_frame_replaces_an_older_one_of_the_same_name(tmp_path):
    with Staging(tmp_path / "staging", "settings") as staging:
        for state in ("old", "new"):
            staging.add(NAME, state, FRAME)
        assert staging.file_states() == {NAME: "new"}
    with Staging(tmp_path / "staging", "settings") as staging:
        assert staging.file_states() == {NAME: "new"}


def test_finished_frames_are_kept_after_an_error(tmp_path):
    def fail():
        with Staging(tmp_path / "staging", "settings") as staging:
            staging.add(NAME, "state", FRAME)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    with Staging(tmp_path / "staging", "settings") as staging:
        assert list(staging.file_states()) == [NAME]


@pytest.fixture
def staged(tmp_path):
    """A staging file with five frames."""
    path = tmp_path / "frames.hdf5.partial"
    with Staging(path, "settings") as staging:
        for index in range(5):
            staging.add(("0001/clone", index), f"state {index}", FRAME)
    return path


def change(path, statement):
    connection = sqlite3.connect(path)
    with connection:
        connection.execute(statement)
    connection.close()


@pytest.mark.parametrize(
    "damage",
    [
        "image = zeroblob(length(image))",
        "image = NULL",
        "image = 7",
        "image = 'text'",
        "labels = image",
        "labels = x''",
        "checksum = -1",
        "checksum = 1 << 40",
        "checksum = 'x'",
        "checksum = NULL",
        "state = 'state 1'",
        "state = NULL",
        "sequence = '0001/fog'",
        "sequence = x'ff'",
        "number = 17",
        "number = 'x'",
        "row_checksum = NULL",
    ],
)
def test_a_damaged_frame_is_not_used(staged, damage):
    change(staged, f"UPDATE chunk SET {damage} WHERE number = 3")
    with Staging(staged, "settings") as staging:
        sound = [("0001/clone", index) for index in (0, 1, 2, 4)]
        assert sorted(staging.file_states()) == sound
        assert list(staging.frames(sound)) == 4 * [FRAME]


def test_a_frame_that_is_damaged_later_is_found_when_it_is_published(staged):
    with Staging(staged, "settings") as staging:
        staging._connection.execute("UPDATE chunk SET labels = x'00' WHERE number = 3")
        with pytest.raises(DataError, match=r"frame \('0001/clone', 3\) was damaged.*run again"):
            list(staging.frames(staging.file_states()))


def overwrite(start, stop):
    def damage(path):
        content = bytearray(path.read_bytes())
        content[start:stop] = b"\xff" * (stop - start)
        path.write_bytes(content)

    return damage


DAMAGES = {
    "no database": lambda path: path.write_bytes(b"no database" * 1000),
    "empty": lambda path: path.write_bytes(b""),
    "half": lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
    "header": overwrite(0, 100),
    "first page": overwrite(100, 3000),
    "second page": overwrite(65536, 70000),
    "third page": overwrite(2 * 65536, 140000),
    "last page": lambda path: overwrite(path.stat().st_size - 65536, path.stat().st_size)(path),
    "other tables": lambda path: change(path, "ALTER TABLE chunk ADD COLUMN more TEXT"),
    "a trigger": lambda path: change(
        path, "CREATE TRIGGER t AFTER DELETE ON made BEGIN DELETE FROM chunk; END"
    ),
    "an endless view": lambda path: [
        change(path, "DROP TABLE chunk"),
        change(
            path,
            "CREATE VIEW chunk AS WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x FROM c) "
            "SELECT 'a' sequence, x number, '' state, x'' image, x'' labels, 0 checksum FROM c",
        ),
    ],
    "a pipe": lambda path: [path.unlink(), os.mkfifo(path)],
    "a link": lambda path: [
        path.rename(path.with_name("victim")),
        path.symlink_to(path.with_name("victim")),
    ],
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_file_that_cannot_be_read_is_made_anew(staged, damage):
    DAMAGES[damage](staged)
    victim = staged.with_name("victim")
    before = victim.read_bytes() if victim.exists() else None
    with Staging(staged, "settings") as staging:
        assert staging.file_states() == {}
        staging.add(NAME, "state", FRAME)
    with Staging(staged, "settings") as staging:
        assert list(staging.frames([NAME])) == [FRAME]
    assert before is None or victim.read_bytes() == before  # nothing is written behind a link

import av
import numpy as np
import pytest

from roadseg.errors import DataError
from roadseg.inference.video_reader import VideoReader
from tests.inference import videos


def frames(path, first=0):
    with VideoReader(path) as reader:
        return list(reader.frames(first))


def test_frames_come_with_their_times(tmp_path):
    path = videos.write(tmp_path / "drive.mp4", frames=10)
    with VideoReader(path) as reader:
        assert reader.rate == videos.RATE
        assert reader.expected == 10
        found = list(reader.frames(0))
    assert [time * reader.time_base * videos.RATE for time, _ in found] == pytest.approx(range(10))
    for number, (_, image) in enumerate(found):
        assert image.size == (videos.WIDTH, videos.HEIGHT)
        assert np.asarray(image)[20, number + 10].min() > 200


def test_later_frames_alone_are_the_same(tmp_path):
    path = videos.write(tmp_path / "drive.mp4", frames=10)
    some, all_of_them = frames(path, 7), frames(path)[7:]
    assert [time for time, _ in some] == [time for time, _ in all_of_them]
    for (_, image), (_, same) in zip(some, all_of_them, strict=True):
        np.testing.assert_array_equal(image, same)


@pytest.mark.parametrize(("turned", "turns"), [(90, 1), (-90, 3), (180, 2)])
def test_a_video_of_a_turned_phone_is_upright(tmp_path, turned, turns):
    plain = frames(videos.write(tmp_path / "plain.mp4", frames=2))[1][1]
    image = frames(videos.write(tmp_path / "turned.mp4", frames=2, turned=turned))[1][1]
    np.testing.assert_array_equal(image, np.rot90(plain, turns))


def whole_file(tmp_path) -> bytes:
    """Its index stands first, so that it can be opened when its end is missing."""
    path = videos.write(tmp_path / "whole.mp4", frames=40, options={"movflags": "faststart"})
    return path.read_bytes()


def test_damaged_files_are_named_with_the_remedy(tmp_path):
    whole, path = whole_file(tmp_path), tmp_path / "drive.mp4"
    for content, message in (
        (b"", "empty; copy it again"),
        (b"no video at all" * 100, "cannot be opened as a video.*ffmpeg -i"),
        (whole[:300], "holds no video|cannot be opened"),
        (whole[: len(whole) // 2], "(ends|damaged) after .* frames"),
    ):
        path.write_bytes(content)
        with pytest.raises(DataError, match=rf"drive\.mp4: ({message})"):
            frames(path)


def test_a_file_without_video_is_named(tmp_path):
    with av.open(str(tmp_path / "song.mp4"), "w") as container:
        stream = container.add_stream("aac", rate=44100)
        sound = av.AudioFrame.from_ndarray(np.zeros((2, 1024), np.float32), "fltp", "stereo")
        sound.sample_rate = 44100
        container.mux(stream.encode(sound))
        container.mux(stream.encode())
    with pytest.raises(DataError, match=r"song\.mp4: holds no video"):
        frames(tmp_path / "song.mp4")
    with pytest.raises(DataError, match=r"nowhere\.mp4: no such file"):
        frames(tmp_path / "nowhere.mp4")


def test_a_video_without_frames_is_named(tmp_path):
    path = tmp_path / "still.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 40, "yuv420p"
        container.start_encoding()
    with pytest.raises(DataError, match=r"still\.mp4: (has no frame|cannot be opened|holds no video)"):
        frames(path)


def test_frames_that_change_their_size_are_refused(tmp_path):
    one = videos.write(tmp_path / "one.ts", frames=5).read_bytes()
    other = videos.write(tmp_path / "other.ts", frames=5, size=(80, 48)).read_bytes()
    (tmp_path / "both.ts").write_bytes(one + other)
    with pytest.raises(DataError, match="has 80 x 48 pixels, those before 64 x 40; cut the video there"):
        frames(tmp_path / "both.ts")

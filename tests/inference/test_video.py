"""Videos made of images, and their previews; labelled videos are tested in test_predicting."""

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image

from roadseg.errors import DataError
from roadseg.inference import Preview, write_video
from tests.inference import videos


def grey(level: int, size: tuple[int, int] = (64, 40)) -> Image.Image:
    return Image.new("RGB", size, (level, level, level))


@pytest.fixture
def video(tmp_path):
    path = tmp_path / "new" / "drive.mp4"
    write_video(path, [grey(level) for level in (0, 60, 120, 180, 240)], rate=5)
    return path


def test_a_video_has_the_images_at_its_rate(video):
    frames = videos.read(video)
    levels = [frame.to_ndarray(format="rgb24").mean() for frame in frames]
    assert levels == pytest.approx([0, 60, 120, 180, 240], abs=4)
    assert videos.seconds(video) == pytest.approx([0, 0.2, 0.4, 0.6, 0.8])
    assert [path.name for path in video.parent.iterdir()] == ["drive.mp4"]


def test_another_call_replaces_it(video):
    write_video(video, [grey(200)])
    assert len(videos.read(video)) == 1


def test_nothing_of_a_stopped_call_gets_into_the_next(video):
    def stopping():
        yield from [grey(0)] * 150  # more than a segment
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_video(video, stopping())
    assert len(videos.read(video)) == 5
    write_video(video, [grey(100)] * 3)
    assert [frame.to_ndarray(format="rgb24").mean() for frame in videos.read(video)] == pytest.approx(
        [100] * 3, abs=4
    )


@pytest.mark.parametrize(
    ("images", "message"),
    [
        ([grey(0), grey(0, (32, 40))], "image 1 has 32 x 40 pixels, those before 64 x 40"),
        ([], "no image"),
        (["/nowhere.png"], r"/nowhere\.png: no such file"),
    ],
)
def test_what_makes_no_video_leaves_the_earlier_one(video, images, message):
    before = video.read_bytes()
    with pytest.raises(DataError, match=message):
        write_video(video, images)
    assert video.read_bytes() == before
    assert [path.name for path in video.parent.iterdir()] == ["drive.mp4"]


def test_a_preview_is_a_small_moving_image_at_the_videos_speed(video):
    html = Preview(video, width=32, every=2)._repr_html_()
    (data,) = re.findall(r'src="data:image/webp;base64,([^"]+)"', html)
    image = Image.open(io.BytesIO(base64.b64decode(data)))
    assert (image.size, image.n_frames) == ((32, 20), 3)
    assert image.info["loop"] == 0
    for number, level in enumerate((0, 120, 240)):
        image.seek(number)
        image.load()
        assert np.asarray(image.convert("RGB")).mean() == pytest.approx(level, abs=6)
        assert image.info["duration"] == 400  # milliseconds
    assert 'width="32"' in html


def test_a_narrow_video_keeps_its_size(video):
    assert Image.open(io.BytesIO(Preview(video).webp)).size == (64, 40)

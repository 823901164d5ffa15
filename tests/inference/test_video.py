"""Videos: what is read, what labelled ones show, and previews."""

import base64
import io
import re
from fractions import Fraction

import numpy as np
import pytest
from PIL import Image

from roadseg.data.classes import distinct_palette
from roadseg.errors import DataError
from roadseg.inference import Appearance, Preview, write_video
from roadseg.inference.video import VideoReader, label_video
from tests.inference import videos
from tests.inference.conftest import NAMES, PALETTE


def frames(path):
    return list(VideoReader(path).frames())


def grey(level: int, size: tuple[int, int] = (64, 40)) -> Image.Image:
    return Image.new("RGB", size, (level, level, level))


def levels(path) -> list[float]:
    return [np.asarray(image).mean() for _, image in frames(path)]


def test_frames_come_with_their_times(tmp_path):
    path = videos.write(tmp_path / "drive.mp4", frames=10)
    reader = VideoReader(path)
    assert (reader.rate, reader.expected) == (videos.RATE, 10)
    found = list(reader.frames())
    assert [time * reader.time_base * videos.RATE for time, _ in found] == pytest.approx(range(10))
    for number, (_, image) in enumerate(found):
        assert image.size == (videos.WIDTH, videos.HEIGHT)
        assert np.asarray(image)[20, number + 10].min() > 200


def test_frames_are_upright_with_square_pixels(tmp_path):
    plain = frames(videos.write(tmp_path / "plain.mp4", frames=2))[1][1]
    for turned, turns in ((90, 1), (-90, 3), (180, 2)):
        image = frames(videos.write(tmp_path / "turned.mp4", frames=2, turned=turned))[1][1]
        np.testing.assert_array_equal(image, np.rot90(plain, turns))
    for aspect, size in ((Fraction(2), (128, 40)), (Fraction(1, 2), (64, 80))):
        path = videos.write(tmp_path / "wide.mp4", frames=2, sample_aspect_ratio=aspect)
        assert frames(path)[0][1].size == size


def test_colours_are_read_as_the_file_says(tmp_path):
    orange, names = (200, 120, 40), ("colorspace", "color_primaries", "color_trc")
    for size, colours, context in (
        ((64, 40), {}, {}),
        ((64, 40), {"dst_colorspace": "ITU709"}, dict.fromkeys(names, 1) | {"color_range": 1}),
        ((64, 40), {"dst_color_range": "JPEG"}, {"color_range": 2}),
        ((64, 720), {"dst_colorspace": "ITU709"}, {}),  # as usual for so many rows
    ):
        path = tmp_path / "drive.mkv"
        videos.write(path, 2, size, colour=orange, colours=colours, **context)
        np.testing.assert_allclose(np.asarray(frames(path)[0][1])[20, 8], orange, atol=8)


def test_old_cameras_and_odd_names_are_no_matter(tmp_path, monkeypatch):
    path = videos.write(tmp_path / "old.avi", frames=3, title="Straße XX")
    path.write_bytes(path.read_bytes().replace("Straße XX".encode(), "Straße XXX".encode("latin-1")))
    assert len(frames(path)) == 3
    monkeypatch.chdir(tmp_path)
    path.rename("12:30:00.avi")
    assert len(frames("12:30:00.avi")) == 3


def test_what_is_no_video_is_named_with_the_remedy(tmp_path):
    whole = videos.write(tmp_path / "whole.avi", frames=40).read_bytes()
    path = tmp_path / "drive.mp4"
    for content, message in (
        (b"", "cannot be read as a video .*copy the video again"),
        (b"no video at all" * 100, "cannot be read as a video .*Invalid data"),
        (whole.replace(b"FMP4", b"ZZZZ"), "no video of a known codec"),
    ):
        path.write_bytes(content)
        with pytest.raises(DataError, match=rf"drive\.mp4: .*{message}"):
            frames(path)
    with pytest.raises(DataError, match=r"nowhere\.mp4: .*No such file"):
        frames(tmp_path / "nowhere.mp4")


def test_a_labelled_video_has_the_times_of_its_frames(labeller, tmp_path):
    times = [*range(20), 30, 31]  # with a gap
    source, target = tmp_path / "drive.mp4", tmp_path / "labelled.mp4"
    videos.write(source, frames=22, times=times)
    pixels, total, confidence = label_video(labeller, source, target, Appearance(), progress=False)
    found = videos.read(target)
    assert videos.seconds(target) == pytest.approx([t / float(videos.RATE) for t in times], abs=1e-3)
    overlay = found[3].to_ndarray(format="rgb24")
    assert overlay.shape[0] > videos.HEIGHT  # with a legend
    expected = np.mean([distinct_palette(NAMES, PALETTE)[2], [255] * 3], axis=0)
    np.testing.assert_allclose(overlay[20, 13], expected, atol=25)
    assert (found[0].colorspace, found[0].color_range) == (1, 1)  # BT.709
    assert pixels.sum() == total == 22 * videos.WIDTH * videos.HEIGHT
    assert 0.9 < confidence <= 1


def test_a_frame_stands_beside_its_overlay_or_above_it(labeller, tmp_path):
    for size, factor in (((64, 40), (1, 2)), ((101, 31), (2, 1))):
        source, target = videos.write(tmp_path / "drive.avi", frames=2, size=size), tmp_path / "out.mp4"
        label_video(labeller, source, target, Appearance(layout="beside"), progress=False)
        frame = videos.read(target)[0]
        assert frame.width == size[0] * factor[1] + size[0] * factor[1] % 2
        assert frame.height > size[1] * factor[0]


def test_a_shortfall_of_frames_is_told_and_the_result_kept(labeller, tmp_path):
    whole = videos.write(tmp_path / "whole.mp4", frames=40, options={"movflags": "faststart"})
    (tmp_path / "half.mp4").write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    target = tmp_path / "out.mp4"
    with pytest.warns(UserWarning, match=r"half\.mp4: ends after [0-9]+ of 40 frames"):
        label_video(labeller, tmp_path / "half.mp4", target, Appearance(), progress=False)
    assert 1 < len(videos.read(target)) < 40


def test_a_video_is_labelled_whole_or_not_at_all(labeller, model, tmp_path, monkeypatch):
    one = videos.write(tmp_path / "one.ts", frames=5).read_bytes()
    other = videos.write(tmp_path / "other.ts", frames=5, size=(80, 48)).read_bytes()
    (tmp_path / "both.ts").write_bytes(one + other)
    output = tmp_path / "out"
    with pytest.raises(DataError, match=r"a frame has 80 x .*give frames of one size"):
        label_video(labeller, tmp_path / "both.ts", output / "both.mp4", Appearance(), progress=False)
    monkeypatch.setattr(model, "logits", lambda _: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        label_video(labeller, tmp_path / "one.ts", output / "one.mp4", Appearance(), progress=False)
    assert not list(output.iterdir())


def test_a_video_of_images_replaces_an_earlier_one(tmp_path):
    path = tmp_path / "new" / "drive.mp4"
    write_video(path, [grey(200)])
    write_video(path, [grey(level) for level in (0, 60, 120, 180, 240)], rate=5)
    assert levels(path) == pytest.approx([0, 60, 120, 180, 240], abs=4)
    assert videos.seconds(path) == pytest.approx([0, 0.2, 0.4, 0.6, 0.8])
    write_video(path, [Image.new("RGB", (64, 40), (200, 120, 40))])
    np.testing.assert_allclose(np.asarray(frames(path)[0][1])[20, 8], (200, 120, 40), atol=4)
    before = path.read_bytes()
    for images, message in (
        ([grey(0), grey(0, (32, 40))], "a frame has 32 x 40 pixels, those before 64 x 40"),
        ([], "no frame"),
        (["/nowhere.png"], r"/nowhere\.png: .*No such file"),
    ):
        with pytest.raises(DataError, match=message):
            write_video(path, images)
    assert path.read_bytes() == before
    assert [each.name for each in path.parent.iterdir()] == ["drive.mp4"]
    write_video(path, 30 * [grey(0)], rate=29.97)
    assert videos.seconds(path)[-1] == pytest.approx(29 / 29.97, abs=1e-4)


def test_a_preview_is_a_small_moving_image_at_the_videos_speed(tmp_path):
    path = tmp_path / "drive.mp4"
    write_video(path, [grey(level) for level in (0, 60, 120, 180, 240)], rate=5)
    html = Preview(path)._repr_html_()
    (data,) = re.findall(r'src="data:image/webp;base64,([^"]+)"', html)
    image = Image.open(io.BytesIO(base64.b64decode(data)))
    assert (image.size, image.n_frames, image.info["loop"]) == ((64, 40), 3, 0)
    for number, level in enumerate((0, 120, 240)):
        image.seek(number)
        image.load()
        assert np.asarray(image.convert("RGB")).mean() == pytest.approx(level, abs=6)
        assert image.info["duration"] == 400  # milliseconds

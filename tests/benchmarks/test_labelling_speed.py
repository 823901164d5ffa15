from PIL import Image

from benchmarks import labelling_speed
from roadseg import inference
from tests.inference.conftest import BrightnessModel


def test_files_videos_and_each_step_are_timed(tmp_path):
    image = tmp_path / "grey.png"
    Image.new("RGB", (64, 41), "grey").save(image)
    files = labelling_speed.write_files([image], tmp_path / "in", 3)
    assert len(files) == 3
    video = labelling_speed.write_video(files, tmp_path / "drive.mp4")
    labeller = inference.Labeller(BrightnessModel())
    for inputs in ([tmp_path / "in"], [video]):
        assert labelling_speed.speed(labeller, inputs, tmp_path / "out", 3) > 0
    steps = labelling_speed.steps(BrightnessModel(), files[0])
    assert list(steps)[:3] == ["read JPEG", "shrink", "network"]
    assert min(steps.values()) > 0

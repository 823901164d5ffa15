"""Frames a second of the networks that the study `peers` compares."""

from studies import inference_speed
from studies.peers import STUDY


def test_inference_is_timed_by_network():
    measured = inference_speed.measure(STUDY.trials[:2], (32, 48))
    assert list(measured) == ["simple", "simple_plus"]
    assert min(measured.values()) > 0


def test_milliseconds_become_frames_a_second():
    speeds = inference_speed.frames_per_second({"milliseconds": {"slow": 200.0, "fast": 10.0}})
    assert speeds.to_dict() == {"slow": 5, "fast": 100}
    assert inference_speed.frames_per_second()["simple_plus"] == 97

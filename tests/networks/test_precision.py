import importlib

import keras
import pytest

from roadseg.networks import precision


@pytest.mark.parametrize(
    ("backend", "flags", "accelerator", "name"),
    [
        ("tensorflow", {"avx2"}, None, "float32"),
        ("tensorflow", {"avx512_bf16"}, None, "mixed_bfloat16"),
        ("tensorflow", {"amx_bf16"}, None, "mixed_bfloat16"),
        ("jax", {"avx512_bf16"}, None, "float32"),
        ("tensorflow", {"avx512_bf16"}, ("old GPU", False), "float32"),
        ("tensorflow", {"avx2"}, ("new GPU", True), "mixed_bfloat16"),
    ],
)
def test_bfloat16_where_the_processor_computes_in_it(monkeypatch, backend, flags, accelerator, name):
    monkeypatch.setattr(keras.backend, "backend", lambda: backend)
    monkeypatch.setattr(precision, "_cpu_flags", lambda: flags)
    monkeypatch.setattr(precision, "_accelerator", lambda: accelerator)
    policy = precision.recommended_policy.__wrapped__()
    assert policy.name == name
    assert str(policy).startswith(f"{name}: ")


def test_numbers_are_float32_whatever_keras_is_set_to():
    keras.config.set_floatx("float16")
    importlib.reload(precision)
    assert keras.config.floatx() == "float32"

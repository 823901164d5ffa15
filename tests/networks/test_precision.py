import importlib

import keras

from roadseg.networks import precision


def test_bfloat16_where_the_processor_computes_in_it(monkeypatch):
    for backend, flag, accelerator, name in (
        ("tensorflow", "avx2", None, "float32"),
        ("tensorflow", "avx512_bf16", None, "mixed_bfloat16"),
        ("jax", "avx512_bf16", None, "float32"),
        ("tensorflow", "avx512_bf16", ("old GPU", False), "float32"),
        ("tensorflow", "avx2", ("new GPU", True), "mixed_bfloat16"),
    ):
        monkeypatch.setattr(keras.backend, "backend", lambda backend=backend: backend)
        monkeypatch.setattr(precision, "_cpu_flags", lambda flag=flag: {flag})
        monkeypatch.setattr(precision, "_accelerator", lambda found=accelerator: found)
        policy = precision.recommended_policy.__wrapped__()
        assert policy.name == name
        assert str(policy).startswith(f"{name}: ")


def test_numbers_are_float32_whatever_keras_is_set_to():
    keras.config.set_floatx("float16")
    importlib.reload(precision)
    assert keras.config.floatx() == "float32"

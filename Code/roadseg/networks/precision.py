"""Whether computing in bfloat16 is faster than in float32 on this machine."""

import contextlib
import functools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import keras

keras.config.set_floatx("float32")  # losses and weights are, whatever the user's keras.json says
_CPU_FLAGS = ("avx512_bf16", "amx_bf16", "bf16")  # x86: AVX-512 and AMX; Arm: bf16


@dataclass(frozen=True)
class Policy:
    """A Keras dtype policy and why it was chosen."""

    name: str
    reason: str

    def __str__(self) -> str:
        return f"{self.name}: {self.reason}"


@functools.cache
def recommended_policy() -> Policy:
    """The policy "mixed_bfloat16" where the processor computes in bfloat16, else "float32".

    Processors without bfloat16 instructions emulate them, more slowly than they compute in float32.
    """
    accelerator = _accelerator()
    if accelerator is not None:
        name, computes_in_bfloat16 = accelerator
        has = "has" if computes_in_bfloat16 else "has no"
        return Policy(_name(computes_in_bfloat16), f"{name} {has} bfloat16 arithmetic")
    if keras.backend.backend() == "jax":
        return Policy("float32", "JAX gains nothing from bfloat16 on a CPU")
    found = sorted(_cpu_flags() & set(_CPU_FLAGS))
    reason = f"this CPU has {', '.join(found)}" if found else "this CPU has no bfloat16 arithmetic"
    return Policy(_name(bool(found)), reason)


def _name(computes_in_bfloat16: bool) -> str:
    return "mixed_bfloat16" if computes_in_bfloat16 else "float32"


def _accelerator() -> tuple[str, bool] | None:
    """The GPU or TPU that the Keras backend computes on, and whether it has bfloat16 arithmetic."""
    if keras.backend.backend() == "jax":
        import jax

        device = jax.devices()[0]
        if device.platform == "cpu":
            return None
        if device.platform == "tpu":
            return device.device_kind, True
        major = str(getattr(device, "compute_capability", "")).split(".")[0]
        return device.device_kind, major.isdecimal() and int(major) >= 8  # NVIDIA Ampere and later
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        for device in tf.config.list_physical_devices("GPU"):
            details = tf.config.experimental.get_device_details(device)
            capable = details.get("compute_capability", (0, 0)) >= (8, 0)  # NVIDIA Ampere and later
            return details.get("device_name", "GPU"), capable
    return None


def _cpu_flags() -> set[str]:
    """Empty where /proc/cpuinfo does not exist, which only Linux has."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return set()
    fields = (line.partition(":") for line in lines)
    return {
        flag
        for key, _, value in fields
        if key.strip().lower() in ("flags", "features")
        for flag in value.split()
    }


@contextlib.contextmanager
def layer_defaults(policy: str) -> Iterator[None]:
    """Keras' defaults for new layers: this precision, and channels last."""
    previous = keras.config.dtype_policy(), keras.config.image_data_format()
    keras.config.set_dtype_policy(policy)
    keras.config.set_image_data_format("channels_last")
    try:
        yield
    finally:
        keras.config.set_dtype_policy(previous[0])
        keras.config.set_image_data_format(previous[1])

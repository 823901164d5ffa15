"""What importing the package does, each time in a fresh interpreter."""

import os
import subprocess
import sys

IMPORT_ALL_OF_DATA = """
import importlib, pkgutil, sys
import roadseg.data

for module in pkgutil.walk_packages(roadseg.data.__path__, "roadseg.data."):
    importlib.import_module(module.name)
print(*sys.modules)
"""
HEAVY = {"tensorflow", "jax", "torch", "keras", "embreex", "joblib", "matplotlib"}


def after(program: str) -> subprocess.CompletedProcess:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("TF_")}
    return subprocess.run(
        [sys.executable, "-c", program], env=inherited, capture_output=True, text=True, check=True
    )


def test_it_turns_onednn_on_and_starts_no_tensorflow():
    done = after(
        "import os, sys, roadseg\n"
        "print(os.environ['TF_ENABLE_ONEDNN_OPTS'], 'tensorflow' in sys.modules, 'keras' in sys.modules)"
    )
    assert done.stdout.split() == ["1", "False", "False"]
    assert done.stderr == ""


def test_it_warns_when_it_comes_too_late_for_that():
    imitation = "import sys, types; sys.modules['tensorflow'] = types.ModuleType('tensorflow')\n"
    assert "Import roadseg first" in after(imitation + "import roadseg").stderr
    chosen = "import os; os.environ['TF_ENABLE_ONEDNN_OPTS'] = '0'\n"
    assert after(imitation + chosen + "import roadseg").stderr == ""


def test_the_data_room_needs_no_network_no_renderer_and_no_plots():
    imported = set(after(IMPORT_ALL_OF_DATA).stdout.split())
    assert {"roadseg.data.batches", "roadseg.data.sources.camvid"} <= imported
    assert not HEAVY & imported

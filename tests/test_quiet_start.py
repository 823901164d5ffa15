"""TensorFlow starts without a line on standard error, unless it fails."""

import os
import subprocess
import sys


def run(program, **environment):
    command = [sys.executable, "-c", program]
    return subprocess.run(
        command, env=os.environ | environment, capture_output=True, text=True, check=False
    )


def test_networks_are_built_and_used_without_a_line():
    done = run(
        "import roadseg, keras, numpy as np\n"
        "for width in range(8, 14):\n"
        "    network = keras.Sequential([keras.Input((8, width, 3)), keras.layers.Conv2D(3, 3)])\n"
        "    network.predict_on_batch(np.zeros((1, 8, width, 3)))\n"
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_start_that_fails_shows_all_that_was_written(tmp_path):
    package = tmp_path / "tensorflow"
    package.mkdir()
    (package / "__init__.py").write_text(
        "import os\nos.write(2, b'from deep below\\n')\nraise OSError('broken')"
    )
    done = run("import roadseg\nimport tensorflow", PYTHONPATH=str(tmp_path))
    assert done.returncode == 1
    assert "from deep below" in done.stderr
    assert "broken" in done.stderr

import subprocess
import sys


def test_importing_it_starts_no_tensorflow():
    program = "import sys, roadscenes, roadscenes.cli; print({'keras', 'tensorflow'} & {*sys.modules})"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"

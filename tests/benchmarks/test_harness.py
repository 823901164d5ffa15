"""Machine, timing and report of the benchmarks."""

import json
import time

from benchmarks import harness


def test_a_report_is_printed_and_written_with_the_machine(tmp_path, capsys):
    harness.report({"speed": 3.5}, tmp_path / "speed.json")
    written = json.loads((tmp_path / "speed.json").read_text("utf-8"))
    assert written == {"machine": harness.machine(), "speed": 3.5}
    assert json.loads(capsys.readouterr().out) == written


def test_the_machine_has_cores():
    assert " cores of " in harness.machine()


def test_functions_are_called_in_turns_and_the_first_round_does_not_count():
    calls = []

    def function(name):
        calls.append(name)
        if len(calls) <= 2:
            time.sleep(0.2)

    functions = {name: lambda name=name: function(name) for name in "ab"}
    milliseconds = harness.median_ms_in_turns(functions, rounds=2)
    assert "".join(calls) == "ababab"
    assert max(milliseconds.values()) < 100


def test_one_function_alone_is_timed():
    assert 10 <= harness.median_ms(lambda: time.sleep(0.01), rounds=3) < 100

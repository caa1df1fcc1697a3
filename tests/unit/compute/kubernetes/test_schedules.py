"""A schedule's CronJob and the workspace's Secret: as they are sent, and how they are changed."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from runner.compute.kubernetes import schedules, workspace_pod
from runner.compute.kubernetes.conventions import RUN_LABEL, STEP_LABEL
from runner.compute.kubernetes.preflight import NEEDED
from runner.compute.kubernetes.settings import ClusterSettings
from runner.config.workspace_host import Timer, TimerStatus
from runner.errors import BadInput, TargetError
from runner.override import override
from tests.support.fake_api import STORE, FakeCluster

GOLDEN = Path(__file__).parents[3] / "golden"
SETTINGS = ClusterSettings(store_id=STORE, image_pull_secrets=("key",), node_selector={"pool": "small"})
ID = "5a1b6c1e-0000-4000-8000-123456789abc"
TIMER = Timer(schedule=ID, title="each morning", cron="0 6 * * *")
FILES = {"runner.yaml": "{}", "secret-db": "hidden words"}
NAME = f"runner-workspace-{STORE}"


def check(name: str, value: object) -> None:
    text = json.dumps(value, indent=2) + "\n"
    path = GOLDEN / name
    if os.environ.get("RUNNER_WRITE_GOLDEN") == "1":
        path.write_text(text)
    assert text == path.read_text()


def test_the_cron_job_as_it_is_sent() -> None:
    check("schedule-cron-job.json", schedules.cron_job(TIMER, "runner-controller:1", SETTINGS))


def test_the_workspace_as_it_is_sent() -> None:
    check("workspace-secret.json", workspace_pod.secret(FILES, SETTINGS, uid="uid-1"))


def test_no_run_is_seen_in_it() -> None:
    made: Any = schedules.cron_job(TIMER, "image", SETTINGS)
    for marks in (made["metadata"]["labels"], made["spec"]["jobTemplate"]["spec"]["template"]["metadata"]["labels"]):
        assert not {RUN_LABEL, STEP_LABEL} & set(marks)


def test_the_names_of_its_pods_are_host_names() -> None:
    assert len(f"{schedules.cron_job_name(ID)}-29123456-x7x7x") <= 63


def test_the_owner_does_not_tell_what_is_in_the_secret() -> None:
    owner = json.dumps(workspace_pod.owner(FILES, SETTINGS))
    assert "hidden" not in owner
    other = json.dumps(workspace_pod.owner({**FILES, "secret-db": "others"}, SETTINGS))
    assert owner != other


@dataclass
class Cluster(FakeCluster):
    """A namespace in which others change CronJobs too."""

    rivals: int = 0
    """Changes by others just before each of the next replacements."""
    replaced: list[str] = field(default_factory=list)

    @override
    def replace(self, kind: str, body: Mapping[str, object]) -> Mapping[str, object] | None:
        if self.rivals:
            self.rivals -= 1
            self.change(kind, schedules.cron_job_name(ID), status={"lastScheduleTime": str(self.rivals)})
        done = super().replace(kind, body)
        if done is not None:
            self.replaced.append(kind)
        return done


@pytest.fixture
def cluster() -> Cluster:
    return Cluster()


@pytest.fixture
def host(cluster: Cluster) -> schedules.KubernetesWorkspace:
    return schedules.KubernetesWorkspace(cluster, SETTINGS)


def test_a_timer_is_made_once_and_changed(cluster: Cluster, host: schedules.KubernetesWorkspace) -> None:
    assert host.find(ID) is None
    host.install(TIMER, "image:1")
    host.install(TIMER, "image:1")
    assert cluster.names("cronjobs") == (f"schedule-{ID}",)
    assert not cluster.replaced
    cluster.change("cronjobs", f"schedule-{ID}", status={"lastScheduleTime": "2026-11-29T06:00:00Z", "active": [{}]})
    host.install(replace(TIMER, suspended=True), "image:1")
    host.install(replace(TIMER, suspended=True), "image:2")
    assert len(cluster.replaced) == 2
    found: Any = cluster.get("cronjobs", f"schedule-{ID}")
    pod = found["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    assert pod["containers"][0]["image"] == "image:2"
    assert host.find(ID) == TimerStatus(cron="0 6 * * *", suspended=True)
    host.remove(ID)
    host.remove(ID)
    assert host.find(ID) is None


def test_a_suspended_timer_goes_on_when_it_is_installed_again(
    cluster: Cluster, host: schedules.KubernetesWorkspace
) -> None:
    host.suspend(ID)
    host.install(TIMER, "image:1")
    for _ in range(2):
        host.suspend(ID)
        assert host.find(ID) == TimerStatus(cron="0 6 * * *", suspended=True)
    assert len(cluster.replaced) == 1
    host.install(TIMER, "image:1")
    assert host.find(ID) == TimerStatus(cron="0 6 * * *", suspended=False)
    cluster.rivals = 99
    with pytest.raises(TargetError, match="again and again"):
        host.suspend(ID)


def test_what_people_change_with_kubectl_is_set_right(cluster: Cluster, host: schedules.KubernetesWorkspace) -> None:
    host.install(TIMER, "image:1")
    found: Any = cluster.get("cronjobs", f"schedule-{ID}")
    cluster.change("cronjobs", f"schedule-{ID}", spec={**found["spec"], "suspend": True})
    host.install(TIMER, "image:1")
    assert host.find(ID) == TimerStatus(cron="0 6 * * *", suspended=False)


def test_a_change_of_another_at_the_same_time_is_no_loss(cluster: Cluster, host: schedules.KubernetesWorkspace) -> None:
    host.install(TIMER, "image:1")
    cluster.rivals = 2
    host.install(replace(TIMER, cron="0 7 * * *"), "image:1")
    found = host.find(ID)
    assert found is not None
    assert (found.cron, cluster.rivals) == ("0 7 * * *", 0)
    cluster.rivals = 99
    with pytest.raises(TargetError, match="again and again"):
        host.install(TIMER, "image:1")


def test_the_workspace_is_replaced_when_it_has_changed(cluster: Cluster, host: schedules.KubernetesWorkspace) -> None:
    assert not host.has_workspace()
    assert host.keep_workspace(FILES)
    first: Any = cluster.get("secrets", NAME)
    assert base64.b64decode(first["data"]["secret-db"]).decode() == FILES["secret-db"]
    assert not host.keep_workspace(dict(FILES))
    assert cluster.get("secrets", NAME) == first
    assert host.keep_workspace({**FILES, "secret-db": "other"})
    second: Any = cluster.get("secrets", NAME)
    assert base64.b64decode(second["data"]["secret-db"]) == b"other"
    assert host.has_workspace()


def test_who_ended_between_both_objects_is_made_good_for(cluster: Cluster, host: schedules.KubernetesWorkspace) -> None:
    cluster.create("configmaps", workspace_pod.owner(FILES, SETTINGS))
    assert host.keep_workspace(FILES)
    assert cluster.names("secrets") == (NAME,)


def test_a_workspace_that_no_secret_can_hold(host: schedules.KubernetesWorkspace) -> None:
    with pytest.raises(BadInput, match="a Secret takes"):
        host.keep_workspace({"secret-model": "x" * 1_000_001})
    assert not host.has_workspace()


def test_it_asks_for_nothing_but_what_is_granted(cluster: Cluster, host: schedules.KubernetesWorkspace) -> None:
    host.keep_workspace(FILES)
    host.keep_workspace({})
    host.install(TIMER, "image:1")
    host.install(TIMER, "image:2")
    host.find(ID)
    host.remove(ID)
    made = {tuple(call.split()) for call in cluster.calls}
    assert made <= {(verb, kind) for kind, verb in (*NEEDED, *schedules.NEEDED)}

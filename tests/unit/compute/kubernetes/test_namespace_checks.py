"""What the doctor says of a namespace, over the fake API server."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from runner.compute.kubernetes.cluster import Created
from runner.compute.kubernetes.mounts_config import MOUNTER, MountsConfig
from runner.compute.kubernetes.namespace_checks import checks
from runner.compute.kubernetes.settings import ClusterSettings
from runner.errors import TargetError
from runner.model.check import Check, is_well
from runner.model.data_access import MountPolicy
from runner.override import override
from tests.support.fake_api import START, STORE, FakeCluster

SETTINGS = ClusterSettings(store_id=STORE, service_account="steps", image_pull_secrets=("registry",))


def an_object(name: str, **parts: Any) -> Mapping[str, Any]:
    return {"metadata": {"name": name}, **parts}


@pytest.fixture
def cluster() -> FakeCluster:
    one = FakeCluster()
    one.create("serviceaccounts", an_object("steps"))
    one.create("serviceaccounts", an_object("runner-controller"))
    one.create("serviceaccounts", an_object("runner-submitter"))
    one.create("secrets", an_object("registry"))
    one.create("csinodes", an_object("node", spec={"drivers": [{"name": MOUNTER}]}))
    return one


def look(cluster: FakeCluster, now: datetime = START) -> dict[str, Check]:
    found = checks(cluster, SETTINGS, now=lambda: now, remedy="go up")
    return {check.name: check for check in found}


def test_all_is_well(cluster: FakeCluster) -> None:
    found = look(cluster)
    assert is_well(tuple(found.values()))
    assert list(found) == [
        "API server",
        "clock (API server)",
        "may create, get, list, watch, delete jobs",
        "may list, watch pods",
        "may get pods/log",
        "may create, get, delete configmaps",
        "may create secrets",
        "may list events",
        "a step's Job and pod (dry run)",
        "service account steps",
        "pull secret registry",
        "quotas",
        "mounts",
        "service account runner-controller (for --detach)",
        "service account runner-submitter (for schedules and the server)",
        "may place schedules",
        "may make Services (for steps on several nodes that talk to each other)",
    ]
    assert found["API server"].detail == "https://fake:6443, Kubernetes v1.34.0"


def test_a_server_that_does_not_answer_is_all_that_is_told(cluster: FakeCluster) -> None:
    cluster.unreachable = True
    (check,) = look(cluster).values()
    assert (check.ok, check.remedy) == (False, "go up")


def test_missing_rights_come_with_the_rule_to_ask_for(cluster: FakeCluster) -> None:
    cluster.denied |= {("create", "jobs"), ("delete", "jobs"), ("get", "pods/log")}
    found = look(cluster)
    wrong = [check for check in found.values() if not check.ok]
    assert [check.detail for check in wrong] == ["not allowed to create, delete jobs", "not allowed to get pods/log"]
    assert 'apiGroups: ["batch"], resources: ["jobs"], verbs: ["create", "delete"]' in wrong[0].remedy
    assert "a step's Job and pod (dry run)" not in found


def test_a_pod_that_would_not_be_admitted(cluster: FakeCluster) -> None:
    cluster.refused_pod = "violates PodSecurity"
    found = look(cluster)["a step's Job and pod (dry run)"]
    assert (found.ok, "violates PodSecurity" in found.detail) == (False, True)


@pytest.mark.parametrize(
    ("kind", "name", "title", "remedy"),
    [
        ("serviceaccounts", "steps", "service account steps", "kubectl -n runner create serviceaccount steps"),
        ("secrets", "registry", "pull secret registry", "create secret docker-registry registry"),
    ],
)
def test_what_the_target_names_and_is_not_there(
    cluster: FakeCluster, kind: str, name: str, title: str, remedy: str
) -> None:
    cluster.drop(kind, name)
    found = look(cluster)[title]
    assert (found.ok, found.optional, remedy in found.remedy) == (False, False, True)


def test_a_controllers_account_is_needed_by_few(cluster: FakeCluster) -> None:
    cluster.drop("serviceaccounts", "runner-controller")
    found = look(cluster)
    account = found["service account runner-controller (for --detach)"]
    assert (account.ok, account.optional, "manifests/rbac.yaml" in account.remedy) == (False, True, True)
    assert is_well(tuple(found.values()))


def test_rights_to_place_schedules_are_needed_by_few(cluster: FakeCluster) -> None:
    cluster.denied |= {("create", "cronjobs"), ("update", "cronjobs")}
    found = look(cluster)
    check = found["may place schedules"]
    assert (check.ok, check.optional, check.detail) == (False, True, "not allowed to create, update cronjobs")
    assert 'apiGroups: ["batch"], resources: ["cronjobs"], verbs: ["create", "update"]' in check.remedy
    assert is_well(tuple(found.values()))


def test_servers_are_known_by_their_pods(cluster: FakeCluster) -> None:
    for store, number, ready in (("s1", 1, "True"), ("s1", 2, "False"), ("s2", 1, "False")):
        name = f"runner-server-{store}-{number}"
        cluster.create("pods", an_object(name, status={"conditions": [{"type": "Ready", "status": ready}]}))
        labels = {"app.kubernetes.io/component": "server", "runner/store": store}
        cluster.change("pods", name, metadata={"labels": labels})
    found = look(cluster)
    assert (found["REST server s1"].ok, found["REST server s1"].detail) == (True, "1 of 2 pods ready")
    bad = found["REST server s2"]
    assert (bad.ok, bad.optional, bad.detail) == (False, True, "0 of 1 pods ready")
    assert "component=server,runner/store=s2" in bad.remedy


def test_what_one_may_not_look_at_is_no_fault(cluster: FakeCluster) -> None:
    cluster.denied |= {("get", "serviceaccounts"), ("list", "resourcequotas")}
    found = look(cluster)
    assert found["quotas"].detail == "not looked at: no right to list resourcequotas"
    assert is_well(tuple(found.values()))


@pytest.mark.parametrize(
    ("hard", "used", "ok", "words"),
    [
        ({"requests.cpu": "2"}, {"requests.cpu": "1"}, True, "requests.cpu 1 of 2 used"),
        ({"requests.cpu": "2"}, {"requests.cpu": "1950m"}, False, "no room for even one step"),
        ({"count/jobs.batch": "5"}, {"count/jobs.batch": "5"}, False, "count/jobs.batch 5 of 5 used"),
        ({"services": "0"}, {}, True, "services 0 of 0 used"),
    ],
)
def test_room_in_a_quota(
    cluster: FakeCluster, hard: dict[str, str], used: dict[str, str], ok: bool, words: str
) -> None:
    cluster.create("resourcequotas", an_object("compute", status={"hard": hard, "used": used}))
    found = look(cluster)["quota compute"]
    assert (found.ok, words in found.detail) == (ok, True)


def test_a_clock_that_is_wrong_by_more_than_a_minute(cluster: FakeCluster) -> None:
    found = look(cluster, START - timedelta(seconds=90))["clock (API server)"]
    assert (found.ok, found.detail) == (False, "90 s behind the API server's")
    assert "timedatectl" in found.remedy


def test_a_namespace_that_is_not_there() -> None:
    class Bare(FakeCluster):
        @override
        def create(self, kind: str, body: Mapping[str, object], *, dry_run: bool = False) -> Created:  # noqa: ARG002
            raise TargetError('namespaces "runner" not found')

    found = look(Bare())["a step's Job and pod (dry run)"]
    assert "there is no namespace 'runner'" in found.detail
    assert "kubectl create namespace runner" in found.remedy


@pytest.mark.parametrize(
    ("policy", "ok", "optional", "detail"),
    [
        (MountPolicy.PREFERRED, False, True, "no node has the CSI driver absent.example: steps download their inputs"),
        (MountPolicy.REQUIRED, False, False, "steps that ask for a mount cannot run"),
        (MountPolicy.NEVER, True, False, "the target's policy is never to mount"),
    ],
)
def test_mounts_that_are_not_there_are_told(
    cluster: FakeCluster, policy: MountPolicy, *, ok: bool, optional: bool, detail: str
) -> None:
    settings = replace(SETTINGS, mounts=MountsConfig(policy=policy, driver="absent.example"))
    found = {check.name: check for check in checks(cluster, settings, now=lambda: START, remedy="")}["mounts"]
    assert (found.ok, found.optional) == (ok, optional)
    assert detail in found.detail
    assert ok or "manifests/mounter.yaml" in found.remedy

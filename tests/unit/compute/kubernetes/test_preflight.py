from __future__ import annotations

from collections.abc import Mapping

import pytest

from runner.compute.kubernetes.cluster import Created
from runner.compute.kubernetes.preflight import GANGS, NEEDED, problems
from runner.compute.kubernetes.settings import ClusterSettings
from runner.errors import TargetDenied, TargetError, TargetUnreachable
from runner.override import override
from tests.support.fake_api import STORE, FakeCluster

SETTINGS = ClusterSettings(store_id=STORE)


class FailingCluster(FakeCluster):
    """Answers one kind's POST with an error."""

    def __init__(self, kind: str, error: TargetError) -> None:
        super().__init__()
        self.kind = kind
        self.error = error

    @override
    def create(self, kind: str, body: Mapping[str, object], *, dry_run: bool = False) -> Created:
        if kind == self.kind:
            raise self.error
        return super().create(kind, body, dry_run=dry_run)


@pytest.mark.parametrize(
    ("kind", "error", "what", "remedy"),
    [
        ("jobs", TargetError('namespaces "runner" not found'), "there is no namespace 'runner'", "create namespace"),
        ("jobs", TargetError("webhook says no"), "the server refuses a step's Job: webhook says no", "administrator"),
        ("jobs", TargetUnreachable("no answer"), "no answer", "start the cluster"),
        ("jobs", TargetDenied("who are you?"), "who are you?", "renew the credentials"),
        ("pods", TargetUnreachable("no answer"), "no answer", "start the cluster"),
        ("pods", TargetError("exceeded quota"), "would not admit a step's pod: exceeded quota", "Pod Security"),
    ],
)
def test_what_the_trial_brings_to_light(kind: str, error: TargetError, what: str, remedy: str) -> None:
    (problem,) = problems(FailingCluster(kind, error), SETTINGS)
    assert what in problem.what
    assert remedy in problem.remedy


def test_a_kubeconfig_that_is_none() -> None:
    class Lost(FakeCluster):
        @override
        def allowed(self, verb: str, resource: str, subresource: str = "") -> bool:  # noqa: ARG002
            raise TargetError("x cannot be used")

    (problem,) = problems(Lost(), SETTINGS)
    assert "correct the kubeconfig" in problem.remedy


def test_a_fit_cluster_has_no_problems() -> None:
    cluster = FakeCluster()
    assert problems(cluster, SETTINGS) == ()
    assert cluster.names("jobs") + cluster.names("pods") == ()


@pytest.mark.parametrize(("resource", "verb"), NEEDED)
def test_each_missing_permission_is_named(resource: str, verb: str) -> None:
    (problem,) = problems(FakeCluster(denied={(verb, resource)}), SETTINGS)
    assert problem.what == f"not allowed to {verb} {resource}"
    assert f'verbs: ["{verb}"]' in problem.remedy
    assert "namespace 'runner'" in problem.where


@pytest.mark.parametrize(("resource", "verb"), GANGS)
def test_the_rights_for_gangs_are_asked_for_by_runs_that_have_one(resource: str, verb: str) -> None:
    cluster = FakeCluster(denied={(verb, resource)})
    assert problems(cluster, SETTINGS) == ()
    (problem,) = problems(cluster, SETTINGS, gangs=True)
    assert (problem.what, 'resources: ["services"]' in problem.remedy) == (f"not allowed to {verb} services", True)


def test_all_missing_permissions_are_named_together() -> None:
    denied = {("create", "jobs"), ("get", "pods/log")}
    assert len(problems(FakeCluster(denied=denied), SETTINGS)) == 2


def test_an_unreachable_server() -> None:
    (problem,) = problems(FakeCluster(unreachable=True), SETTINGS)
    assert "no answer from https://fake:6443" in problem.what


def test_a_pod_that_would_not_be_admitted() -> None:
    (problem,) = problems(FakeCluster(refused_pod="violates PodSecurity"), SETTINGS)
    assert "would not admit a step's pod: violates PodSecurity" in problem.what


def test_without_the_right_to_try_a_pod_the_jobs_warning_counts() -> None:
    cluster = FakeCluster(denied={("create", "pods")}, warnings=("would violate PodSecurity",))
    (problem,) = problems(cluster, SETTINGS)
    assert "would violate PodSecurity" in problem.what

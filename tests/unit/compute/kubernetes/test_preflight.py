from __future__ import annotations

import pytest

from runner.compute.kubernetes.preflight import NEEDED, problems
from runner.compute.kubernetes.settings import ClusterSettings
from tests.support.fake_api import STORE, FakeCluster

SETTINGS = ClusterSettings(STORE)


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

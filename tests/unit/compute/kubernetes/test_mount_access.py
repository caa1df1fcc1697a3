from __future__ import annotations

import pytest

from runner.compute.kubernetes import mount_access
from runner.compute.kubernetes.mount_access import MountAccess, access_of
from runner.compute.kubernetes.mounts_config import MOUNTER, MountsConfig
from runner.compute.kubernetes.settings import ClusterSettings
from runner.model.data_access import DataAccess, MountPolicy
from tests.support.fake_api import STORE, FakeCluster


def settings(**config: object) -> ClusterSettings:
    return ClusterSettings(store_id=STORE, mounts=MountsConfig(**config))  # type: ignore[arg-type]  # the tests know them


def cluster(*drivers: str) -> FakeCluster:
    made = FakeCluster()
    for number, driver in enumerate(drivers):
        node = {"metadata": {"name": f"n{number}"}, "spec": {"drivers": [{"name": driver}] if driver else None}}
        made.create("csinodes", node)
    return made


def test_a_node_with_the_driver_is_enough() -> None:
    found = access_of(cluster("", MOUNTER), settings())
    assert found == DataAccess(mounts=True, driver=MOUNTER)


def test_without_the_driver_there_are_no_mounts() -> None:
    found = access_of(cluster("other.example", ""), settings(policy=MountPolicy.REQUIRED))
    assert not found.mounts
    assert found.problem == f"no node has the CSI driver {MOUNTER}"
    assert found.policy is MountPolicy.REQUIRED


def test_without_the_right_to_ask_the_own_driver_is_not_believed_in() -> None:
    denying = cluster(MOUNTER)
    denying.denied.add(("list", "csinodes"))
    assert "no right to list csinodes" in access_of(denying, settings()).problem
    assert access_of(denying, settings(driver="other.example")).mounts


def test_a_claim_needs_no_driver() -> None:
    found = access_of(cluster(), settings(claim="bucket"))
    assert (found.mounts, found.driver) == (True, "claim bucket")


def test_never_asks_nobody() -> None:
    nobody = cluster(MOUNTER)
    assert not access_of(nobody, settings(policy=MountPolicy.NEVER)).mounts
    assert not nobody.calls["list csinodes"]


def test_a_cluster_that_does_not_answer_has_no_mounts_for_a_while() -> None:
    away = cluster(MOUNTER)
    away.unreachable = True
    assert "could not be asked" in access_of(away, settings()).problem


def test_the_answer_is_kept_for_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(mount_access, "monotonic", lambda: now[0])
    asked = cluster()
    access = MountAccess(asked, settings())
    assert not access.get().mounts
    asked.create("csinodes", {"metadata": {"name": "n"}, "spec": {"drivers": [{"name": MOUNTER}]}})
    assert not access.get().mounts
    now[0] = mount_access.FRESH_SECONDS + 1
    assert access.get().mounts

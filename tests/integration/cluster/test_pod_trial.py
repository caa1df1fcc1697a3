"""The store is tried from a pod, and nothing of the trial is kept."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from runner.cluster.pod_trial import NAME, Trial, try_store
from runner.compute.kubernetes.cluster import Created
from runner.compute.kubernetes.settings import ClusterSettings
from runner.compute.kubernetes.target import KubernetesTarget
from runner.model.access import Access
from runner.model.check import is_well
from runner.model.record import AttemptRecord, Failure
from runner.override import override
from runner.ports import ComputeTarget, ObjectStore
from tests.support.fake_api import FakeCluster, a_record
from tests.support.fake_clock import FakeClock
from tests.support.memory_store import MemoryStore

SILENT = "no answer from the object store at http://minio:9001 (Connection refused): is it running and reachable?"


def _entropy(count: int) -> bytes:
    return bytes(range(count))


def _trial(target: ComputeTarget, store: ObjectStore, clock: FakeClock | None = None) -> Trial:
    return Trial(
        target=target, store=store, image="registry.example/python:3", clock=clock or FakeClock(), entropy=_entropy
    )


class _Kubelet(FakeCluster):
    """The pod of each Job ends at once, with `record` as its termination message."""

    record: AttemptRecord | None = None

    @override
    def create(self, kind: str, body: Mapping[str, object], *, dry_run: bool = False) -> Created:
        made = super().create(kind, body, dry_run=dry_run)
        if kind == "jobs":
            (name,) = self.names("jobs")
            self.end_step(name, self.record, code=1)
        return made


@pytest.mark.parametrize("failure", [Failure.STORE, Failure.REFUSED])
def test_what_the_pod_says_of_the_store_is_told_though_it_could_write_no_record(failure: Failure) -> None:
    cluster, store = _Kubelet(), MemoryStore()
    cluster.record = a_record(failure, 1, reason=SILENT)
    target = KubernetesTarget(
        "team",
        cluster,
        ClusterSettings(store_id="doctor"),
        store=store,
        step_stores=lambda _: {Access(): "{}"},
        step_archive=b"archive",
    )
    try:
        (check,) = try_store(_trial(target, store))
    finally:
        target.close()
    assert (check.name, check.ok, check.optional) == (NAME, False, False)
    assert check.detail == f"a step fails: {SILENT}"
    assert ("cluster_endpoint" in check.remedy) is (failure is Failure.STORE)
    assert not is_well([check])
    assert store.objects == {}
    assert cluster.names("jobs") + cluster.names("pods") + cluster.names("secrets") == ()
    assert [name[:12] for name in cluster.names("configmaps")] == ["runner-step-"], "shared by all runs"

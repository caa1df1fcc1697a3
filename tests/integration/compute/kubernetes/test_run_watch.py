"""Attempts put together of Jobs and pods that come and go in any order; nothing is kept of those that are gone."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from runner.compute.kubernetes import render
from runner.compute.kubernetes.cluster import Listing
from runner.compute.kubernetes.json_fields import value_at
from runner.compute.kubernetes.pod_snapshot import PodSnapshot
from runner.compute.kubernetes.run_watch import RunWatch
from runner.compute.kubernetes.settings import ClusterSettings
from runner.errors import TargetDenied
from runner.override import override
from tests.support.fake_api import RUN, START, STORE, FakeCluster, a_task

SETTINGS = ClusterSettings(store_id=STORE)
TASK = a_task()


class Bench:
    def __init__(self) -> None:
        self.cluster = FakeCluster(pods_at_once=False)
        self.watch = RunWatch(self.cluster, SETTINGS, RUN, changed=lambda: None)
        self.made = self.cluster.create("jobs", render.job(TASK, SETTINGS, owner="uid-1", archive="0" * 64)).object
        (self.name,) = self.cluster.names("jobs")

    def seen(self) -> PodSnapshot | None:
        return self.watch.snapshots(START).get(TASK.id)

    def until(self, told: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 5
        while not told():
            assert time.monotonic() < deadline, f"it never came: {self.seen()}"
            time.sleep(0.005)


@pytest.fixture
def bench() -> Iterator[Bench]:
    one = Bench()
    yield one
    one.watch.close()
    one.cluster.close()


class Together(FakeCluster):
    """Answers no list before both have been asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.both = threading.Barrier(2, timeout=10)

    @override
    def list(self, kind: str, *, labels: str = "", fields: str = "") -> Listing:
        self.both.wait()
        return super().list(kind, labels=labels, fields=fields)


def test_jobs_and_pods_are_listed_beside_one_another() -> None:
    cluster = Together()
    watch = RunWatch(cluster, SETTINGS, RUN, changed=lambda: None)
    assert cluster.calls["list jobs"] == cluster.calls["list pods"] == 1
    watch.close()
    cluster.close()


@pytest.mark.parametrize("kind", ["jobs", "pods"])
def test_without_one_of_the_lists_nothing_is_watched(kind: str) -> None:
    cluster = FakeCluster(denied={("list", kind)})
    with pytest.raises(TargetDenied, match=f"list {kind}"):
        RunWatch(cluster, SETTINGS, RUN, changed=lambda: None)
    cluster.end_watches()
    deadline = time.monotonic() + 5
    while any(thread.name.startswith("watch-") and thread.is_alive() for thread in threading.enumerate()):
        assert time.monotonic() < deadline
        time.sleep(0.005)


def is_waiting(bench: Bench) -> bool:
    return bench.seen() is not None


def has_pod(bench: Bench) -> bool:
    seen = bench.seen()
    return seen is not None and bool(seen.pod)


def test_a_pod_joins_its_job(bench: Bench) -> None:
    bench.until(lambda: is_waiting(bench))
    bench.cluster.make_pod(bench.name)
    bench.until(lambda: has_pod(bench))


def test_a_pod_that_is_told_of_before_its_job_is_not_lost(bench: Bench) -> None:
    job = render.job(a_task("later-1"), SETTINGS, owner="uid-1", archive="0" * 64)
    metadata = {**dict(value_at(job, "metadata")), "uid": "uid-later"}  # type: ignore[call-overload]  # a mapping
    owner = {"kind": "Job", "name": "later", "uid": "uid-later"}
    pod = {"metadata": {"name": "pod", "labels": metadata["labels"], "ownerReferences": [owner]}, "spec": {}}
    bench.cluster.create("pods", pod)
    bench.until(lambda: bool(bench.watch.snapshots(START) is not None and bench.watch._pods_of))
    bench.cluster.create("jobs", {**job, "metadata": metadata})
    later = a_task("later-1").id
    bench.until(lambda: (seen := bench.watch.snapshots(START).get(later)) is not None and bool(seen.pod))


def test_nothing_is_kept_of_what_is_gone(bench: Bench) -> None:
    bench.cluster.make_pod(bench.name)
    bench.until(lambda: has_pod(bench))
    bench.cluster.drop("jobs", bench.name)
    bench.until(lambda: bench.seen() is None)
    bench.until(lambda: not bench.watch._pods.objects() and not bench.watch._pods_of)
    kept = (bench.watch._jobs_by_uid, bench.watch._starting, bench.watch._events._asked, bench.watch._events._events)
    assert not any(kept)


def test_a_pod_that_went_before_its_job_is_kept_with_it(bench: Bench) -> None:
    bench.cluster.make_pod(bench.name)
    bench.until(lambda: has_pod(bench))
    bench.cluster.drop("pods", f"{bench.name}-x")
    bench.until(lambda: bool((seen := bench.seen()) and seen.pod.get("deleted")))
    bench.cluster.drop("jobs", bench.name)
    bench.until(lambda: bench.seen() is None)
    assert not bench.watch._pods.objects()
    assert not bench.watch._pods_of


def test_a_job_made_again_under_the_same_name_stands_for_itself(bench: Bench) -> None:
    bench.until(lambda: is_waiting(bench))
    first = bench.seen()
    bench.cluster.drop("jobs", bench.name)
    bench.cluster.create("jobs", render.job(TASK, SETTINGS, owner="uid-1", archive="0" * 64))
    bench.until(lambda: (seen := bench.seen()) is not None and first is not None and seen.uid != first.uid)

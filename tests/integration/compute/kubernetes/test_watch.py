"""Watches that end, stall, break and are forgotten, against the fake server."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping

import pytest

from runner.compute.kubernetes import watch
from runner.compute.kubernetes.json_fields import text, value_at
from runner.compute.kubernetes.pod_snapshot import DELETED
from runner.compute.kubernetes.run_watch import RunWatch
from runner.compute.kubernetes.settings import ClusterSettings
from runner.compute.kubernetes.watch import Watched, pruned
from runner.errors import TargetDenied, TargetUnreachable
from runner.override import override
from tests.support.fake_api import FakeCluster

PATIENCE = 5.0


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.005)


class Watching:
    """A watched kind, and how often it said that something changed."""

    def __init__(self, kind: str) -> None:
        self.cluster = FakeCluster(pods_at_once=False)
        self.kind = kind
        self.changes = 0
        self.watched = Watched(self.cluster, kind, "app=ours", changed=self.notice)

    def notice(self) -> None:
        self.changes += 1

    def make(self, name: str, label: str = "ours") -> None:
        self.cluster.create(self.kind, {"metadata": {"name": name, "labels": {"app": label}}, "spec": {}})

    def names(self) -> set[str]:
        return {
            text(value, "metadata", "name") for value in self.watched.objects() if value_at(value, DELETED) is not True
        }

    def sees(self, *names: str) -> None:
        until(lambda: self.names() == set(names))


@pytest.fixture
def jobs() -> Iterator[Watching]:
    yield from watching("jobs")


@pytest.fixture
def pods() -> Iterator[Watching]:
    yield from watching("pods")


def watching(kind: str) -> Iterator[Watching]:
    one = Watching(kind)
    one.make("old")
    one.watched.start()
    yield one
    one.watched.close()
    one.cluster.close()


def test_the_first_list_is_there_at_once(jobs: Watching) -> None:
    assert jobs.names() == {"old"}


def test_changes_arrive_and_others_objects_do_not(jobs: Watching) -> None:
    before = jobs.changes
    jobs.make("theirs", "other")
    jobs.make("new")
    jobs.sees("old", "new")
    assert jobs.changes > before


def test_a_clean_end_goes_on_without_a_list(jobs: Watching) -> None:
    jobs.cluster.end_watches()
    jobs.make("new")
    jobs.sees("old", "new")
    assert jobs.cluster.calls["list jobs"] == 1


def test_a_forgotten_version_lists_anew(jobs: Watching) -> None:
    until(lambda: jobs.cluster.calls["watch jobs"] == 1)
    jobs.cluster.stalled = True
    jobs.make("new")
    jobs.cluster.drop("jobs", "old")
    jobs.cluster.forget_history()
    jobs.cluster.stalled = False
    jobs.sees("new")
    assert jobs.cluster.calls["list jobs"] > 1


def test_a_stall_is_survived(jobs: Watching) -> None:
    until(lambda: jobs.cluster.calls["watch jobs"] == 1)
    jobs.cluster.stalled = True
    jobs.make("new")
    time.sleep(0.05)
    assert jobs.names() == {"old"}
    jobs.cluster.stalled = False
    jobs.cluster.break_watches()
    jobs.sees("old", "new")
    until(lambda: jobs.watched.failure(0.0) is None)


def test_a_broken_connection_is_told_after_a_while(jobs: Watching, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "_PAUSES", (0.01,))
    jobs.cluster.unreachable = True
    jobs.cluster.break_watches()
    until(lambda: isinstance(jobs.watched.failure(0.0), TargetUnreachable))
    assert jobs.watched.failure(60.0) is None
    jobs.cluster.unreachable = False
    until(lambda: jobs.watched.failure(0.0) is None)
    jobs.make("new")
    jobs.sees("old", "new")


class _Flaky(FakeCluster):
    """A server whose watches end at once and without a word while it answers."""

    @override
    def watch(self, kind: str, *, labels: str, version: str, seconds: int) -> Iterator[Mapping[str, object]]:  # noqa: ARG002
        if self.unreachable:
            raise TargetUnreachable("no answer")
        return iter(())


class _Pauses(threading.Event):
    """Records the pauses instead of making them; the server answers after the seventh, for one watch."""

    def __init__(self, cluster: FakeCluster) -> None:
        super().__init__()
        self.made: list[float | None] = []
        self._cluster = cluster

    @override
    def wait(self, timeout: float | None = None) -> bool:
        self.made.append(timeout)
        self._cluster.unreachable = len(self.made) != 7
        if len(self.made) == 10:
            self.set()
        return self.is_set()


def test_the_pause_between_failed_watches_grows_to_a_limit_and_starts_anew_after_a_good_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cluster = _Flaky(unreachable=True)
    watched = Watched(cluster, "jobs", "", changed=lambda: None)
    pauses = _Pauses(cluster)
    monkeypatch.setattr(watched, "_closed", pauses)
    monkeypatch.setattr(watch, "random", lambda: 1.0)
    watched._follow()
    assert pauses.made == [0.5, 1.0, 2.0, 5.0, 5.0, 5.0, 5.0, 0.2, 0.5, 1.0]
    pauses.clear()
    pauses.made.clear()
    monkeypatch.setattr(watch, "random", lambda: 0.0)
    watched._follow()
    assert pauses.made == [0.25, 0.5, 1.0, 2.5, 2.5, 2.5, 2.5, 0.1, 0.25, 0.5], "up to half is left to chance"


def test_a_defect_is_told_and_what_is_kept_goes_on_being_true(jobs: Watching, monkeypatch: pytest.MonkeyPatch) -> None:
    def odd(_value: object) -> None:
        raise KeyError("metadata")

    monkeypatch.setattr(watch, "_PAUSES", (0.01,))
    with monkeypatch.context() as broken:
        broken.setattr(watch, "pruned", odd)
        jobs.make("new")
        until(lambda: jobs.watched.failure(0.0) is not None)
        assert "KeyError: 'metadata'" in str(jobs.watched.failure(0.0))
    until(lambda: jobs.watched.failure(0.0) is None)
    jobs.sees("old", "new")


def test_no_thread_is_left_when_one_of_two_lists_fails() -> None:
    cluster = FakeCluster(denied={("list", "pods")})
    with pytest.raises(TargetDenied):
        RunWatch(cluster, ClusterSettings(store_id="store"), "run", changed=lambda: None)
    cluster.end_watches()
    until(lambda: not [thread for thread in threading.enumerate() if thread.name == "watch-jobs"])


def test_a_deletion_that_no_watch_told_of_is_found(jobs: Watching, monkeypatch: pytest.MonkeyPatch) -> None:
    until(lambda: jobs.cluster.calls["watch jobs"] == 1)
    with jobs.cluster._change:
        del jobs.cluster._objects["jobs", "old"]
    jobs.cluster.end_watches()
    until(lambda: jobs.cluster.calls["watch jobs"] == 2)
    assert jobs.names() == {"old"}
    monkeypatch.setattr(watch, "RELIST_SECONDS", 0)
    jobs.cluster.end_watches()
    jobs.sees()


def test_news_are_told_once(jobs: Watching) -> None:
    (uid,) = jobs.watched.news()
    assert jobs.watched.news() == {}
    jobs.cluster.change("jobs", "old", status={"failed": 1})
    until(lambda: value_at(jobs.watched.objects()[0], "status", "failed") == 1)
    assert list(jobs.watched.news()) == [uid]
    jobs.cluster.drop("jobs", "old")
    until(lambda: not jobs.watched.objects())
    assert jobs.watched.news() == {uid: None}


def test_a_line_that_is_no_event_lists_anew(jobs: Watching) -> None:
    until(lambda: jobs.cluster.calls["watch jobs"] == 1)
    with pytest.raises(TargetUnreachable, match="received something that is no event"):
        jobs.watched._take("", None)


def test_the_first_list_must_succeed() -> None:
    watched = Watched(FakeCluster(unreachable=True), "jobs", "", changed=lambda: None)
    with pytest.raises(TargetUnreachable):
        watched.start()


def test_a_job_that_is_gone_is_forgotten(jobs: Watching) -> None:
    jobs.cluster.drop("jobs", "old")
    until(lambda: not jobs.watched.objects())


def test_a_pod_that_is_gone_is_kept_until_it_is_forgotten(pods: Watching) -> None:
    pods.cluster.drop("pods", "old")
    until(lambda: not pods.names())
    (gone,) = pods.watched.objects()
    assert gone[DELETED] is True
    pods.watched.forget([text(gone, "metadata", "uid")])
    assert not pods.watched.objects()


def test_a_new_object_does_not_wait_for_its_event(jobs: Watching) -> None:
    jobs.cluster.stalled = True
    jobs.watched.add({"metadata": {"name": "mine", "uid": "uid-mine"}})
    assert jobs.names() == {"old", "mine"}


def test_a_list_drops_what_was_added_before_it_only(jobs: Watching) -> None:
    jobs.watched.add({"metadata": {"name": "ghost", "uid": "uid-ghost"}})
    jobs.cluster.forget_history()
    jobs.sees("old")


def test_what_is_known_to_be_gone_is_not_added_again(jobs: Watching) -> None:
    (old,) = jobs.watched.objects()
    jobs.cluster.drop("jobs", "old")
    until(lambda: not jobs.watched.objects())
    jobs.watched.add(old)
    assert not jobs.watched.objects()


def test_little_is_kept() -> None:
    container = {"name": "step", "image": "i", "resources": {}, "env": ["much"]}
    pod = {"metadata": {"uid": "1", "managedFields": ["much"]}, "spec": {"containers": [container], "volumes": []}}
    job = {"metadata": {"uid": "2"}, "spec": {"template": {"spec": {"containers": [container]}}}}
    kept = {"name": "step", "image": "i", "resources": {}}
    assert pruned(pod) == {"metadata": {"uid": "1"}, "spec": {"containers": [kept]}, "status": {}}
    assert pruned(job)["spec"] == {"template": {"spec": {"containers": [kept]}}}

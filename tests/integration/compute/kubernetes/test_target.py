"""The target against the fake server and a folder store."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest

from runner.compute.kubernetes import run_objects as upkeep
from runner.compute.kubernetes.conventions import stores_key
from runner.compute.kubernetes.json_fields import text
from runner.compute.kubernetes.log_tail import missing_lines
from runner.compute.kubernetes.settings import ClusterSettings
from runner.compute.kubernetes.target import KubernetesTarget
from runner.errors import BadInput, TargetDenied, TargetError, TargetUnreachable
from runner.model.access import Access
from runner.model.data import DataRef
from runner.model.digest import canonical_json
from runner.model.document import format_time, to_document
from runner.model.observation import Observation, Phase
from runner.model.record import CommitRecord, Failure
from runner.model.task import Task
from runner.ports import ComputeTarget
from runner.runs import records
from runner.storage.directory import DirectoryStore
from tests.support.call_count import calls_of
from tests.support.fake_api import RUN, START, STORE, FakeCluster, a_record, a_task
from tests.support.returning import returning

OUTPUTS = {"model": DataRef(datastore="blob", key="azureml/x/model", digest="d" * 64)}
DONE = a_record(outputs=OUTPUTS)
SETTINGS = ClusterSettings(store_id=STORE, stop_timeout=0.3)
MATCHED = "Pod runner/x has condition DisruptionTarget matching FailJob rule at index 0"
RUN_OBJECT = f"run-{RUN}"
FILE = stores_key(Access())


def a_target(cluster: FakeCluster, store: DirectoryStore, stores: str = '{"key": 1}') -> KubernetesTarget:
    return KubernetesTarget(
        "kind", cluster, SETTINGS, store=store, step_stores=lambda _: {Access(): stores}, step_archive=b"archive"
    )


@pytest.fixture
def cluster() -> FakeCluster:
    return FakeCluster()


@pytest.fixture
def store(tmp_path: Path) -> DirectoryStore:
    return DirectoryStore(tmp_path, durable=False)


@pytest.fixture
def target(cluster: FakeCluster, store: DirectoryStore) -> Iterator[KubernetesTarget]:
    one = a_target(cluster, store)
    yield one
    one.close()


def until(target: ComputeTarget, task: Task, told: Callable[[Observation], bool]) -> Observation:
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        seen = target.observe(RUN).get(task.id)
        if seen is not None and told(seen):
            return seen
        target.wait(0.2)
    raise AssertionError(f"it never came; last seen: {target.observe(RUN)}")


def name_of(cluster: FakeCluster) -> str:
    (name,) = cluster.names("jobs")
    return name


def test_it_is_a_compute_target(target: KubernetesTarget) -> None:
    port: ComputeTarget = target
    assert (port.name, port.capacity) == ("kind", 8)


def test_a_step_from_start_to_removal(target: KubernetesTarget, cluster: FakeCluster) -> None:
    task = a_task()
    uid = target.start(task)
    assert target.observe(RUN)[task.id] == Observation(phase=Phase.PENDING, uid=uid, elapsed=0.0)
    name = name_of(cluster)
    cluster.set_step(name, {"running": {}})
    until(target, task, lambda seen: seen.phase is Phase.RUNNING)
    cluster.end_step(name, DONE)
    seen = until(target, task, lambda seen: seen.phase is Phase.SUCCEEDED)
    assert (seen.uid, seen.outputs) == (uid, OUTPUTS)
    target.remove(task.id, uid)
    assert not cluster.names("jobs")


def test_what_a_run_needs_is_made_once_and_goes_with_it(target: KubernetesTarget, cluster: FakeCluster) -> None:
    for number in range(3):
        target.start(a_task(f"step-{number}"))
    of_run, keys, of_step = cluster.names("configmaps")
    assert (of_run, keys, of_step[:-12]) == (RUN_OBJECT, f"{RUN_OBJECT}-keys", "runner-step-")
    assert cluster.names("secrets") == (RUN_OBJECT,)
    assert cluster.calls["create configmaps"] == 3
    target.finish(RUN)
    assert not cluster.names("jobs") + cluster.names("pods") + cluster.names("secrets")
    assert len(cluster.names("configmaps")) == 1, "the archive's, which other runs use"


@pytest.mark.parametrize(
    "part", [{"binaryData": {"step.pyz.zlib": "b3RoZXI="}}, {"immutable": False}, {"data": {"x": "y"}}]
)
def test_a_configmap_that_holds_other_code_is_made_anew(
    target: KubernetesTarget, cluster: FakeCluster, store: DirectoryStore, part: dict[str, object]
) -> None:
    target.start(a_task())
    name = cluster.names("configmaps")[-1]
    right = cluster.get("configmaps", name)
    assert right is not None
    cluster.drop("configmaps", name)
    cluster.create("configmaps", {**right, **part, "metadata": {"name": name}})
    a_target(cluster, store).start(a_task("later-1"))
    found = cluster.objects("configmaps")[name]
    assert found["binaryData"] == right["binaryData"]
    assert (found["immutable"], found.get("data")) == (True, None)
    a_target(cluster, store).start(a_task("later-2"))
    assert cluster.objects("configmaps")[name] == found, "the right one stays"


def test_a_configmap_with_other_code_that_stays_is_named(
    target: KubernetesTarget, cluster: FakeCluster, store: DirectoryStore
) -> None:
    target.start(a_task())
    name = cluster.names("configmaps")[-1]
    cluster.change("configmaps", name, binaryData={"step.pyz.zlib": "b3RoZXI="}, metadata={"finalizers": ["theirs"]})
    with pytest.raises(TargetError, match=f"ConfigMap '{name}'.* other content than this runner's.*delete it"):
        a_target(cluster, store).start(a_task("later-1"))
    assert len(cluster.names("jobs")) == 1


def test_a_step_costs_two_requests(target: KubernetesTarget, cluster: FakeCluster) -> None:
    target.start(a_task("first-1"))
    target.observe(RUN)
    cluster.calls.clear()
    task = a_task("second-1")
    uid = target.start(task)
    name = next(name for name in cluster.names("jobs") if name.startswith("second"))
    cluster.end_step(name, DONE)
    until(target, task, lambda seen: seen.phase is Phase.SUCCEEDED)
    target.remove(task.id, uid)
    assert cluster.calls["create jobs"] + cluster.calls["delete jobs"] == 2
    assert not [call for call in cluster.calls if call.split()[0] in ("get", "list", "log")]


def test_a_second_controller_adopts(target: KubernetesTarget, cluster: FakeCluster, store: DirectoryStore) -> None:
    task = a_task()
    uid = target.start(task)
    other = a_target(cluster, store)
    assert other.observe(RUN)[task.id].phase is Phase.PENDING, "known from the first look"
    assert other.start(task) == uid
    assert len(cluster.names("jobs")) == 1
    other.close()


def test_a_job_of_another_task_is_not_adopted(target: KubernetesTarget) -> None:
    target.start(a_task())
    with pytest.raises(TargetError, match="is not this attempt's"):
        target.start(a_task(snapshot="1" * 64))


def test_a_job_that_is_going_is_waited_for(target: KubernetesTarget, cluster: FakeCluster) -> None:
    target.start(a_task())
    job = cluster._objects["jobs", name_of(cluster)]
    job["metadata"]["deletionTimestamp"] = "2026-11-22T08:00:00Z"
    with pytest.raises(TargetUnreachable, match="being deleted"):
        target.start(a_task())


def test_renewed_keys_replace_the_secret(target: KubernetesTarget, cluster: FakeCluster, store: DirectoryStore) -> None:
    target.start(a_task())
    before = cluster.get("secrets", RUN_OBJECT)
    other = a_target(cluster, store, '{"key": 2}')
    other.start(a_task())
    after = cluster.get("secrets", RUN_OBJECT)
    assert text(before, "data", FILE) != text(after, "data", FILE)


def test_no_controller_reads_or_deletes_a_secret(
    target: KubernetesTarget, cluster: FakeCluster, store: DirectoryStore
) -> None:
    """The right to either would let its holder read the keys of every run (manifests/rbac.yaml)."""
    cluster.denied = {(verb, "secrets") for verb in ("get", "list", "watch", "update", "patch", "delete")}
    target.start(a_task())
    a_target(cluster, store, '{"key": 2}').start(a_task())
    target.finish(RUN)
    assert [call for call in cluster.calls if "secrets" in call] == ["create secrets"]
    assert not cluster.names("secrets")


def test_a_secret_that_its_owner_does_not_take_along_is_told(
    cluster: FakeCluster, store: DirectoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upkeep, "sleep", lambda _: None)
    cluster.create("secrets", {"metadata": {"name": RUN_OBJECT}})
    with pytest.raises(TargetUnreachable, match="still exists although its owner was deleted"):
        a_target(cluster, store).start(a_task())


def test_a_pod_gets_the_one_file_of_the_secret_that_its_step_may_have(
    cluster: FakeCluster, store: DirectoryStore
) -> None:
    lake = Access(datastores=("lake",))
    files = {Access(): '{"of": "all"}', lake: '{"of": "some"}'}
    target = KubernetesTarget("kind", cluster, SETTINGS, store=store, step_stores=lambda _: files, step_archive=b"")
    target.start(a_task(access=lake))
    (pod,) = cluster.objects("pods").values()
    (volume,) = (each["secret"] for each in pod["spec"]["volumes"] if "secret" in each)
    (item,) = volume["items"]
    assert item["path"] == "stores.json"
    told = text(cluster.get("secrets", volume["secretName"]), "data", item["key"])
    assert base64.b64decode(told) == b'{"of": "some"}'


@dataclass
class Keys:
    """The credentials file of a controller, as somebody renews it."""

    now: str = '{"key": "old"}'
    unreadable: bool = False

    def read(self) -> str:
        if self.unreadable:
            raise BadInput("the credentials file cannot be used")
        return self.now


@dataclass
class LongStep:
    """A step that runs, whatever happens to its keys."""

    cluster: FakeCluster
    store: DirectoryStore
    keys: Keys = field(default_factory=Keys)
    said: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.target = self.controller()
        self.target.start(a_task())
        self.look()

    def controller(self) -> KubernetesTarget:
        return KubernetesTarget(
            "kind",
            self.cluster,
            SETTINGS,
            store=self.store,
            step_stores=lambda _: {Access(): self.keys.read()},
            step_archive=b"archive",
            notify=self.said.append,
        )

    def look(self, seconds: float = 0.0) -> None:
        self.cluster.time += timedelta(seconds=seconds)
        assert self.target.observe(RUN)

    @property
    def told(self) -> str:
        """What the kubelet would put in the pod's file."""
        secret = self.cluster.get("secrets", RUN_OBJECT)
        return base64.b64decode(text(secret, "data", FILE)).decode()


@pytest.fixture
def long_step(cluster: FakeCluster, store: DirectoryStore) -> Iterator[LongStep]:
    one = LongStep(cluster, store)
    yield one
    one.target.close()


def test_a_step_that_runs_is_handed_the_keys_that_were_renewed(long_step: LongStep, cluster: FakeCluster) -> None:
    long_step.keys.now = '{"key": "new"}'
    long_step.look(30)
    assert long_step.told == '{"key": "new"}'
    secret = cluster.objects("secrets")[RUN_OBJECT]
    owner = cluster.objects("configmaps")[secret["metadata"]["ownerReferences"][0]["name"]]
    run = cluster.get("configmaps", RUN_OBJECT)
    assert owner["metadata"]["ownerReferences"][0]["uid"] == text(run, "metadata", "uid"), "it goes with the run"


def test_keys_that_stay_cost_no_request(long_step: LongStep, cluster: FakeCluster) -> None:
    cluster.calls.clear()
    for _ in range(10):
        long_step.look(30)
    assert not [call for call in cluster.calls if "secrets" in call or "configmaps" in call]


def test_whoever_takes_over_a_long_step_hands_out_its_own_keys(long_step: LongStep) -> None:
    long_step.keys.now = '{"key": "new"}'
    long_step.target.close()
    long_step.target = long_step.controller()
    long_step.look()
    assert long_step.told == '{"key": "new"}'


def test_a_controller_that_was_stopped_does_not_put_its_old_keys_back(
    long_step: LongStep, cluster: FakeCluster, store: DirectoryStore
) -> None:
    a_target(cluster, store, '{"key": "of another machine"}').start(a_task())
    long_step.look(3600)
    assert long_step.told == '{"key": "of another machine"}'


def test_keys_that_cannot_be_read_are_told_once_and_looked_at_again(long_step: LongStep) -> None:
    long_step.keys.unreadable = True
    for _ in range(3):
        long_step.look(30)
    assert [line for line in long_step.said if "credentials file" in line] == long_step.said
    assert len(long_step.said) == 1
    assert long_step.told == '{"key": "old"}'
    long_step.keys.unreadable, long_step.keys.now = False, '{"key": "new"}'
    long_step.look(5)
    assert long_step.told == '{"key": "new"}'


@pytest.mark.parametrize(("verb", "kind"), [("create", "secrets"), ("create", "configmaps"), ("delete", "configmaps")])
def test_keys_that_a_server_does_not_take_now_are_handed_out_later(
    long_step: LongStep, cluster: FakeCluster, verb: str, kind: str
) -> None:
    long_step.keys.now = '{"key": "new"}'
    cluster.denied.add((verb, kind))
    long_step.look(30)
    assert len(long_step.said) == 1
    assert "new" not in long_step.said[0]
    cluster.denied.clear()
    long_step.look(5)
    assert long_step.told == '{"key": "new"}'


def test_the_new_job_is_known_even_while_the_watch_is_silent(target: KubernetesTarget, cluster: FakeCluster) -> None:
    target.observe(RUN)
    cluster.stalled = True
    task = a_task()
    uid = target.start(task)
    assert target.observe(RUN)[task.id].uid == uid


def test_a_vanished_job_is_absent(target: KubernetesTarget, cluster: FakeCluster) -> None:
    target.start(a_task())
    target.observe(RUN)
    cluster.drop("jobs", name_of(cluster))
    deadline = time.monotonic() + 5
    while target.observe(RUN) and time.monotonic() < deadline:
        target.wait(0.1)
    assert target.observe(RUN) == {}


def test_a_deleted_pod_is_lost(target: KubernetesTarget, cluster: FakeCluster) -> None:
    task = a_task()
    target.start(task)
    target.observe(RUN)
    name = name_of(cluster)
    cluster.set_step(name, {"running": {}})
    cluster.drop("pods", f"{name}-x")
    seen = until(target, task, lambda seen: seen.phase is Phase.FAILED)
    assert (seen.failure, seen.retriable) == (Failure.LOST, True)


def test_the_job_tells_of_a_disruption_when_the_pod_has_gone(target: KubernetesTarget, cluster: FakeCluster) -> None:
    task = a_task()
    target.start(task)
    target.observe(RUN)
    name = name_of(cluster)
    cluster.set_step(name, {"running": {}})
    failed = {"type": "FailureTarget", "status": "True", "reason": "PodFailurePolicy", "message": MATCHED}
    cluster.change("jobs", name, status={"conditions": [failed]})
    cluster.drop("pods", f"{name}-x")
    seen = until(target, task, lambda seen: seen.failure is Failure.DISRUPTED)
    assert (seen.phase, MATCHED in seen.reason) == (Phase.FAILED, True)


def test_an_eviction_is_told_with_what_the_kubelet_says(target: KubernetesTarget, cluster: FakeCluster) -> None:
    task = a_task()
    target.start(task)
    cluster.change(
        "pods",
        f"{name_of(cluster)}-x",
        status={"phase": "Failed", "reason": "Evicted", "message": "The node was low on resource: memory."},
    )
    seen = until(target, task, lambda seen: seen.phase is Phase.FAILED)
    assert (seen.failure, seen.reason) == (
        Failure.DISRUPTED,
        "it was evicted by its node: The node was low on resource: memory.",
    )


def test_a_pod_that_goes_right_after_its_success_has_succeeded(target: KubernetesTarget, cluster: FakeCluster) -> None:
    task = a_task()
    target.start(task)
    target.observe(RUN)
    name = name_of(cluster)
    cluster.end_step(name, DONE)
    cluster.drop("pods", f"{name}-x")
    assert until(target, task, lambda seen: seen.phase is not Phase.PENDING).phase is Phase.SUCCEEDED


def test_a_record_too_long_for_its_message_is_read_once(
    target: KubernetesTarget, cluster: FakeCluster, store: DirectoryStore
) -> None:
    task = a_task()
    outputs = {f"output-{i}": OUTPUTS["model"] for i in range(90)}
    record = a_record(outputs=outputs)
    records.finish(store, task, record)
    uid = target.start(task)
    cluster.end_step(name_of(cluster), record)
    assert until(target, task, lambda seen: seen.phase is Phase.SUCCEEDED).outputs == outputs
    store.delete(task.id.record)
    store.delete(task.id.commit)
    assert target.observe(RUN)[task.id].outputs == outputs
    target.remove(task.id, uid)
    assert not list(store.list(task.id.logs))


def test_a_commit_of_an_earlier_attempt_is_the_steps_success(
    target: KubernetesTarget, cluster: FakeCluster, store: DirectoryStore
) -> None:
    task = a_task(attempt=2)
    commit = CommitRecord(attempt=1, record=replace(task.id, attempt=1).record, outputs=OUTPUTS)
    store.put(task.id.commit, str(to_document(commit)).replace("'", '"').encode())
    target.start(task)
    cluster.end_step(name_of(cluster))
    seen = until(target, task, lambda seen: seen.phase is Phase.SUCCEEDED)
    assert (seen.outputs, seen.attempt) == (OUTPUTS, 1)


def test_a_commit_is_success_before_the_cluster_says_so(
    target: KubernetesTarget, cluster: FakeCluster, store: DirectoryStore
) -> None:
    task = a_task()
    uid = target.start(task)
    name = name_of(cluster)
    cluster.assign_pod(name)
    until(target, task, lambda seen: seen.phase is Phase.PENDING)
    target.observe(RUN)
    target.wait(0.2)
    target.observe(RUN)
    records.finish(store, task, DONE)
    seen = until(target, task, lambda seen: seen.phase is Phase.SUCCEEDED)
    assert (seen.outputs, seen.ended) == (OUTPUTS, DONE.ended)
    target.remove(task.id, uid)
    assert not list(store.list(task.id.logs))


def test_the_log_of_an_attempt_without_a_record_is_kept(
    target: KubernetesTarget, cluster: FakeCluster, store: DirectoryStore
) -> None:
    task = a_task()
    uid = target.start(task)
    name = name_of(cluster)
    store.put(f"{task.id.logs}00000001.txt", b"one\ntwo\n")
    cluster.logs[f"{name}-x"] = "one\ntwo\nthree\n"
    cluster.end_step(name, code=3)
    seen = until(target, task, lambda seen: seen.phase is Phase.FAILED)
    assert (seen.failure, seen.exit_code) == (Failure.USER, 3)
    target.remove(task.id, uid)
    assert store.get(f"{task.id.logs}00000002.txt") == b"three\n"


def test_a_log_that_cannot_be_had_does_not_keep_the_job(
    target: KubernetesTarget, cluster: FakeCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_kubelet(_pod: str, **_: object) -> str:
        raise TargetUnreachable("the kubelet does not answer (500)")

    task = a_task()
    uid = target.start(task)
    cluster.end_step(name_of(cluster), code=3)
    until(target, task, lambda seen: seen.phase is Phase.FAILED)
    monkeypatch.setattr(cluster, "log_tail", no_kubelet)
    target.remove(task.id, uid)
    assert not cluster.names("jobs")


def test_a_lost_node_is_not_asked_for_a_log(target: KubernetesTarget, cluster: FakeCluster) -> None:
    task = a_task()
    uid = target.start(task)
    name = name_of(cluster)
    cluster.change(
        "pods",
        f"{name}-x",
        status={"phase": "Unknown", "containerStatuses": [{"name": "step", "state": {"running": {}}}]},
    )
    seen = until(target, task, lambda seen: seen.phase is Phase.FAILED)
    assert (seen.failure, seen.reason.startswith("node lost")) == (Failure.LOST, True)
    target.remove(task.id, uid)
    assert cluster.calls["log pods"] == 0
    assert not cluster.names("jobs")


@pytest.mark.parametrize(
    ("tail", "chunk", "rest"),
    [
        ("a\nb\nc\n", "a\nb\n", "c\n"),
        ("a\nb\n", "a\nb\n", ""),
        ("c\nd\n", "a\nb\n", "c\nd\n"),
        ("a\n", "", "a\n"),
        ("a\nbc\n", "a\nb", "bc\n"),
        ("\n\nx\n", "\n\n", "\n\nx\n"),
    ],
)
def test_only_what_was_not_shipped_is_kept(tail: str, chunk: str, rest: str) -> None:
    assert missing_lines(tail, chunk) == rest


def test_removing_and_stopping_what_is_absent(target: KubernetesTarget) -> None:
    task = a_task()
    target.remove(task.id, "uid-none")
    target.stop(task.id, "uid-none")
    target.finish(RUN)


def test_an_object_of_another_uid_stays(target: KubernetesTarget, cluster: FakeCluster) -> None:
    task = a_task()
    target.start(task)
    target.remove(task.id, "uid-of-before")
    assert cluster.names("jobs")


def test_stop_leaves_nothing(target: KubernetesTarget, cluster: FakeCluster) -> None:
    task = a_task()
    target.stop(task.id, target.start(task))
    assert not cluster.names("jobs") + cluster.names("pods")


def test_a_stop_that_was_begun_deletes_no_more_than_once(target: KubernetesTarget, cluster: FakeCluster) -> None:
    tasks = [a_task(f"step-{number}") for number in range(3)]
    uids = {task.id: target.start(task) for task in tasks}
    for task, uid in uids.items():
        target.begin_stop(task, uid)
    assert not cluster.names("jobs")
    for task, uid in uids.items():
        target.stop(task, uid)
    assert cluster.calls["delete jobs"] == 3
    assert not cluster.names("pods")


def test_a_stop_that_could_not_be_begun_deletes(target: KubernetesTarget, cluster: FakeCluster) -> None:
    task = a_task()
    uid = target.start(task)
    cluster.unreachable = True
    with pytest.raises(TargetUnreachable):
        target.begin_stop(task.id, uid)
    cluster.unreachable = False
    target.stop(task.id, uid)
    assert not cluster.names("jobs") + cluster.names("pods")


def test_stop_says_what_does_not_go(
    target: KubernetesTarget, cluster: FakeCluster, capsys: pytest.CaptureFixture[str]
) -> None:
    task = a_task()
    uid = target.start(task)
    for pod in [value for (kind, _), value in cluster._objects.items() if kind == "pods"]:
        pod["metadata"]["ownerReferences"] = []
    target.stop(task.id, uid)
    assert "still running 0 s after" in capsys.readouterr().err
    assert not cluster.names("jobs")


def test_a_job_without_a_pod_is_explained_by_its_events(target: KubernetesTarget, cluster: FakeCluster) -> None:
    cluster.pods_at_once = False
    cluster.warnings = ('would violate PodSecurity "restricted:latest"',)
    task = a_task()
    uid = target.start(task)
    assert "the API server warns: would violate" in target.observe(RUN)[task.id].reason
    cluster.add_event(uid, "FailedCreate", 'pods "x" is forbidden: violates PodSecurity "restricted:latest"')
    cluster.time = START + timedelta(seconds=2)
    seen = target.observe(RUN)[task.id]
    assert (seen.failure, seen.phase) == (Failure.REFUSED, Phase.FAILED)


def test_events_that_cannot_be_had_change_nothing(target: KubernetesTarget, cluster: FakeCluster) -> None:
    cluster.pods_at_once = False
    task = a_task()
    target.start(task)
    target.observe(RUN)
    cluster.denied.add(("list", "events"))
    cluster.time = START + timedelta(seconds=2)
    assert target.observe(RUN)[task.id].phase is Phase.PENDING
    assert cluster.calls["list events"] == 1


def test_wait_returns_at_a_change(target: KubernetesTarget, cluster: FakeCluster) -> None:
    target.observe(RUN)
    target.start(a_task())
    returning(lambda: target.wait(3600))
    assert cluster.names("pods")


def test_wait_ends_without_one(target: KubernetesTarget) -> None:
    target.observe(RUN)
    target.wait(0.01)


def test_an_unreachable_server_is_told(target: KubernetesTarget, cluster: FakeCluster) -> None:
    cluster.unreachable = True
    for call in (lambda: target.start(a_task()), lambda: target.observe(RUN)):
        with pytest.raises(TargetUnreachable):
            call()


def test_a_missing_permission_is_told(target: KubernetesTarget, cluster: FakeCluster) -> None:
    cluster.denied.add(("create", "jobs"))
    with pytest.raises(TargetDenied):
        target.start(a_task())


def test_keys_are_in_no_repr(target: KubernetesTarget) -> None:
    assert "key" not in repr(target) + repr(vars(target)["_objects"])


def test_what_goes_on_without_news_is_not_looked_at_at_every_tick(
    target: KubernetesTarget, cluster: FakeCluster
) -> None:
    for number in range(100):
        target.start(a_task(f"s{number}"))
    for name in cluster.names("jobs"):
        cluster.set_step(name, {"running": {"startedAt": "2026-11-22T08:00:00Z"}})
    until(target, a_task("s99"), lambda seen: seen.phase is Phase.RUNNING)
    first = calls_of(lambda: target.observe(RUN))
    assert target.observe(RUN) == target.observe(RUN)
    assert calls_of(lambda: target.observe(RUN)) <= first
    before = target.observe(RUN)
    cluster.time += timedelta(seconds=30)
    after = target.observe(RUN)
    assert {one.elapsed for one in after.values()} != {one.elapsed for one in before.values()}
    assert calls_of(lambda: target.observe(RUN)) < calls_of(lambda: _looked_anew(target, cluster)) / 2


def _looked_anew(target: KubernetesTarget, cluster: FakeCluster) -> None:
    cluster.time += timedelta(seconds=30)
    target.observe(RUN)


def in_phase(phase: Phase) -> Callable[[Observation], bool]:
    return lambda seen: seen.phase is phase


def suspend(cluster: FakeCluster, store: DirectoryStore) -> None:
    """Do what a queue does that preempts a Job, and what its pod does then."""
    name = name_of(cluster)
    store.put(a_task().id.record, canonical_json(to_document(a_record(Failure.LOST, 143))))
    cluster.change("jobs", name, spec={"suspend": True})
    cluster.change("pods", f"{name}-x", metadata={"deletionTimestamp": format_time(cluster.time)})
    cluster.end_step(name, a_record(Failure.LOST, 143), code=143)
    cluster.drop("pods", f"{name}-x")
    told = {"type": "Suspended", "status": "True", "lastTransitionTime": format_time(cluster.time)}
    cluster.change("jobs", name, status={"conditions": [told]})


def test_a_suspended_job_is_waited_for_and_its_next_pod_may_do_the_attempt(
    target: KubernetesTarget, cluster: FakeCluster, store: DirectoryStore
) -> None:
    task = a_task()
    target.start(task)
    name = name_of(cluster)
    cluster.assign_pod(name)
    cluster.set_step(name, {"running": {"startedAt": format_time(START)}})
    until(target, task, in_phase(Phase.RUNNING))
    suspend(cluster, store)
    waiting = until(target, task, in_phase(Phase.PENDING))
    assert "suspended" in waiting.reason
    assert records.record_of(store, task.id) is None, "or the next pod would find that the attempt has ended"
    cluster.time += timedelta(seconds=60)
    cluster.change("jobs", name, spec={"suspend": False}, status={"conditions": [
        {"type": "Suspended", "status": "False", "lastTransitionTime": format_time(cluster.time)}
    ]})  # fmt: skip
    cluster.make_pod(name)
    cluster.end_step(name, DONE)
    assert until(target, task, in_phase(Phase.SUCCEEDED)).outputs == OUTPUTS
    assert cluster.calls["create jobs"] == 1


def test_the_authorities_of_a_target_are_brought_once(cluster: FakeCluster, store: DirectoryStore) -> None:
    settings = replace(SETTINGS, authorities="-----BEGIN CERTIFICATE-----")
    target = KubernetesTarget(
        "kind", cluster, settings, store=store, step_stores=lambda _: {Access(): "{}"}, step_archive=b""
    )
    target.start(a_task("a-1"))
    target.start(a_task("b-1"))
    assert len([name for name in cluster.names("configmaps") if name.startswith("runner-ca-")]) == 1
    assert cluster.calls["create configmaps"] == 4

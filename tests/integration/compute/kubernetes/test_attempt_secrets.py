"""Keys of attempts against the fake server: minted before the Job, renewed while it lives, gone with it."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from runner.compute.kubernetes.keys_policy import KeysPolicy
from runner.compute.kubernetes.settings import ClusterSettings
from runner.compute.kubernetes.target import KubernetesTarget
from runner.errors import BadInput, StoreDenied, StoreError, StoreUnreachable, TargetError, TargetUnreachable
from runner.model.access import Access
from runner.model.credentials import Credentials
from runner.model.data import DataRef, Mode
from runner.model.delivery import Delivery
from runner.model.document import from_document, to_document
from runner.model.grants import Grants
from runner.model.store_endpoint import BucketEndpoint, StepStores
from runner.model.task import InputBinding, Task, TaskId, TimeLimits
from runner.operations.scoped_stores import MARGIN, UNLIMITED
from runner.ports import CredentialMinter
from runner.runs import records
from tests.support.fake_api import RUN, STORE, FakeCluster, a_task
from tests.support.fake_minter import reads, writes
from tests.support.memory_store import MemoryStore

STATIC = Credentials("whole", "canary-of-the-whole-store")
LAKE = Access(datastores=("lake",))
HOUR = 3600.0


@dataclass
class Minter:
    """Numbers its keys."""

    error: StoreError | BadInput | None = None
    spared: str = ""
    """The run whose keys are made all the same."""
    asked: list[tuple[TaskId, Grants, float]] = field(default_factory=list)

    def mint(self, attempt: TaskId, grants: Grants, expires: float) -> Credentials:
        if self.error and attempt.run != self.spared:
            raise self.error
        self.asked.append((attempt, grants, expires))
        return Credentials(f"k{len(self.asked)}", f"secret-{len(self.asked)}", "token", expires)


@dataclass
class Desk:
    """A controller's side."""

    keys: KeysPolicy = KeysPolicy.AUTO
    cluster: FakeCluster = field(default_factory=FakeCluster)
    store: MemoryStore = field(default_factory=MemoryStore)
    minters: dict[str, CredentialMinter | None] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    static: Credentials = STATIC

    def __post_init__(self) -> None:
        self.minter = Minter()
        self.minters.setdefault("workspaceblobstore", self.minter)
        self.target = self.controller()

    def controller(self) -> KubernetesTarget:
        return KubernetesTarget(
            "kind",
            self.cluster,
            ClusterSettings(store_id=STORE, keys=self.keys),
            store=self.store,
            step_stores=lambda _: {each: self.file(each) for each in (Access(), LAKE)},
            step_archive=b"",
            minters=self.minters.get,
            notify=self.said.append,
        )

    def file(self, access: Access) -> str:
        own, lake = (
            BucketEndpoint(bucket=name, endpoint="http://s", credentials=self.static) for name in ("own", "lake")
        )
        return json.dumps(to_document(StepStores(own, {"lake": lake}).only(access)))

    def start(self, task: Task) -> Task:
        records.assign(self.store, task)
        self.target.start(task)
        return task

    def look(self, seconds: float) -> None:
        self.cluster.time += timedelta(seconds=seconds)
        assert self.target.observe(RUN)

    @property
    def mounted(self) -> tuple[str, str]:
        """The Secret of the one pod, and the file in it."""
        (pod,) = self.cluster.objects("pods").values()
        (volume,) = (each["secret"] for each in pod["spec"]["volumes"] if "secret" in each)
        return volume["secretName"], volume["items"][0]["key"]

    @property
    def told(self) -> StepStores:
        name, key = self.mounted
        data = self.cluster.objects("secrets")[name]["data"][key]
        return from_document(StepStores, json.loads(base64.b64decode(data)))

    @property
    def mount_keys(self) -> dict[str, str]:
        """The content of the one Secret of a mount."""
        (found,) = (each for name, each in self.cluster.objects("secrets").items() if "-mount-" in name)
        return {name: base64.b64decode(value).decode() for name, value in found["data"].items()}

    @property
    def everything(self) -> str:
        """All objects of the cluster, Secrets decoded."""
        kinds = ("jobs", "pods", "configmaps", "secrets")
        found = [each for kind in kinds for each in self.cluster.objects(kind).values()]
        data = [value for each in self.cluster.objects("secrets").values() for value in each["data"].values()]
        return json.dumps(found, default=str) + "".join(base64.b64decode(each).decode() for each in data)


def reading(datastore: str = "workspaceblobstore", limits: TimeLimits | None = None) -> Task:
    """An attempt with one mounted input."""
    mounted = InputBinding(
        name="in",
        ref=DataRef(datastore=datastore, key="data", digest="d" * 64),
        delivery=Delivery(Mode.MOUNT, 1, "as asked", "data"),
    )
    return replace(a_task(inputs=0, access=LAKE, time_limits=limits or TimeLimits()), inputs=(mounted,))


@pytest.fixture
def desk() -> Iterator[Desk]:
    one = Desk()
    yield one
    one.target.close()


def test_an_attempt_gets_keys_of_its_own_and_nobody_the_whole_stores(desk: Desk) -> None:
    task = desk.start(a_task())
    told = desk.told.workspace
    assert desk.mounted == (f"{next(iter(desk.cluster.objects('jobs')))}-keys", "stores.json")
    assert told.credentials != told.shared
    assert "runs/" in told.own
    asked = {attempt: grants for attempt, grants, _ in desk.minter.asked if attempt == task.id}
    assert asked
    _, own, _ = desk.minter.asked[-1]
    assert writes(own, task.id.commit)
    assert not reads(own, "runs/another/journal/1.json")
    assert STATIC.secret_key not in desk.everything
    assert set(desk.cluster.objects("secrets")) == {desk.mounted[0]}
    assert desk.said == []


def test_they_last_as_long_as_the_attempt_may(desk: Desk) -> None:
    now = desk.cluster.now().timestamp()
    desk.start(a_task(time_limits=TimeLimits(queue=60, start=60, run=HOUR)))
    assert desk.minter.asked[-1][2] == pytest.approx(now + 120 + HOUR + MARGIN, abs=2)
    assert desk.told.workspace.credentials.expires == desk.minter.asked[-1][2]


def test_an_attempt_of_another_datastore_gets_keys_for_both(desk: Desk) -> None:
    desk.minters["lake"] = Minter()
    desk.start(a_task(access=LAKE, inputs=0))
    found = desk.told.datastores["lake"]
    assert isinstance(found, BucketEndpoint)
    assert found.credentials.session_token
    assert STATIC.secret_key not in desk.everything


def test_a_datastore_without_such_keys_is_told_once(desk: Desk) -> None:
    desk.start(a_task("a-1", access=LAKE))
    desk.start(a_task("b-1", access=LAKE))
    assert [
        line for line in desk.said if line.startswith("WARNING: datastore 'lake': steps get the keys of all of it")
    ] == desk.said
    assert len(desk.said) == 1


@pytest.mark.parametrize("created", [False, True], ids=["before the Job", "after the Job"])
def test_a_secret_of_a_controller_that_crashed_is_replaced(desk: Desk, created: bool) -> None:
    task = a_task(time_limits=TimeLimits(queue=HOUR, start=HOUR, run=HOUR))
    records.assign(desk.store, task)
    if not created:
        desk.cluster.denied.add(("create", "jobs"))
        with pytest.raises(TargetError):
            desk.target.start(task)
        desk.cluster.denied.clear()
    else:
        desk.target.start(task)
    (name,) = desk.cluster.objects("secrets")
    old = deepcopy(desk.cluster.objects("secrets")[name])
    desk.target.close()
    desk.target = desk.controller()
    desk.cluster.time += timedelta(hours=3)
    desk.target.start(task)
    assert desk.mounted[0] == name
    assert desk.cluster.objects("secrets")[name]["data"] != old["data"]
    lasts = desk.cluster.now().timestamp() + 3 * HOUR + MARGIN
    assert desk.told.workspace.credentials.expires == pytest.approx(lasts, abs=2)


def test_a_start_that_is_tried_again_keeps_the_secret_of_its_own_controller(desk: Desk) -> None:
    task = desk.start(a_task())
    before = desk.told
    desk.target.start(task)
    assert desk.told == before
    assert desk.cluster.calls["delete configmaps"] == 0


def test_the_keys_of_mounts_are_renewed_with_the_attempts(desk: Desk) -> None:
    desk.start(reading(limits=TimeLimits(queue=HOUR, start=HOUR, run=HOUR)))
    desk.look(0)
    before = desk.mount_keys
    assert before["session_token"] == "token"
    desk.look(HOUR)
    assert desk.mount_keys == before
    desk.look(HOUR)
    assert desk.mount_keys != before
    assert reads(desk.minter.asked[-1][1], "data/x")


def test_the_keys_of_mounts_are_tried_again_if_they_alone_could_not_be_renewed(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.start(reading())
    desk.look(0)
    own, before = desk.told, desk.mount_keys
    delete = desk.cluster.delete

    def refuse(kind: str, name: str, *, uid: str = "") -> bool:
        if "-mount-" in name:
            raise TargetUnreachable("busy")
        return delete(kind, name, uid=uid)

    with monkeypatch.context() as patch:
        patch.setattr(desk.cluster, "delete", refuse)
        desk.look(UNLIMITED * 2)
    assert desk.told != own
    assert desk.mount_keys == before
    desk.look(31)
    assert desk.mount_keys != before


def test_whoever_takes_over_hands_new_keys_to_the_mounts(desk: Desk) -> None:
    desk.start(reading())
    desk.look(0)
    before = desk.mount_keys
    desk.target.close()
    desk.target = desk.controller()
    desk.look(31)
    assert desk.mount_keys != before


def test_whoever_takes_over_renews_mounts_of_a_datastore_without_such_keys(desk: Desk) -> None:
    desk.start(reading("lake"))
    desk.target.close()
    desk.target = desk.controller()
    desk.static = Credentials("whole", "another")
    desk.look(31)
    assert desk.mount_keys == {"access_key": "whole", "secret_key": "another"}
    assert all("steps get the keys of all of it" in line for line in desk.said)


def test_keys_are_renewed_at_half_of_their_time_under_the_same_name(desk: Desk) -> None:
    desk.start(a_task(time_limits=TimeLimits(queue=HOUR, start=HOUR, run=HOUR)))
    desk.look(0)
    name, before = desk.mounted[0], desk.told
    desk.look(HOUR)
    assert desk.told == before
    desk.look(HOUR)
    assert desk.told != before
    assert desk.mounted[0] == name
    assert desk.told.workspace.credentials.expires > before.workspace.credentials.expires


def test_keys_that_change_behind_the_minted_ones_are_noticed(desk: Desk) -> None:
    desk.start(a_task())
    desk.look(0)
    before = desk.told
    desk.look(31)
    assert desk.told == before, "nothing has changed"
    desk.static = Credentials("whole", "another")
    desk.look(31)
    assert desk.told != before


def test_whoever_takes_over_a_long_step_hands_out_new_keys(desk: Desk) -> None:
    desk.start(a_task())
    desk.look(0)
    before = desk.told
    desk.target.close()
    desk.target = desk.controller()
    desk.look(31)
    assert desk.told.workspace.credentials != before.workspace.credentials


def test_a_server_that_does_not_answer_is_asked_again(desk: Desk) -> None:
    desk.start(a_task())
    desk.minter.error = StoreUnreachable("away")
    with pytest.raises(TargetUnreachable, match="away"):
        desk.target.start(a_task("b-1"))
    desk.look(UNLIMITED * 2)
    assert [line for line in desk.said if "could not be checked" in line] == desk.said
    desk.minter.error = None
    before = desk.told
    desk.look(31)
    assert desk.told != before


def test_they_go_with_the_attempt(desk: Desk) -> None:
    task = desk.start(reading())
    name = desk.mounted[0]
    uid = next(iter(desk.cluster.objects("jobs").values()))["metadata"]["uid"]
    desk.target.remove(task.id, uid)
    assert not desk.cluster.objects("secrets")
    assert name not in desk.cluster.objects("configmaps")
    assert not [each for each in desk.cluster.objects("configmaps") if "-mount-" in each]


@pytest.mark.parametrize("minter", [None, Minter(StoreError("it has no AssumeRole"))], ids=["none", "no STS"])
def test_without_such_a_server_steps_get_the_whole_store_and_a_loud_line(minter: Minter | None) -> None:
    desk = Desk(minters={"workspaceblobstore": minter})
    assert desk.target.problems() == ()
    assert "WARNING: every step gets the keys of the whole store" in desk.target.data_access().warning
    desk.start(a_task())
    assert desk.told.workspace.credentials == STATIC
    assert desk.mounted[0] == f"run-{RUN}"
    (line,) = desk.said
    assert "security.md" in line
    desk.target.close()


@pytest.mark.parametrize("keys", [KeysPolicy.AUTO, KeysPolicy.SCOPED])
@pytest.mark.parametrize("name", ["workspaceblobstore", "lake"])
@pytest.mark.parametrize(
    "error",
    [StoreError("refuses the policy"), StoreDenied("AccessDenied"), BadInput("the policy is too long", remedy="cut")],
    ids=["policy", "denied", "size"],
)
def test_a_refusal_for_one_attempt_never_opens_the_whole_store(
    keys: KeysPolicy, name: str, error: StoreError | BadInput
) -> None:
    desk = Desk(keys=keys, minters={"lake": Minter(), name: Minter(error, spared="probe")})
    with pytest.raises(TargetError, match=f"no keys of its own for step train-1 in datastore '{name}'") as refused:
        desk.start(a_task(access=LAKE))
    assert not isinstance(refused.value, TargetUnreachable), "asking again would not help"
    assert ("do:    cut" if isinstance(error, BadInput) else "credentials: static") in str(refused.value)
    assert STATIC.secret_key not in desk.everything
    assert desk.cluster.objects("jobs") == {}
    assert desk.said == []
    desk.target.close()


def test_a_refusal_of_a_renewal_keeps_the_keys_that_are_there() -> None:
    desk = Desk()
    desk.start(a_task())
    before = desk.told
    desk.minter.error = StoreDenied("AccessDenied")
    desk.look(UNLIMITED * 2)
    assert desk.told == before
    assert STATIC.secret_key not in desk.everything
    desk.target.close()


def test_a_target_that_demands_keys_of_its_own_starts_nothing_without() -> None:
    desk = Desk(keys=KeysPolicy.SCOPED, minters={"workspaceblobstore": Minter(StoreError("it has no AssumeRole"))})
    (problem,) = desk.target.problems()
    assert "has no AssumeRole" in problem.what
    with pytest.raises(TargetError, match="demands `credentials: scoped`"):
        desk.start(a_task())
    assert desk.cluster.objects("jobs") == desk.cluster.objects("secrets") == {}
    desk.target.close()


def test_a_target_that_demands_them_refuses_a_datastore_without() -> None:
    desk = Desk(keys=KeysPolicy.SCOPED)
    assert desk.target.problems() == ()
    with pytest.raises(TargetError, match="datastore 'lake'"):
        desk.start(a_task(access=LAKE))
    desk.target.close()


def test_a_target_may_say_that_steps_get_the_whole_store() -> None:
    desk = Desk(keys=KeysPolicy.STATIC)
    desk.start(a_task())
    assert desk.told.workspace.credentials == STATIC
    assert desk.minter.asked == []
    assert desk.said == []
    assert desk.target.data_access().warning == ""
    desk.target.close()

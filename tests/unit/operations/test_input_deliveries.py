from __future__ import annotations

from runner.errors import TargetUnreachable
from runner.model.data import DatasetDefinition, DatastorePath, Mode
from runner.model.data_access import DataAccess, MountPolicy
from runner.model.delivery import Delivery
from runner.model.plan import Plan
from runner.model.step import InputSpec, OutputOf, OutputSpec
from runner.operations.input_deliveries import announce_mounts, mount_problems, planned_deliveries, sizes_now
from tests.support import builders as b
from tests.support.memory_store import MemoryStore

MOUNTS = DataAccess(mounts=True, driver="mounter.example", unmountable=frozenset({"old"}))
NONE = DataAccess(problem="no node has the mounter")
RAW = InputSpec(name="raw", source=DatastorePath("lake", "raw"), mode=Mode.MOUNT)
MADE = InputSpec(name="made", source=OutputOf("a", "out"), mode=Mode.MOUNT)
SMALL = InputSpec(name="small", source=DatastorePath("lake", "raw"))
TARGETS = {"a": b.TARGET, "b": b.TARGET}


def plan(*inputs: InputSpec, datastore: str = "lake") -> Plan:
    return b.plan(b.step("a", outputs=(OutputSpec(name="out", datastore=datastore),)), b.step("b", inputs=inputs))


def announced(what: Plan, access: DataAccess) -> list[str]:
    lines: list[str] = []
    announce_mounts(what, TARGETS, lambda _name: access, lines.append)
    return lines


def test_the_datastore_of_an_output_counts() -> None:
    what = plan(MADE, datastore="old")
    assert planned_deliveries(what, what.by_key["b"], MOUNTS)["made"] == Delivery(
        Mode.DOWNLOAD, 0, "datastore 'old' cannot be mounted"
    )
    assert planned_deliveries(plan(MADE), what.by_key["b"], MOUNTS)["made"].mode is Mode.MOUNT


def test_sizes_are_those_of_now() -> None:
    store = MemoryStore()
    store.put("raw/a", b"123")
    store.put("raw/b", b"4567")
    sizes = sizes_now(lambda _name: store)
    table = DatasetDefinition(kind="tabular", paths=(DatastorePath("lake", "raw/a"),), transforms=())
    assert sizes(RAW) == 7
    assert sizes(InputSpec(name="t", source=table, mode=Mode.DIRECT)) == 3
    assert sizes(MADE) is None
    assert sizes(InputSpec(name="n", source=DatasetDefinition(kind="file", paths=()))) is None


def test_it_is_said_once_per_target_and_reason() -> None:
    other = InputSpec(name="more", source=DatastorePath("lake", "raw"), mode=Mode.MOUNT)
    assert announced(plan(RAW, other, SMALL), NONE) == [
        "target 'fake' downloads input 'raw' of step 'b' and 1 more instead of mounting: no node has the mounter"
    ]
    assert announced(plan(RAW), MOUNTS) == []
    assert announced(plan(SMALL), NONE) == []
    assert announced(plan(RAW), DataAccess()) == []


def test_a_target_that_cannot_be_asked_is_not_announced() -> None:
    def gone(_name: str) -> DataAccess:
        raise TargetUnreachable("no answer")

    announce_mounts(plan(RAW), TARGETS, gone, lambda line: (_ for _ in ()).throw(AssertionError(line)))


def test_a_target_that_requires_mounts_refuses_what_it_cannot_mount() -> None:
    strict = DataAccess(problem="no node has the mounter", policy=MountPolicy.REQUIRED)
    (problem,) = mount_problems(plan(RAW, SMALL), TARGETS, b.TARGET, lambda: strict)
    assert problem.what == "input 'raw' cannot be mounted: no node has the mounter"
    assert problem.where == "step 'b'"
    assert mount_problems(plan(RAW), TARGETS, b.TARGET, lambda: NONE) == ()
    assert mount_problems(plan(RAW), TARGETS, "other", lambda: strict) == ()

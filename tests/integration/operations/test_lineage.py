"""Searches for the runs that read a dataset or came from a published pipeline."""

from __future__ import annotations

from dataclasses import replace

import pytest

from runner.errors import BadInput
from runner.model import events as e
from runner.model.data import DatasetDefinition, DatastorePath
from runner.model.environment import EnvironmentSpec, NamedEnvironment
from runner.model.names import new_run_id
from runner.model.plan import Plan
from runner.model.step import InputSpec, OutputSpec, RegisterAs
from runner.operations import lineage
from runner.operations.lineage import Memory, runs_that
from runner.ports import ObjectStore
from runner.runs import index, journal, plans
from tests.support import builders as b
from tests.support.memory_store import MemoryStore

CARS = DatasetDefinition(
    kind="file", paths=(DatastorePath("workspaceblobstore", "cars"),), name="cars", version=2, id="x"
)


def reading(dataset: DatasetDefinition | None, **changes: object) -> Plan:
    inputs = (InputSpec(name="data", source=dataset),) if dataset else ()
    return b.plan(replace(b.step("a"), inputs=inputs), **changes)


def submitted(store: ObjectStore, number: int, plan: Plan, **said: object) -> str:
    """Store a run that was submitted `number` seconds after T0."""
    run = new_run_id(b.at(number), number.to_bytes(10, "big"))
    index.add(store, index.IndexEntry(run=run, created=b.at(number), experiment="x"))
    plans.save(store, plan)
    journal.Writer(store, run, "c", 0).append([e.RunSubmitted(b.submission(plan, **said))], b.at(number))
    return run


def test_the_facts_of_a_plan_are_its_registrations() -> None:
    made = OutputSpec(name="out", register=(RegisterAs(name="clean"),))
    steps = (replace(b.step("a"), inputs=(InputSpec(name="data", source=CARS),)), b.step("b", "a", outputs=(made,)))
    found = lineage.plan_facts(b.plan(*steps, environments={"e": NamedEnvironment("slim", EnvironmentSpec())}))
    (use,) = found.reads
    assert (use.step, use.input, use.name, use.version) == ("a", "data", "cars", 2)
    assert found.makes == (lineage.DatasetMade("b", "out", "clean"),)
    assert found.environments == ("slim",)


def test_runs_that_read_a_version_are_found_newest_first() -> None:
    store = MemoryStore()
    old = submitted(store, 1, reading(CARS))
    other = submitted(store, 2, reading(replace(CARS, version=1)))
    submitted(store, 3, reading(None))
    new = submitted(store, 4, reading(CARS))
    found = runs_that(store, Memory(), lineage.reads_dataset("cars", 2))
    assert [each.run for each in found.runs] == [new, old]
    assert (found.looked, found.since, found.cursor) == (4, b.at(1), "")
    every = runs_that(store, Memory(), lineage.reads_dataset("cars"))
    assert [each.run for each in every.runs] == [new, other, old]


def test_runs_of_published_pipelines_are_found() -> None:
    store = MemoryStore()
    mine = submitted(store, 1, reading(None), published="p1", schedule="s1")
    submitted(store, 2, reading(None), published="p2")
    (found,) = runs_that(store, Memory(), lineage.of_pipelines("p1", "p3")).runs
    assert (found.run, found.schedule, found.user) == (mine, "s1", "somebody")


def test_a_search_goes_on_where_it_stopped() -> None:
    store = MemoryStore()
    known = [submitted(store, number, reading(CARS)) for number in range(1, 8)][::-1]
    memory, seen, cursor = Memory(), [], ""
    for _ in range(4):
        found = runs_that(store, memory, lineage.reads_dataset("cars"), cursor=cursor, limit=2)
        seen += [each.run for each in found.runs]
        cursor = found.cursor
    assert (seen, cursor) == (known, "")


def test_a_search_reads_so_many_runs_and_known_ones_not_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lineage, "READS", 64)
    store, memory = MemoryStore(), Memory()
    oldest = submitted(store, 1, reading(CARS))
    for number in range(2, 140):
        submitted(store, number, reading(None))
    looks = [runs_that(store, memory, lineage.reads_dataset("cars")) for _ in range(3)]
    assert [look.looked for look in looks] == [64, 128, 139]
    assert [bool(look.cursor) for look in looks] == [True, True, False]
    assert [each.run for each in looks[-1].runs] == [oldest]
    runs_that(store, memory, lineage.reads_dataset("cars"))
    assert memory.reads == 139


def test_a_damaged_run_hides_no_other() -> None:
    store = MemoryStore()
    mine = submitted(store, 1, reading(CARS))
    broken = submitted(store, 2, reading(CARS))
    store.objects[journal.entry_key(broken, 1)] = b"{"
    found = runs_that(store, Memory(), lineage.reads_dataset("cars"))
    assert ([each.run for each in found.runs], found.unreadable) == ([mine], 1)


def test_the_memory_is_bounded() -> None:
    store, memory = MemoryStore(), Memory(most=3)
    for number in range(1, 6):
        submitted(store, number, reading(None))
    assert runs_that(store, memory, lineage.of_pipelines("p")).looked == 5
    assert len(memory._runs) == 3


def test_what_is_no_cursor_is_refused() -> None:
    with pytest.raises(BadInput, match="no cursor"):
        runs_that(MemoryStore(), Memory(), lineage.of_pipelines("p"), cursor="x/../y")

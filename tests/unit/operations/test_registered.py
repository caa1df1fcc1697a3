"""Registered datasets that a plan knows by name alone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from runner.data import registry
from runner.errors import BadInput
from runner.model.data import DatasetDefinition, DatastorePath
from runner.model.plan import Plan
from runner.model.step import InputSpec
from runner.operations.registered import resolved
from runner.override import override
from runner.ports import ObjectInfo
from tests.support import builders as b
from tests.support.memory_store import MemoryStore


class CountingStore(MemoryStore):
    """Counts how often it is listed."""

    listings = 0

    @override
    def list(self, prefix: str, *, after: str = "") -> Iterator[ObjectInfo]:
        self.listings += 1
        return super().list(prefix, after=after)


def reading(*names: str, version: int = 0) -> Plan:
    """A plan of one step per name, each of which reads that dataset."""
    steps = (
        b.step(
            f"s{at}",
            inputs=(InputSpec(name="x", source=DatasetDefinition(kind="file", paths=(), name=name, version=version)),),
        )
        for at, name in enumerate(names)
    )
    return b.plan(*steps)


def test_a_name_is_looked_up_once_however_many_steps_read_it() -> None:
    store = CountingStore()
    entry = registry.Registration(DatasetDefinition(kind="file", paths=(DatastorePath("s", "raw"),)))
    known = registry.register(store, "raw", entry, new_version=False)
    store.listings = 0
    plan = resolved(reading("raw", "raw", "raw"), store)
    assert [step.inputs[0].source for step in plan.steps] == [known.definition] * 3
    assert store.listings == 1


@pytest.mark.parametrize("version", [0, 3])
@pytest.mark.parametrize("name", ["none", "../../runs", "a//b", "a/b", "."])
def test_what_is_no_registered_dataset_is_told_by_its_name(name: str, version: int) -> None:
    with pytest.raises(BadInput) as caught:
        resolved(reading(name, name, version=version), MemoryStore())
    said = f"there is no registered dataset '{name}'" + (" version 3" if version else "")
    assert [(each.what, each.where) for each in caught.value.problems] == [
        (said, "step 's0': input 'x'"),
        (said, "step 's1': input 'x'"),
    ]


def test_no_id_is_a_path() -> None:
    assert registry.find(MemoryStore(), "../datasets/x/00000001") is None

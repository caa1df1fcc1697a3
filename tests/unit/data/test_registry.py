from __future__ import annotations

import pytest

from runner.data import registry
from runner.data.registry import Registration
from runner.errors import ObjectDamaged
from runner.model.data import DatasetDefinition, DatastorePath
from tests.support.memory_store import MemoryStore

ONE, OTHER = (
    Registration(DatasetDefinition(kind="file", paths=(DatastorePath("lake", path),))) for path in ("one", "other")
)


@pytest.mark.parametrize("damage", ["another dataset", "half", "no json"])
def test_a_dataset_that_another_one_has_replaced_is_refused_and_registered_again(damage: str) -> None:
    store = MemoryStore()
    one = registry.register(store, "one", ONE, new_version=False)
    other = registry.register(store, "other", OTHER, new_version=False)
    key, right = f"registry/dataset-ids/{one.definition.id}.json", store.get("registry/datasets/one/00000001.json")
    wrong = {"another dataset": store.get("registry/datasets/other/00000001.json"), "half": right[:-5], "no json": b"x"}
    store.put(key, wrong[damage])
    if damage == "another dataset":
        with pytest.raises(ObjectDamaged, match=key):
            registry.find(store, one.definition.id)
    assert registry.find(store, other.definition.id) == other
    assert registry.register(store, "one", ONE, new_version=False) == one
    assert registry.find(store, one.definition.id) == one


def test_a_dataset_under_two_names_keeps_what_its_id_finds() -> None:
    store = MemoryStore()
    registry.register(store, "one", ONE, new_version=False)
    second = registry.register(store, "two", ONE, new_version=False)
    registry.register(store, "one", ONE, new_version=False)
    assert registry.find(store, second.definition.id) == second

from __future__ import annotations

from runner.data.named_datastores import NamedDatastore, Remembered, forget_name, give_name, remembered, set_default
from tests.support.memory_store import MemoryStore

RAW = NamedDatastore("lake", "contoso", "raw")


def test_a_new_workspace_remembers_nothing() -> None:
    assert remembered(MemoryStore()) == Remembered("workspaceblobstore", {})


def test_names_and_the_default_are_remembered() -> None:
    store = MemoryStore()
    give_name(store, "raw_data", NamedDatastore("other"))
    give_name(store, "raw_data", RAW)
    set_default(store, "lake")
    assert remembered(store) == Remembered("lake", {"raw_data": RAW})
    forget_name(store, "raw_data")
    forget_name(store, "raw_data")
    assert remembered(store) == Remembered("lake", {})

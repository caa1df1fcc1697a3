"""The names and versions in the registry, and what a run has made."""

from __future__ import annotations

from dataclasses import replace

import pytest

from runner.data import registered_models, registry
from runner.data.registered_models import ModelRecord
from runner.data.registry import Registration
from runner.errors import BadInput
from runner.model.data import DatasetDefinition, DatastorePath
from runner.model.digest import canonical_json
from runner.model.document import to_document
from runner.model.names import maker_of
from runner.operations import catalog
from runner.operations.catalog import Kind
from runner.operations.lineage import DatasetMade, PlanFacts, RunFacts
from runner.operations.lineage_products import (
    ModelMemory,
    StepOfRun,
    datasets_of_run,
    maker_of_dataset,
    maker_of_model,
    models_of_run,
)
from runner.ports import ObjectStore
from runner.runs import journal
from tests.support import builders as b
from tests.support.memory_store import MemoryStore


def dataset(store: ObjectStore, name: str, path: str) -> Registration:
    maker = maker_of(path)
    if maker:
        store.put(journal.entry_key(maker[0], 1), b"{}")
    definition = DatasetDefinition(kind="file", paths=(DatastorePath("workspaceblobstore", path),))
    return registry.register(store, name, Registration(definition), new_version=True)


def model(store: ObjectStore, name: str, version: int, run: str) -> ModelRecord:
    record = ModelRecord(name=name, version=version, created=b.at(version), run=run, files=("m/weights.json",))
    store.put(registered_models.key_of(name, version), canonical_json(to_document(record)))
    store.put(f"{registered_models.folder_of(name, version)}/m/weights.json", b"{}")
    return record


def test_names_are_paged_and_versions_are_newest_first() -> None:
    store = MemoryStore()
    for name, path in (("a", "1"), ("a b", "1"), ("a", "2"), ("c", "1")):
        dataset(store, name, path)
    first = catalog.page(store, Kind.DATASETS, limit=2)
    assert [(each.name, [one.number for one in each.versions]) for each in first.names] == [("a b", [1]), ("a", [2, 1])]
    rest = catalog.page(store, Kind.DATASETS, cursor=first.cursor, limit=2)
    assert ([each.name for each in rest.names], rest.cursor) == (["c"], "")
    with pytest.raises(BadInput):
        catalog.page(store, Kind.DATASETS, cursor="a/b")


def test_the_files_of_models_are_no_versions() -> None:
    store = MemoryStore()
    model(store, "net", 1, "")
    model(store, "net", 2, "")
    found = catalog.find(store, Kind.MODELS, "net")
    assert found is not None
    assert [one.number for one in found.versions] == [2, 1]
    assert [each.name for each in catalog.page(store, Kind.MODELS).names] == ["net"]
    assert registered_models.versions(store, None) == [("net", 2), ("net", 1)]
    assert catalog.find(store, Kind.MODELS, "..") is None
    assert registered_models.read(store, "..", 1) is None
    assert registered_models.read(store, "net", 3) is None


def test_the_models_of_a_run_are_found_by_their_records() -> None:
    store = MemoryStore()
    made = model(store, "net", 1, f"{b.RUN}.train")
    model(store, "net", 2, "20260102t030405678z-bbbbbbbbbbbbbbbb")
    store.put("registry/models/bad/00000001.json", b"{")
    found = models_of_run(store, b.RUN, ModelMemory())
    assert ([each.version for each in found.models], found.looked, found.complete) == ([1], 3, True)
    assert maker_of_model(made) == StepOfRun(b.RUN, "train")
    assert maker_of_model(replace(made, run="")) is None


def test_the_datasets_of_a_run_are_the_versions_of_its_outputs() -> None:
    store = MemoryStore()
    mine = dataset(store, "clean", f"azureml/{b.RUN}.prepare/out")
    dataset(store, "clean", "azureml/20260102t030405678z-bbbbbbbbbbbbbbbb.prepare/out")
    facts = RunFacts(
        run=b.RUN, experiment="x", user="", created=b.T0, published="", schedule="",
        plan=PlanFacts(makes=(DatasetMade("prepare", "out", "clean"), DatasetMade("prepare", "out", "other"))),
    )  # fmt: skip
    assert datasets_of_run(store, facts) == (mine,)
    assert maker_of_dataset(mine.definition) == StepOfRun(b.RUN, "prepare")
    assert maker_of_dataset(dataset(store, "raw", "cars").definition) is None

"""An object store is one package and one line: a toy store is added here so, and a pipeline reads from it."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from runner.data import manifest
from runner.errors import BadInput
from runner.model.context import StoreAccess
from runner.model.data import DatastorePath
from runner.model.document import to_document
from runner.model.status import RunStatus
from runner.model.step import InputSpec
from runner.model.store_endpoint import BucketEndpoint, StepStores
from runner.operations.values import Request
from runner.runs import records
from runner.sdk.base.step_session import StepSession
from runner.storage import registry
from tests.integration.wiring.test_toy_target import Here, configured, files_in, rows_to_add
from tests.support import builders as b
from tests.support import toy_store, toy_target

ROOT = Path(__file__).resolve().parents[3]
DATASTORES = "datastores: {toys: {type: toy, shelf: 3}}\n"


@pytest.fixture(autouse=True)
def _registered(monkeypatch: pytest.MonkeyPatch) -> None:
    toy_store.register(monkeypatch.setitem)
    toy_target.register(monkeypatch.setitem)
    toy_store.SHELVES.clear()


def opened(folder: Path, text: str = DATASTORES) -> Here:
    return Here(config=configured(folder, text + "targets: {box: {type: toy}}"), notify=lambda _line: None)


def test_its_settings_are_read_with_its_own_rules(tmp_path: Path) -> None:
    facts = opened(tmp_path).datastore_facts()["toys"]
    assert (facts.kind, facts.place, facts.container) == ("toy", "shelf 3 of the toy box", "shelf-3")
    with pytest.raises(BadInput) as refused:
        opened(tmp_path, "datastores: {toys: {type: toy, shelf: 6}}\n")
    assert "datastores.toys.shelf" in refused.value.problems[0].where
    with pytest.raises(BadInput, match="one of folder, bucket, azure_blob, toy, workspace"):
        opened(tmp_path, "datastores: {toys: {type: robot}}\n")


def test_a_pipeline_reads_from_it(tmp_path: Path) -> None:
    session = opened(tmp_path)
    session.datastore("toys").put("raw/bear", b"brown")
    (tmp_path / "code").mkdir()
    parts = {"source": str(tmp_path / "code"), "snapshot": "", "compute": "box", "script": ""}
    wanted = InputSpec(name="raw", source=DatastorePath("toys", "raw"))
    run = session.submit(b.plan(b.step("a", **parts, inputs=(wanted,), command=())), Request(experiment="e"))
    assert session.view(run).state.status is RunStatus.SUCCEEDED
    (binding,) = records.assignment(session.store, replace(b.task_id("a"), run=run).assignment).inputs
    assert (binding.ref.datastore, binding.ref.key) == ("toys", "raw")
    assert [(one.path, one.size) for one in manifest.load(session.store, binding.ref.digest).entries] == [("bear", 5)]


def test_a_step_opens_it_with_what_its_secret_holds(tmp_path: Path) -> None:
    session = opened(tmp_path)
    session.datastore("toys").put("raw/bear", b"brown")
    stores = StepStores(BucketEndpoint(bucket="b", endpoint="http://h"), session.datastores.for_steps(here=False))
    assert toy_store.SECRET in stores.values
    assert toy_store.SECRET not in repr(stores)
    (tmp_path / "stores.json").write_text(json.dumps(to_document(stores)))
    assert StepSession(StoreAccess(stores=str(tmp_path / "stores.json"))).datastore("toys").get("raw/bear") == b"brown"


def test_the_architecture_says_how_the_toy_is_added() -> None:
    write, touch = rows_to_add()["an object store"]
    assert files_in(write)[:2] == ["runner/storage/<name>/", "runner/config/store.py"]
    assert files_in(touch) == ["runner/storage/registry.py", "tests/contract/test_object_store.py"]
    assert registry.TYPES.items() >= toy_store.LINE.items()
    assert len(toy_store.LINE) == 1


def test_a_store_that_is_added_is_named_in_its_package_and_the_registry_alone() -> None:
    """No other module asks for the type of its settings."""
    found = set()
    for path in (ROOT / "runner").rglob("*.py"):
        where = path.relative_to(ROOT).as_posix()
        if not where.startswith("runner/storage/azure_blob/") and re.search(r"\bAzureBlobConfig\b", path.read_text()):
            found.add(where)
    assert found == {"runner/storage/registry.py"}

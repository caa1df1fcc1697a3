"""What a step's script keeps about runs and registered things has no secret in it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from runner.data.masked_store import masked_store
from runner.data.secret_values import masks
from runner.errors import BadInput
from runner.ports import FolderStore
from runner.storage.directory import DirectoryStore
from tests.support.memory_store import MemoryStore

HIDDEN = masks(["canary-1", "data"])


def test_nothing_to_hide_is_the_store_itself() -> None:
    store = MemoryStore()
    assert masked_store(store, ()) is store


def test_documents_are_masked_and_what_they_refer_to_stays() -> None:
    base = MemoryStore()
    store = masked_store(base, HIDDEN)
    document = {"definition": {"path": "data/x"}, "tags": {"canary-1": "canary-1"}, "version": 1}
    for key in ("registry/models/m/1.json", "logged/runs/r/run.json"):
        store.put(key, json.dumps(document).encode())
        assert json.loads(base.get(key)) == {"definition": {"path": "data/x"}, "tags": {"***": "***"}, "version": 1}
    store.put("runs/r/annotations/metrics.jsonl/1.jsonl", b'{"name": "canary-1", "value": 1}\n')
    assert json.loads(base.get("runs/r/annotations/metrics.jsonl/1.jsonl")) == {"name": "***", "value": 1}


def test_data_and_what_is_named_by_its_digest_stay() -> None:
    base = MemoryStore()
    store = masked_store(base, HIDDEN)
    for key in ("data/canary-1.csv", "manifests/abc.json"):
        store.put(key, b"canary-1")
        assert base.get(key) == b"canary-1"


def test_files_of_runs_have_masked_names_and_masked_logs(tmp_path: Path) -> None:
    base, path = MemoryStore(), tmp_path / "file"
    path.write_text("has canary-1")
    store = masked_store(base, HIDDEN)
    for name in ("logs/canary-1.txt", "outputs/canary-1.txt"):
        store.upload(f"logged/runs/r/files/{name}", path)
    assert base.objects == {
        "logged/runs/r/files/logs/***.txt": b"has ***",
        "logged/runs/r/files/outputs/***.txt": b"has canary-1",
    }
    store.download("logged/runs/r/files/logs/canary-1.txt", tmp_path / "back")
    assert (tmp_path / "back").read_text() == "has ***"


@pytest.mark.parametrize("key", ["registry/models/canary-1/1.json", "logged/runs/x-canary-1/run.json"])
def test_a_registered_name_with_a_secret_is_refused(key: str) -> None:
    base = MemoryStore()
    with pytest.raises(BadInput, match="a name has the value of a secret in it") as refused:
        masked_store(base, HIDDEN).put_if_absent(key, b"{}")
    assert "canary-1" not in str(refused.value)
    assert not base.objects


def test_an_id_that_happens_to_hold_a_value_is_no_name() -> None:
    base = MemoryStore()
    masked_store(base, masks(["0000"])).put("registry/models/m/00000001.json", b"{}")
    masked_store(base, masks(["0000"])).put("logged/runs/00000000-1111-2222-3333-444444444444/run.json", b"{}")
    assert len(base.objects) == 2


def test_a_folder_stays_one(tmp_path: Path) -> None:
    store = masked_store(DirectoryStore(tmp_path, durable=False), HIDDEN)
    assert isinstance(store, FolderStore)
    assert store.path("a") == tmp_path / "a"

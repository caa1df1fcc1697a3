"""The workspaces that `runner gc` asks whether they read outputs of the open one."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.datastores import BucketConfig
from runner.model.workspace import place_of
from runner.ports import ObjectStore
from runner.wiring import adapters, collection, known_workspaces, open_session
from runner.wiring.known_workspaces import KnownWorkspace
from tests.support.memory_store import MemoryStore

TARGET = """
name: mine
targets:
  team: {type: kubernetes, store: {bucket: shared, endpoint: 'http://h', prefix: p}}
"""


@pytest.fixture(autouse=True)
def _apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNNER_CONFIG", str(tmp_path / "none.yaml"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def project(folder: Path, text: str) -> Path:
    folder.mkdir()
    (folder / "runner.yaml").write_text(text)
    return folder


def test_the_other_workspaces_of_the_bucket_and_those_of_this_machine_are_asked_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    whole = MemoryStore()
    for name in ("mine", "theirs", "Other"):
        whole.put(f"{place_of(name)}store.json", b"{}")

    def bucket_store(store: BucketConfig, _where: str) -> ObjectStore:
        opened.append(store.prefix)
        return whole if store.prefix == "p" else MemoryStore()

    monkeypatch.setattr(adapters, "bucket_store", bucket_store)
    mine = project(tmp_path / "mine", TARGET)
    theirs = project(tmp_path / "theirs", TARGET.replace("mine", "theirs"))
    for folder, target in ((mine, "team"), (mine, ""), (theirs, "team")):
        known_workspaces.remember(tmp_path / "cache" / "runner", KnownWorkspace(str(folder), target))
    found = list(collection.other_stores(open_session(mine, "team")))
    assert len(found) == 3  # the folder of this project, and two workspaces of the bucket
    assert sorted(prefix.rstrip("/") for prefix in opened) == ["p", "p/workspaces/!other", "p/workspaces/theirs"]


def test_the_rule_is_that_of_the_file_unless_the_command_line_says_otherwise(tmp_path: Path) -> None:
    session = open_session(project(tmp_path / "mine", "keep: {runs: 12h, last: 3, tags: [paper]}"))
    rule = collection.collector(session).surveyor.rule
    assert (rule.age.total_seconds(), rule.last, rule.tags) == (12 * 3600.0, 3, frozenset({"paper"}))
    stated = collection.collector(session, 2.0, 0).surveyor.rule
    assert (stated.age.days, stated.last, stated.tags) == (2, 0, frozenset({"paper"}))
    usual = collection.collector(open_session(project(tmp_path / "other", ""))).surveyor.rule
    assert (usual.age.days, usual.last, usual.tags) == (90, 20, frozenset({"*"}))

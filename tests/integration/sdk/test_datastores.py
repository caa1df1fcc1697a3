"""Datastore: the factory, names registered for configured ones, files up and down."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.sdk.base.exceptions import UserErrorException
from runner.sdk.datastores.datastore import Datastore
from runner.sdk.datastores.files import Upload, send
from runner.sdk.workspaces.workspace import Workspace
from runner.storage.overlay import OverlayStore
from tests.support.fake_session import FakeSession
from tests.support.memory_store import MemoryStore


@pytest.fixture
def lake(session: FakeSession) -> MemoryStore:
    store = MemoryStore()
    session.datastores = {"lake": store, "pond": MemoryStore()}
    return store


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    for name in ("in/a/one.txt", "in/a/b/two.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    return ["in/a/one.txt", "in/a/b/two.txt"]


def test_files_go_below_their_common_parent(ws: Workspace, lake: MemoryStore, files: list[str]) -> None:
    made = Datastore(ws, "lake").upload_files(files, target_path="data")
    assert sorted(lake.objects) == ["data/b/two.txt", "data/one.txt"]
    assert (made.datastore.name, made.path_on_datastore) == ("lake", "data")
    Datastore(ws, "lake").upload_files(files, "in", "whole")
    assert {"whole/a/b/two.txt", "whole/a/one.txt"} <= lake.objects.keys()
    with pytest.raises(UserErrorException, match="outside relative_root"):
        Datastore(ws, "lake").upload_files(files, "in/a/b")
    with pytest.raises(UserErrorException, match="no file"):
        Datastore(ws, "lake").upload_files(["absent"])


def test_what_is_there_stays_unless_overwritten(
    ws: Workspace, lake: MemoryStore, files: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    lake.put("data/one.txt", b"old")
    Datastore(ws, "lake").upload("in/a", "data")
    assert lake.get("data/one.txt") == b"old"
    said = capsys.readouterr().out
    assert "lake/data/one.txt is there already: left as it is" in said
    assert "uploaded in/a/b/two.txt to lake/data/b/two.txt" in said
    Datastore(ws, "lake").upload("in/a", "data", overwrite=True, show_progress=False)
    assert lake.get("data/one.txt") == b"in/a/one.txt"
    assert capsys.readouterr().out == ""


def test_a_download_keeps_whole_paths_and_counts(ws: Workspace, lake: MemoryStore, tmp_path: Path) -> None:
    for key in ("models/iris.pkl/iris.pkl", "models/other", "data/x"):
        lake.put(key, key.encode())
    assert Datastore(ws, "lake").download("got", prefix="models") == 2
    assert (tmp_path / "got/models/iris.pkl/iris.pkl").read_text() == "models/iris.pkl/iris.pkl"
    assert Datastore(ws, "lake").download("got") == 1
    (tmp_path / "got/data/x").write_text("mine")
    assert Datastore(ws, "lake").download("got") == 0
    assert (tmp_path / "got/data/x").read_text() == "mine"
    assert Datastore(ws, "lake").download("got", overwrite=True) == 3
    assert (tmp_path / "got/data/x").read_text() == "data/x"


def test_a_store_that_only_plans_its_writes_reports_no_upload(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.csv").write_text("x\n")
    base = MemoryStore()
    upload = Upload(store=OverlayStore(base), datastore="lake", overwrite=True, show=True)
    assert send(upload, {str(tmp_path / "a.csv"): "in/a.csv"}) == 1
    assert "would upload" in capsys.readouterr().out
    assert list(base.list("")) == []

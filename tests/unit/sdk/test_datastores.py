"""Datastore: the factory, names registered for configured ones, files up and down."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.sdk.datastore import AzureBlobDatastore, Datastore
from runner.sdk.exceptions import NotOffered, UserErrorException
from runner.sdk.workspace import Workspace
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


def test_the_factory_makes_the_typed_one(ws: Workspace, lake: MemoryStore) -> None:
    for made in (Datastore(ws, "lake"), Datastore.get(ws, "lake"), ws.datastores["lake"]):
        assert type(made) is AzureBlobDatastore
        assert (made.name, made.datastore_type, made.container_name, made.account_name) == (
            "lake", "AzureBlob", "lake", "acct",
        )  # fmt: skip
        assert made.store is lake


def test_an_unknown_name_is_told_with_those_that_are_known(ws: Workspace, lake: MemoryStore) -> None:
    with pytest.raises(UserErrorException, match=r"known: workspaceblobstore, lake, pond\)") as refused:
        Datastore.get(ws, "lak")
    assert "runner.yaml" in str(refused.value)


def test_the_default_is_the_workspaces_own_until_another_is_set(ws: Workspace, lake: MemoryStore) -> None:
    assert ws.get_default_datastore().name == Datastore.get_default(ws).name == "workspaceblobstore"
    ws.set_default_datastore("lake")
    assert ws.get_default_datastore().name == Datastore(ws).name == "lake"
    Datastore(ws, "workspaceblobstore").set_as_default()
    assert Datastore(ws).name == "workspaceblobstore"
    with pytest.raises(UserErrorException, match="no datastore 'sea'"):
        ws.set_default_datastore("sea")


def test_a_container_is_found_by_account_and_container(ws: Workspace, session: FakeSession, lake: MemoryStore) -> None:
    made = Datastore.register_azure_blob_container(
        ws, datastore_name="raw_data", container_name="lake", account_name="acct", account_key="KEY", sas_token="SAS"
    )
    assert (made.name, made.container_name, made.store) == ("raw_data", "lake", lake)
    assert Datastore.get(ws, "raw_data").store is lake
    assert (made.account_key, made.sas_token) == (None, None)
    assert not any(b"KEY" in data or b"SAS" in data for data in session.store.objects.values())
    again = Datastore.register_azure_blob_container(ws, "raw_data", "lake", "acct")
    assert again.name == "raw_data"


def test_a_configured_name_needs_no_registration(ws: Workspace, session: FakeSession, lake: MemoryStore) -> None:
    assert Datastore.register_azure_blob_container(ws, "lake", "lake", "acct").store is lake
    assert session.store.objects == {}


def test_what_is_not_configured_is_told_with_the_lines_to_add(ws: Workspace, lake: MemoryStore) -> None:
    with pytest.raises(UserErrorException) as refused:
        Datastore.register_azure_blob_container(ws, "raw", "box", "contoso", account_key="KEY")
    said = str(refused.value)
    lines = ("datastores:", "  raw:", "type: folder", "# type: bucket", "# bucket: box", "account: contoso")
    for line in (*lines, "container: box"):
        assert line in said
    assert "KEY" not in said


def test_the_lines_to_add_are_what_the_configuration_reads(tmp_path: Path) -> None:
    from runner.config import load
    from runner.sdk.datastore_registration import snippet

    (tmp_path / "runner.yaml").write_text(snippet("raw", "box", "contoso"))
    found = load(tmp_path, {"RUNNER_CONFIG": str(tmp_path / "none")}).datastores["raw"]
    assert (found.account, found.container) == ("contoso", "box")


def test_a_name_is_not_taken_for_another_place_unasked(ws: Workspace, lake: MemoryStore) -> None:
    Datastore.register_azure_blob_container(ws, "mine", "lake", "acct")
    with pytest.raises(UserErrorException, match="another place"):
        Datastore.register_azure_blob_container(ws, "mine", "pond", "acct")
    assert Datastore.register_azure_blob_container(ws, "mine", "pond", "acct", overwrite=True).container_name == "pond"
    for overwrite in (False, True):
        with pytest.raises(UserErrorException, match="another place"):
            Datastore.register_azure_blob_container(ws, "lake", "pond", "acct", overwrite=overwrite)
    with pytest.raises(UserErrorException, match="cannot name"):
        Datastore.register_azure_blob_container(ws, "my-lake", "lake", "acct")


def test_a_registered_name_is_taken_back(ws: Workspace, lake: MemoryStore) -> None:
    made = Datastore.register_azure_blob_container(ws, "mine", "lake", "acct")
    made.set_as_default()
    with pytest.raises(UserErrorException, match="default"):
        made.unregister()
    ws.set_default_datastore("workspaceblobstore")
    made.unregister()
    assert "mine" not in ws.datastores
    for name in ("lake", "workspaceblobstore"):
        with pytest.raises(UserErrorException, match="not registered"):
            Datastore(ws, name).unregister()


@pytest.mark.parametrize("method", [name for name in dir(Datastore) if name.startswith("register_")])
def test_what_is_not_reached_refuses_in_one_line(ws: Workspace, method: str) -> None:
    if method == "register_azure_blob_container":
        return
    with pytest.raises(NotOffered, match=method) as refused:
        getattr(Datastore, method)(ws, "name", anything=1)
    assert "\n" not in refused.value.problems[0].what


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


def test_runners_own_records_are_not_downloaded(ws: Workspace, session: FakeSession, tmp_path: Path) -> None:
    session.store.put("runs/one/journal/1", b"")
    session.store.put("data/x", b"")
    assert Datastore(ws).download("got") == 1
    assert not (tmp_path / "got/runs").exists()

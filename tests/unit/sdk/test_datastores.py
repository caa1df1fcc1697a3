"""Datastore: the factory, names registered for configured ones, files up and down."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.errors import BadInput
from runner.sdk.base.exceptions import NotOffered, UserErrorException
from runner.sdk.datastores.datastore import AzureBlobDatastore, Datastore
from runner.sdk.workspaces.workspace import Workspace
from tests.support.fake_session import FakeSession
from tests.support.memory_store import MemoryStore


@pytest.fixture
def lake(session: FakeSession) -> MemoryStore:
    store = MemoryStore()
    session.datastores = {"lake": store, "pond": MemoryStore()}
    return store


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
    from runner.sdk.datastores.registration import snippet
    from runner.wiring.configuration import load

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


@pytest.mark.parametrize("key", ["raw/../../../mine", "raw//mine", "raw/x\0"])
def test_no_download_leaves_its_folder(ws: Workspace, lake: MemoryStore, tmp_path: Path, key: str) -> None:
    (tmp_path / "mine").write_text("mine")
    lake.objects = {"raw/a": b"a", key: b"evil"}
    with pytest.raises(BadInput, match="invalid as paths"):
        Datastore(ws, "lake").download(str(tmp_path / "deep/got"), overwrite=True, show_progress=False)
    assert (tmp_path / "mine").read_text() == "mine"
    assert not (tmp_path / "deep").exists()


def test_runners_own_records_are_not_downloaded(ws: Workspace, session: FakeSession, tmp_path: Path) -> None:
    session.store.put("runs/one/journal/1", b"")
    session.store.put("data/x", b"")
    assert Datastore(ws).download("got") == 1
    assert not (tmp_path / "got/runs").exists()

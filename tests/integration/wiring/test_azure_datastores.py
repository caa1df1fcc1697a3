"""Containers of Azure Blob Storage that v1 code registers, in an open workspace."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest

from runner.data.named_datastores import NamedDatastore, give_name
from runner.errors import BadInput, StoreDenied, StoreError
from runner.model.context import StoreAccess
from runner.model.document import to_document
from runner.model.store_endpoint import BucketEndpoint, OtherEndpoint, StepStores
from runner.sdk.base import session as sessions
from runner.sdk.base.exceptions import UserErrorException
from runner.sdk.base.step_session import StepSession
from runner.sdk.datastores.datastore import Datastore
from runner.storage.azure_blob.address import Container, from_endpoint
from runner.wiring.configuration import load
from runner.wiring.workspace import OpenWorkspace
from tests.support.scripted_server import Reply, scripted_server
from tests.support.small_azure import ACCOUNT, CONTAINER, KEY, TOKEN, SmallAzure, small_azure

NEW = "bmV3LWNhbmFyeQ=="


@dataclass
class Bench:
    root: Path
    server: SmallAzure
    container: Container
    session: OpenWorkspace

    @property
    def key_file(self) -> Path:
        (file,) = self.key_files
        return file

    @property
    def key_files(self) -> list[Path]:
        return [path for path in (self.root / "home").rglob("*") if path.is_file()]

    def claim(self, **changed: str) -> None:
        """Write a registration as any step may."""
        claimed = {"account": ACCOUNT, "container": CONTAINER, "endpoint": self.container.endpoint, **changed}
        give_name(self.session.store, "raw", NamedDatastore("raw", **claimed))

    def register(self, name: str = "raw", container: str = CONTAINER, **options: Any) -> Datastore:
        options = {"endpoint": self.container.endpoint, **options}
        return Datastore.register_azure_blob_container(cast("Any", None), name, container, ACCOUNT, **options)


def workspace(root: Path) -> OpenWorkspace:
    return OpenWorkspace(config=load(root, {"RUNNER_CONFIG": str(root / "none")}))


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    (tmp_path / "runner.yaml").write_text("name: shop\n")
    server = SmallAzure(blobs={"in/one": b"1"})
    with small_azure(server) as container:
        made = Bench(tmp_path, server, container, workspace(tmp_path))
        sessions.use(made.session)
        yield made
        sessions.use(None)


def test_a_container_is_registered_and_read(bench: Bench) -> None:
    made = bench.register(account_key=KEY)
    assert (made.account_name, made.container_name, made.store.get("in/one")) == (ACCOUNT, CONTAINER, b"1")
    facts = workspace(bench.root).datastore_facts()["raw"]
    assert (facts.kind, facts.read_only, facts.here_only) == ("azure_blob", True, False)
    assert (json.loads(bench.key_file.read_text()), bench.key_file.stat().st_mode & 0o777) == (
        {"account": ACCOUNT, "container": CONTAINER, "endpoint": bench.container.endpoint, "account_key": KEY},
        0o600,
    )
    stored = [path for path in (bench.root / ".runner").rglob("*") if path.is_file()]
    assert stored
    assert not any(KEY.encode() in path.read_bytes() for path in stored)
    made.unregister()
    assert "raw" not in workspace(bench.root).datastore_facts()


def test_steps_get_the_token_and_open_it(bench: Bench) -> None:
    bench.register(sas_token=f"?{TOKEN}")
    told = workspace(bench.root).datastores.for_steps(here=False)
    endpoint = told["raw"]
    assert isinstance(endpoint, OtherEndpoint)
    assert from_endpoint(endpoint).sas_token == TOKEN
    stores = StepStores(BucketEndpoint(bucket="b", endpoint="http://h"), told)
    (bench.root / "stores.json").write_text(json.dumps(to_document(stores)))
    step = StepSession(StoreAccess(stores=str(bench.root / "stores.json")))
    assert step.datastore("raw").get("in/one") == b"1"
    with pytest.raises(BadInput, match="a step cannot register"):
        step.admit_container(bench.container, tried=True)


@pytest.mark.parametrize("options", [{"account_key": NEW}, {"account_key": "canary!"}, {"sas_token": "canary"}, {}])
def test_a_key_that_does_not_open_it_is_refused_and_not_kept(bench: Bench, options: dict[str, str]) -> None:
    with pytest.raises(UserErrorException, match="cannot be read in Azure") as refused:
        bench.register(**options)
    assert "type: azure_blob" in str(refused.value)
    assert not any(value in str(refused.value) for value in options.values())
    assert not bench.key_files
    assert "raw" not in workspace(bench.root).datastore_facts()


def test_a_name_that_azure_has_not_is_told(bench: Bench) -> None:
    with pytest.raises(UserErrorException, match="no name of a container"):
        bench.register(container="../etc", account_key=KEY)
    with pytest.raises(UserErrorException, match="there is no container 'nothing'"):
        bench.register(container="nothing", account_key=KEY)


def test_validation_can_be_skipped_as_in_v1(bench: Bench) -> None:
    made = bench.register(account_key=NEW, skip_validation=True)
    with pytest.raises(StoreDenied):
        made.store.get("in/one")


def test_later_calls_use_the_kept_key_or_replace_it(bench: Bench) -> None:
    bench.register(account_key=KEY)
    bench.register()
    bench.register("again")
    assert set(workspace(bench.root).datastore_facts()) >= {"raw", "again"}
    bench.server.keys = {NEW}
    with pytest.raises(UserErrorException):
        bench.register()
    assert bench.register(account_key=NEW).store.get("in/one") == b"1"
    assert json.loads(bench.key_file.read_text())["account_key"] == NEW


def test_a_machine_without_the_key_is_told_what_to_give(bench: Bench) -> None:
    bench.register(account_key=KEY)
    bench.key_file.unlink()
    with pytest.raises(StoreDenied, match="give an account key or a SAS token"):
        workspace(bench.root).datastore("raw").get("in/one")


def test_a_key_goes_only_where_its_user_sent_it(bench: Bench) -> None:
    """A step may write the registration, so it must not choose the server that gets the user's token."""
    bench.register(sas_token=TOKEN)
    with scripted_server(lambda _: Reply(404)) as server:
        bench.claim(endpoint=server.endpoint)
        with suppress(StoreError):
            workspace(bench.root).datastore("raw").get("in/one")
        told = workspace(bench.root).datastores.for_steps(here=True)["raw"]
    assert server.seen
    assert not any("sig" in request.target or "authorization" in request.headers for request in server.seen)
    assert isinstance(told, OtherEndpoint)
    assert not told.secrets
    bench.claim()
    assert workspace(bench.root).datastore("raw").get("in/one") == b"1"


def test_each_endpoint_has_its_own_key(bench: Bench) -> None:
    bench.register(sas_token=TOKEN)
    other = f"http://localhost:1/{ACCOUNT}"
    bench.register("other", endpoint=other, account_key=KEY, skip_validation=True)
    found = [json.loads(file.read_text()) for file in bench.key_files]
    assert {(one["endpoint"], one.get("account_key", ""), one.get("sas_token", "")) for one in found} == {
        (bench.container.endpoint, "", TOKEN),
        (other, KEY, ""),
    }


@pytest.mark.parametrize("content", ["{}", "[]", "no JSON", '{"account": "smallaccount"}'])
def test_a_key_without_its_place_is_not_used(bench: Bench, content: str) -> None:
    bench.register(account_key=KEY)
    bench.key_file.write_text(content)
    with pytest.raises(StoreDenied, match="give an account key or a SAS token"):
        workspace(bench.root).datastore("raw").get("in/one")
    assert bench.register(account_key=KEY).store.get("in/one") == b"1"


@pytest.mark.parametrize(
    "claimed",
    [{"account": "../../secret"}, {"container": "../x"}, {"endpoint": "file:///etc"}, {"endpoint": "http://h/a/b/c"}],
)
def test_names_that_cannot_be_register_nothing(bench: Bench, claimed: dict[str, str]) -> None:
    bench.claim(**claimed)
    opened = workspace(bench.root)
    assert "raw" not in opened.datastore_facts()
    assert "raw" not in opened.datastores.for_steps(here=True)
    with pytest.raises(BadInput, match="there is no datastore 'raw'"):
        opened.datastore("raw")
    assert bench.register(account_key=KEY).store.get("in/one") == b"1"


def test_the_public_needs_no_key(bench: Bench) -> None:
    bench.server.public = True
    assert bench.register().store.get("in/one") == b"1"
    assert not bench.key_files


def test_a_configured_datastore_takes_precedence(bench: Bench) -> None:
    (bench.root / "runner.yaml").write_text(
        f"datastores: {{mine: {{type: folder, path: data, account: {ACCOUNT}, container: {CONTAINER}}}}}"
    )
    sessions.use(workspace(bench.root))
    made = bench.register(account_key="canary")
    assert (made.store, made.container_name) == (sessions.current().datastore("mine"), CONTAINER)
    assert not bench.key_files


def test_a_registered_name_means_one_container(bench: Bench) -> None:
    bench.register(account_key=KEY)
    with pytest.raises(UserErrorException, match="another place"):
        bench.register(container="other", account_key=KEY)

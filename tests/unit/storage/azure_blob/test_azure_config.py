"""Settings of Azure containers. No step carries the code that reads them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from runner.errors import BadInput
from runner.storage.azure_blob.address import Container, from_endpoint
from runner.storage.azure_blob.datastore import AzureBlobConfig
from runner.wiring.configuration import load
from tests.support.small_azure import KEY, TOKEN

AT = Container(account="contoso", container="raw", endpoint="https://contoso.blob.core.windows.net", account_key=KEY)


def configured(folder: Path, text: str) -> AzureBlobConfig:
    (folder / "runner.yaml").write_text("datastores: {raw: {type: azure_blob, " + text + "}}")
    place = load(folder, {"RUNNER_CONFIG": str(folder / "none")}).datastores["raw"].place
    assert isinstance(place, AzureBlobConfig)
    return place


def keep(folder: Path, document: object) -> None:
    (folder / "keys.json").write_text(json.dumps(document))
    (folder / "keys.json").chmod(0o600)


def test_settings_become_the_address_for_each_side(tmp_path: Path) -> None:
    keep(tmp_path, {"sas_token": f"?{TOKEN}\n"})
    near = "http://127.0.0.1:10000/contoso"
    config = configured(
        tmp_path,
        f"account: contoso, container: raw, prefix: /team/, endpoint: '{near}', credentials: keys.json, "
        "cluster_endpoint: 'http://azurite.test.svc:10000/contoso'",
    )
    assert (config.read_only, config.place) == (True, f"raw/team at {near}")
    here, there = (from_endpoint(config.for_steps("here", here=here)) for here in (True, False))
    assert here == replace(AT, endpoint=near, prefix="team/", account_key="", sas_token=TOKEN)
    assert there == replace(here, endpoint="http://azurite.test.svc:10000/contoso")
    public = configured(tmp_path, "account: contoso, container: raw")
    assert from_endpoint(public.for_steps("", here=False)) == replace(AT, account_key="")


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("account: Contoso, container: raw", "account"),
        ("account: contoso, container: ra_w", "container"),
        ("account: contoso, container: r--w", "container"),
        ("account: contoso, container: raw, endpoint: 'ftp://h'", "endpoint"),
        ("account: contoso, container: raw, endpoint: 'http://h/a/b'", "endpoint"),
        ("account: contoso, container: raw, endpoint: 'http://u:p@h/contoso'", "endpoint"),
        ("account: contoso, container: raw, prefix: a//b", "prefix"),
    ],
)
def test_settings_that_mean_nothing_are_refused(tmp_path: Path, text: str, field: str) -> None:
    with pytest.raises(BadInput) as refused:
        configured(tmp_path, text)
    assert refused.value.problems[0].where.endswith(f"datastores.raw.{field}")


@pytest.mark.parametrize(
    "document",
    [
        [],
        {},
        {"account_key": KEY, "sas_token": TOKEN},
        {"account_key": "canary!"},
        {"account_key": 5},
        {"sas_token": "canary"},
        {"sas_token": "sig=canary and more"},
    ],
)
def test_a_credentials_file_that_cannot_be_used_is_told_without_its_content(tmp_path: Path, document: object) -> None:
    keep(tmp_path, document)
    config = configured(tmp_path, "account: contoso, container: raw, credentials: keys.json")
    with pytest.raises(BadInput, match=r"keys\.json cannot be used") as refused:
        config.open("runner.yaml: datastores.raw")
    assert "canary" not in str(refused.value)
    (tmp_path / "keys.json").chmod(0o644)
    with pytest.raises(BadInput, match="read by others"):
        config.open("here")
    (tmp_path / "keys.json").unlink()
    with pytest.raises(BadInput, match="no such file"):
        config.open("here")

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from runner.model.access import Access
from runner.model.credentials import Credentials
from runner.model.data import DEFAULT_DATASTORE, FILE_DATASTORE
from runner.model.document import from_document, to_document
from runner.model.store_endpoint import BucketEndpoint, StepStores

OWN = BucketEndpoint(bucket="own", endpoint="http://far", prefix="team/", credentials=Credentials("a", "own-secret"))
LAKE = BucketEndpoint(bucket="lake", endpoint="http://lake", credentials=Credentials("b", "lake-secret"))


@pytest.mark.parametrize(
    ("name", "bucket", "prefix"),
    [(DEFAULT_DATASTORE, "own", "team/"), (FILE_DATASTORE, "own", f"team/{FILE_DATASTORE}/"), ("lake", "lake", "")],
)
def test_a_step_finds_its_datastores_in_what_its_secret_holds(name: str, bucket: str, prefix: str) -> None:
    held = json.loads(json.dumps(to_document(StepStores(OWN, {"lake": LAKE}))))
    found = from_document(StepStores, held).of(name)
    assert isinstance(found, BucketEndpoint)
    assert (found.bucket, found.prefix) == (bucket, prefix)
    assert found.credentials.secret_key == f"{bucket}-secret"


def test_temporary_credentials_reach_it_whole_and_count_among_its_secrets() -> None:
    near = replace(OWN, credentials=Credentials("temporary", "own-secret", "a-token", 1764409000.5))
    held = from_document(
        StepStores, json.loads(json.dumps(to_document(StepStores(near, {"lake": LAKE, "same": near}))))
    )
    assert held.workspace == near
    assert held.values == ("own-secret", "a-token", "lake-secret"), "each once"
    assert "own-secret" not in repr(held)
    assert "a-token" not in repr(held)


def test_others_are_unknown_to_it() -> None:
    assert StepStores(OWN).of("lake") is None


def test_a_configured_one_of_the_built_in_name_wins() -> None:
    assert StepStores(OWN, {FILE_DATASTORE: LAKE}).of(FILE_DATASTORE) == LAKE


def test_a_step_is_handed_what_it_may_open_and_the_names_of_the_rest() -> None:
    stores = StepStores(OWN, {"lake": LAKE, FILE_DATASTORE: LAKE}, {"db": "v", "api": "w"})
    part = stores.only(Access(("db", "not-configured"), ("lake",)))
    assert (set(part.datastores), part.secrets) == ({"lake"}, {"db": "v"})
    assert part.withheld == Access(("api",), (FILE_DATASTORE,))
    assert part.of(FILE_DATASTORE) is None, "not the folder of that name in the workspace store"
    assert "w" not in json.dumps(to_document(part.secrets))

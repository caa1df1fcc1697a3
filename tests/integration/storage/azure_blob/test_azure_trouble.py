"""Azure Blob Storage in trouble: servers that fail, keys and clocks that change."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from email.utils import formatdate
from pathlib import Path

import pytest

from runner.errors import BadInput, StoreDenied, StoreError, StoreUnreachable
from runner.model.store_endpoint import OtherEndpoint
from runner.storage.azure_blob.address import Container, to_endpoint
from runner.storage.azure_blob.store import BlobStore
from runner.storage.registry import open_store
from runner.storage.s3.http import RetryPolicy
from tests.support.scripted_server import Reply, Seen, scripted_server
from tests.support.small_azure import ACCOUNT, CONTAINER, KEY, TOKEN, SmallAzure, small_azure

QUICK = RetryPolicy(attempts=4, first_wait=0.001, longest_wait=0.001)
NEW = "bmV3LWNhbmFyeQ=="


def at(endpoint: str) -> Container:
    return Container(account=ACCOUNT, container=CONTAINER, endpoint=f"{endpoint}/{ACCOUNT}", account_key=KEY)


@pytest.mark.parametrize(
    "trouble",
    [
        Reply(503),
        Reply(500),
        Reply(silent=True),
        Reply(200, b"12345", cut=2),
        Reply(200, b"12345", {"Content-Length": "9"}, cut=5),
    ],
)
def test_a_request_is_repeated_until_its_answer_is_whole(trouble: Reply) -> None:
    with scripted_server([trouble, trouble, Reply(200, b"12345")]) as server:
        assert BlobStore(at(server.endpoint), QUICK).get("one") == b"12345"
        assert len(server.seen) == 3


def test_it_is_not_repeated_for_ever() -> None:
    with scripted_server(lambda _seen: Reply(503)) as server:
        with pytest.raises(StoreUnreachable, match="try again later"):
            BlobStore(at(server.endpoint), QUICK).get("one")
        assert len(server.seen) == QUICK.attempts
    with pytest.raises(StoreUnreachable, match="no answer from Azure Blob Storage"):
        BlobStore(at(server.endpoint), QUICK).get("one")


@pytest.mark.parametrize(
    "reply", [Reply(200, b"<html>log in</html>", {"ETag": ""}), Reply(404, b"<html>nothing</html>")]
)
def test_a_page_of_a_proxy_is_no_blob(reply: Reply, tmp_path: Path) -> None:
    calls: tuple[Callable[[BlobStore], object], ...] = (
        lambda store: store.get("one"),
        lambda store: store.download("one", tmp_path / "file"),
        lambda store: list(store.list("")),
        lambda store: store.read_range("one", 0, 5),
    )
    with scripted_server(lambda _seen: reply) as server:
        for call in calls:
            with pytest.raises(StoreError, match="check the endpoint"):
                call(BlobStore(at(server.endpoint), QUICK))
    assert list(tmp_path.iterdir()) == []


def test_a_blob_that_changes_in_a_download_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runner.storage.azure_blob.store.PART", 4)
    server = SmallAzure(blobs={"one": b"0123456789"})

    def answer(seen: Seen) -> Reply:
        reply = server.answer(seen)
        server.blobs["one"] = b"9876543210"
        return reply

    with scripted_server(answer) as found:
        store = BlobStore(at(found.endpoint), QUICK)
        with pytest.raises(StoreError, match="overwritten"):
            store.download("one", tmp_path / "file")
        store.close()
    assert list(tmp_path.iterdir()) == []


def test_a_listing_that_does_not_end_is_refused() -> None:
    page = b"<EnumerationResults><Blobs/><NextMarker>again</NextMarker></EnumerationResults>"
    with scripted_server(lambda _seen: Reply(200, page)) as server, pytest.raises(StoreError, match="does not end"):
        list(BlobStore(at(server.endpoint), QUICK).list(""))


def test_a_key_that_was_changed_is_read_again() -> None:
    server = SmallAzure(blobs={"one": b"1"})
    with small_azure(server) as container:
        renewed: list[OtherEndpoint] = []

        def renew() -> OtherEndpoint:
            renewed.append(to_endpoint(replace(container, account_key=NEW)))
            return renewed[-1]

        store = open_store(to_endpoint(container), QUICK, renew)
        assert (store.get("one"), renewed) == (b"1", [])
        server.keys = {NEW}
        assert (store.get("one"), len(renewed)) == (b"1", 1)
        server.keys = {"b3RoZXI="}
        with pytest.raises(StoreDenied):
            store.get("one")


def test_a_token_opens_it_and_appears_in_no_error() -> None:
    server = SmallAzure(blobs={"one": b"1"})
    with small_azure(server) as container:
        store = BlobStore(replace(container, account_key="", sas_token=TOKEN), QUICK)
        assert (store.get("one"), [info.key for info in store.list("")]) == (b"1", ["one"])
        server.tokens = set()
        with pytest.raises(StoreDenied) as refused:
            store.get("one")
        assert "c2lnbmVk" not in str(refused.value)


def test_the_public_reads_what_is_public() -> None:
    with small_azure(SmallAzure(blobs={"one": b"1"}, public=True)) as container:
        store = BlobStore(replace(container, account_key=""), QUICK)
        assert (store.get("one"), [info.key for info in store.list("")]) == (b"1", ["one"])


def test_a_clock_that_is_wrong_goes_by_the_services() -> None:
    refused = Reply(403, b"<Error><Code>AuthenticationFailed</Code></Error>", {"Date": formatdate(4e9, usegmt=True)})
    with scripted_server([refused, Reply(200, b"1")]) as server:
        assert BlobStore(at(server.endpoint), QUICK).get("one") == b"1"
        assert server.seen[1].headers["x-ms-date"].split()[3] == "2096"


def test_an_endpoint_with_a_password_is_refused() -> None:
    with pytest.raises(BadInput, match="user or a password"):
        BlobStore(replace(at("http://u:canary@h"), account_key=""), QUICK)

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timezone

import pytest

from runner.errors import ObjectMissing, StoreDenied, StoreError, StoreUnreachable
from runner.model.document import from_document, to_document
from runner.model.store_endpoint import BucketEndpoint, OtherEndpoint, StepStores
from runner.storage.azure_blob.address import Container, from_endpoint, to_endpoint
from runner.storage.azure_blob.error_answers import error_of
from runner.storage.azure_blob.listing import read_page
from runner.storage.azure_blob.sign import http_date, text_to_sign
from runner.storage.s3.http import Answer
from tests.support.small_azure import KEY, TOKEN

AT = Container(account="contoso", container="raw", endpoint="https://contoso.blob.core.windows.net", account_key=KEY)
NOW = datetime(2026, 6, 2, 10, 0, tzinfo=timezone.utc)


def test_the_text_to_sign_is_that_of_the_manual() -> None:
    """The examples of https://learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key."""
    headers = {"x-ms-date": "Fri, 26 Jun 2015 23:39:12 GMT", "x-ms-version": "2015-02-21"}
    target = "/mycontainer?restype=container&comp=metadata&timeout=20"
    assert text_to_sign("myaccount", "GET", target, headers) == (
        "GET\n\n\n\n\n\n\n\n\n\n\n\nx-ms-date:Fri, 26 Jun 2015 23:39:12 GMT\nx-ms-version:2015-02-21\n"
        "/myaccount/mycontainer\ncomp:metadata\nrestype:container\ntimeout:20"
    )


def test_a_range_and_an_encoded_name_are_signed_as_they_are_sent() -> None:
    target = AT.target("a b/é", {})
    assert target == "/raw/a%20b/%C3%A9"
    signed = text_to_sign("contoso", "GET", target, {"range": "bytes=0-9", "x-ms-date": "d", "if-match": '"e"'})
    assert signed.split("\n") == [
        "GET",
        *[""] * 7,
        '"e"',
        "",
        "",
        "bytes=0-9",
        "x-ms-date:d",
        "/contoso/raw/a%20b/%C3%A9",
    ]


def test_dates_are_english() -> None:
    assert http_date(NOW) == "Tue, 02 Jun 2026 10:00:00 GMT"


@pytest.mark.parametrize(
    "secrets", [{"account_key": KEY}, {"account_key": "", "sas_token": TOKEN}, {"account_key": ""}]
)
def test_a_container_comes_back_from_a_steps_secret(secrets: dict[str, str]) -> None:
    container = replace(AT, prefix="team/", **secrets)
    stores = StepStores(BucketEndpoint(bucket="b", endpoint="http://h"), {"raw": to_endpoint(container)})
    found = from_document(StepStores, json.loads(json.dumps(to_document(stores)))).of("raw")
    assert isinstance(found, OtherEndpoint)
    assert from_endpoint(found) == container
    assert KEY not in repr(stores) + repr(container)
    assert "c2lnbmVk" not in repr(stores) + repr(container)


def test_every_form_of_a_key_is_masked() -> None:
    assert to_endpoint(AT).hidden == (KEY,)
    told = to_endpoint(replace(AT, account_key="", sas_token=TOKEN)).hidden
    assert set(told) == {TOKEN, "c2lnbmVk%2Bby%3D", "c2lnbmVk+by="}


PAGE = """<?xml version="1.0"?><EnumerationResults><Blobs>
<Blob><Name> a b</Name><Properties><Last-Modified>Tue, 02 Jun 2026 10:00:00 GMT</Last-Modified><Etag>0x8D</Etag>
<Content-Length>3</Content-Length></Properties><Metadata /></Blob>
<Blob><Name Encoded="true">odd%01</Name><Properties><Etag>"q"</Etag><Content-Length>0</Content-Length></Properties>
</Blob>
<Blob><Name>dir</Name><Properties><Content-Length>0</Content-Length></Properties>
<Metadata><Hdi_isfolder>true</Hdi_isfolder></Metadata></Blob>
<Blob><Name>deep</Name><Properties><ResourceType>directory</ResourceType><Content-Length>0</Content-Length></Properties>
</Blob></Blobs><NextMarker>2!on</NextMarker></EnumerationResults>"""


def test_a_page_is_read_without_what_stands_for_folders() -> None:
    page = read_page(PAGE.encode())
    assert [(info.key, info.size, info.etag) for info in page.blobs] == [(" a b", 3, "0x8D"), ("odd\x01", 0, "q")]
    assert (page.blobs[0].modified, page.rest) == (NOW.timestamp(), "2!on")


@pytest.mark.parametrize("body", ["", "<html>", "<a/>", "<EnumerationResults/>", PAGE.replace(">3<", ">x<")])
def test_what_is_no_page_is_refused(body: str) -> None:
    with pytest.raises(StoreError, match="check the endpoint"):
        read_page(body.encode())


@pytest.mark.parametrize(
    ("status", "code", "changes", "error", "words"),
    [
        (404, "BlobNotFound", {}, ObjectMissing, "no blob 'x'"),
        (404, "ContainerNotFound", {}, StoreError, "there is no container 'raw'"),
        (403, "AuthenticationFailed", {}, StoreDenied, "not that of the account 'contoso'"),
        (403, "AuthorizationFailure", {}, StoreDenied, "network rules"),
        (404, "ResourceNotFound", {"account_key": ""}, StoreDenied, "not public"),
        (409, "PublicAccessNotPermitted", {"account_key": ""}, StoreDenied, "not public"),
        (403, "AuthorizationPermissionMismatch", {"account_key": "", "sas_token": TOKEN}, StoreDenied, "sp=rl"),
        (403, "AuthenticationFailed", {"account_key": "", "sas_token": TOKEN}, StoreDenied, "revoked"),
        (403, "AuthenticationFailed", {"account_key": "", "sas_token": "se=2026-06-01&sig=a"}, StoreDenied, "ended at"),
        (403, "AuthenticationFailed", {"account_key": "", "sas_token": "se=soon&sig=a"}, StoreDenied, "revoked"),
        (409, "BlobArchived", {}, StoreError, "archive tier"),
        (503, "ServerBusy", {}, StoreUnreachable, "try again later"),
        (404, "", {}, StoreError, "does not answer like Azure"),
        (400, "InvalidUri", {}, StoreError, "refused"),
    ],
)
def test_each_refusal_has_its_words(
    status: int, code: str, changes: dict[str, str], error: type[StoreError], words: str
) -> None:
    body = f"<Error><Code>{code}</Code></Error>" if code else ""
    for answer in (Answer(status, {}, body.encode()), Answer(status, {"x-ms-error-code": code}, b"")):
        found = error_of(answer, replace(AT, **changes), "x", NOW)
        assert type(found) is error
        assert words in str(found)
        assert "c2lnbmVk" not in str(found)

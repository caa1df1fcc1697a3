"""Multipart uploads that never ended, as a server of S3 lists them."""

from __future__ import annotations

import pytest

from runner.errors import StoreError
from runner.model.credentials import Credentials
from runner.model.store_endpoint import BucketEndpoint
from runner.storage.s3.http import RetryPolicy
from runner.storage.s3.store import BucketStore
from runner.storage.s3.unfinished_uploads import UnfinishedUpload
from tests.support.scripted_server import Reply, error, scripted_server

QUICK = RetryPolicy(attempts=1, first_wait=0.001, longest_wait=0.002)
NS = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'


def page(*uploads: tuple[str, str], rest: str = "") -> Reply:
    listed = "".join(
        f"<Upload><Key>{key}</Key><UploadId>{upload}</UploadId><Initiated>2026-01-02T00:00:00.000Z</Initiated></Upload>"
        for key, upload in uploads
    )
    more = f"<NextKeyMarker>{rest}</NextKeyMarker><NextUploadIdMarker>u</NextUploadIdMarker>" if rest else ""
    truncated = f"<IsTruncated>{str(bool(rest)).lower()}</IsTruncated>"
    whole = f"<EncodingType>url</EncodingType>{truncated}{more}{listed}"
    return Reply(body=f"<ListMultipartUploadsResult {NS}>{whole}</ListMultipartUploadsResult>".encode())


def bucket(endpoint: str) -> BucketStore:
    address = BucketEndpoint(bucket="data", endpoint=endpoint, prefix="p/", credentials=Credentials("k", "hidden"))
    return BucketStore(address, QUICK)


def test_all_pages_are_read_and_keys_of_others_are_left_out() -> None:
    answers = [page(("p/a%20b", "1"), ("other", "2"), rest="p/a%20b"), page(("p/c", "3"))]
    with scripted_server(answers) as server:
        found = list(bucket(server.endpoint).unfinished_uploads())
    assert [(one.key, one.upload) for one in found] == [("p/a b", "1"), ("p/c", "3")]
    assert found[0].begun == 1767312000.0
    first, second = (one.target for one in server.seen)
    assert "uploads=" in first
    assert "prefix=p%2F" in first
    assert "key-marker=p%2Fa%20b" in second


def test_an_upload_is_aborted_and_an_ended_one_is_no_error() -> None:
    with scripted_server([Reply(204), error(404, "NoSuchUpload")]) as server:
        for upload in "12":
            bucket(server.endpoint).abort_upload(UnfinishedUpload("p/a b", upload, 0.0))
    assert [one.method for one in server.seen] == ["DELETE", "DELETE"]
    assert server.seen[0].target == "/data/p/a%20b?uploadId=1"


def test_what_is_no_list_is_an_error() -> None:
    with scripted_server([Reply(body=b"<html/>")]) as server, pytest.raises(StoreError, match="cannot be read"):
        list(bucket(server.endpoint).unfinished_uploads())

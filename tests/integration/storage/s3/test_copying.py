"""Copies by the server: what is asked of it, and what its answers mean."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import pytest

from runner.errors import ObjectMissing, StoreError, StoreUnreachable
from runner.model.credentials import Credentials
from runner.model.store_endpoint import BucketEndpoint
from runner.ports import ObjectInfo
from runner.storage.s3 import copying
from runner.storage.s3.bucket import Bucket
from runner.storage.s3.http import RetryPolicy
from runner.storage.s3.store import BucketStore
from tests.support.scripted_server import Reply, Seen, error, scripted_server

FOUND = Reply(body=b"content", headers={"ETag": '"abc"'})
COPIED = Reply(body=b"<CopyObjectResult><ETag>x</ETag></CopyObjectResult>")
BEGUN = Reply(body=b"<InitiateMultipartUploadResult><UploadId>u1</UploadId></InitiateMultipartUploadResult>")
QUICK = RetryPolicy(attempts=2, first_wait=0.001, longest_wait=0.002)
GIB = 1 << 30


def bucket_endpoint(endpoint: str) -> BucketEndpoint:
    return BucketEndpoint(bucket="data", endpoint=endpoint, prefix="p/", credentials=Credentials("k", "hidden"))


@pytest.fixture
def workers() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as pool:
        yield pool


def test_the_server_is_told_what_to_copy_and_which_version() -> None:
    with scripted_server([FOUND, COPIED]) as server:
        BucketStore(bucket_endpoint(server.endpoint), QUICK).copy("a b/é", "two")
    asked = server.seen[-1]
    assert (asked.method, asked.target, asked.body) == ("PUT", "/data/p/two", b"")
    headers = {name.lower(): value for name, value in asked.headers.items()}
    assert headers["x-amz-copy-source"] == "/data/p/a%20b/%C3%A9"
    assert headers["x-amz-copy-source-if-match"] == '"abc"'


@pytest.mark.parametrize(
    ("answer", "kind", "says"),
    [
        (error(404, "NoSuchKey"), ObjectMissing, "no object 'one'"),
        (error(412, "PreconditionFailed"), StoreError, "overwritten while it was being copied"),
        (error(200, "InternalError"), StoreUnreachable, "InternalError"),
        (error(503, "SlowDown"), StoreUnreachable, "SlowDown"),
    ],
)
def test_a_copy_that_fails_says_why(answer: Reply, kind: type[StoreError], says: str) -> None:
    def serve(seen: Seen) -> Reply:
        return FOUND if seen.method == "HEAD" else answer

    with scripted_server(serve) as server, pytest.raises(kind, match=says):
        BucketStore(bucket_endpoint(server.endpoint), QUICK).copy("one", "two")


def test_a_part_that_fails_aborts_the_copy(workers: ThreadPoolExecutor) -> None:
    def serve(seen: Seen) -> Reply:
        if seen.method == "PUT":
            return Reply(body=b"<CopyPartResult/>")
        return BEGUN if seen.method == "POST" else Reply(204)

    with scripted_server(serve) as server:
        bucket = Bucket(bucket_endpoint(server.endpoint), QUICK)
        with pytest.raises(StoreError, match="did not copy a part"):
            copying.copy(bucket, ObjectInfo("one", 25, "abc"), "two", lambda: workers, whole=10)
    ranges = sorted(one.headers["x-amz-copy-source-range"] for one in server.seen if one.method == "PUT")
    assert set(ranges) <= {"bytes=0-9", "bytes=10-19", "bytes=20-24"}
    assert (server.seen[-1].method, server.seen[-1].target) == ("DELETE", "/data/p/two?uploadId=u1")


@pytest.mark.parametrize("size", [GIB + 1, 5 * GIB, 48_800 * GIB])
def test_ranges_cover_the_object_within_s3s_limits(size: int) -> None:
    ranges = [tuple(map(int, text.removeprefix("bytes=").split("-"))) for text in copying.cut(size, copying.WHOLE)]
    assert len(ranges) <= 10_000
    assert ranges[0][0] == 0
    assert ranges[-1][1] == size - 1
    assert all(one[1] + 1 == other[0] for one, other in pairwise(ranges))
    assert all(last - first < 5 * GIB for first, last in ranges)

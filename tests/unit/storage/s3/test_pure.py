"""The parts of the S3 client that decide without a connection."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from hashlib import md5
from pathlib import Path

import pytest

from runner.errors import BadInput, ObjectMissing, StoreDenied, StoreError, StoreUnreachable
from runner.model.credentials import Credentials
from runner.model.store_endpoint import BucketEndpoint
from runner.storage.s3.bucket import Bucket
from runner.storage.s3.credential_refresh import server_time
from runner.storage.s3.error_answers import RequestTarget, error_of
from runner.storage.s3.http import Answer, RetryPolicy, pause
from runner.storage.s3.listing import page_query, read_page, seconds_of_header
from runner.storage.s3.multipart import PART, cut, expected_etag
from runner.storage.s3.store import BucketStore

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=timezone.utc)
PLACE = RequestTarget("http://store:9000", "data", "runs/one")
GIB = 1 << 30
PAGE = b"""<?xml version="1.0" encoding="UTF-8"?>
<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>b</Name><EncodingType>url</EncodingType>
<IsTruncated>true</IsTruncated><NextContinuationToken>t=1</NextContinuationToken>
<Contents><Key>a+b/%C3%A9%2B</Key><ETag>&#34;e1&#34;</ETag><Size>3</Size></Contents>
<Contents><Key>c</Key><ETag>"e2"</ETag><Size>0</Size></Contents>
<CommonPrefixes><Prefix>x/</Prefix></CommonPrefixes></ListBucketResult>"""


def answer(status: int, code: str = "", **headers: str) -> Answer:
    body = f"<Error><Code>{code}</Code><Message>so</Message></Error>".encode() if code else b""
    return Answer(status, headers, body)


@pytest.mark.parametrize(
    ("given", "error", "says"),
    [
        (answer(404, "NoSuchKey"), ObjectMissing, "no object 'runs/one'"),
        (answer(404, "NoSuchBucket"), StoreError, "create it"),
        (answer(404), StoreError, "check the endpoint"),
        (Answer(200 + 104, {}, b"<html>"), StoreError, "not answer like an S3 server"),
        (answer(403, "InvalidAccessKeyId"), StoreDenied, "does not know this access key"),
        (answer(403, "SignatureDoesNotMatch"), StoreDenied, "secret key"),
        (answer(403, "AccessDenied"), StoreDenied, "read and write access"),
        (answer(403), StoreDenied, "403"),
        (Answer(403, {"x-minio-error-code": "AccessDenied"}, b""), StoreDenied, "AccessDenied"),
        (answer(503, "SlowDown"), StoreUnreachable, "SlowDown"),
        (answer(507, "XMinioStorageFull"), StoreUnreachable, "the object store is full"),
        (answer(429), StoreUnreachable, "try again later"),
        (answer(400, "AuthorizationHeaderMalformed"), StoreError, "is in another region .*correct `region`"),
        (Answer(301, {"x-amz-bucket-region": "eu-west-1"}, b""), StoreError, "is in region 'eu-west-1'"),
        (
            Answer(400, {}, b"<Error><Code>AuthorizationHeaderMalformed</Code><Region>us-east-1</Region></Error>"),
            StoreError,
            "is in region 'us-east-1' .*correct `region`",
        ),
        (answer(400, "XMinioParentIsObject"), StoreError, "rename"),
        (answer(400, "Strange"), StoreError, "Strange.*so"),
    ],
)
def test_an_answer_becomes_an_error(given: Answer, error: type[StoreError], says: str) -> None:
    with pytest.raises(error, match=says) as failure:
        raise error_of(given, PLACE, NOW)
    assert failure.type is error
    assert "http://store:9000" in str(failure.value)


@pytest.mark.parametrize(("code", "ahead", "side"), [("RequestTimeTooSkewed", 1200, "ahead of"), ("", -4000, "behind")])
def test_clocks_that_differ_are_told(code: str, ahead: int, side: str) -> None:
    theirs = (NOW - timedelta(seconds=ahead)).strftime("%a, %d %b %Y %H:%M:%S GMT")
    error = error_of(answer(403, code, date=theirs), PLACE, NOW)
    assert isinstance(error, StoreUnreachable), "it passes by itself when the clock is set"
    told = str(error)
    assert f"the clocks differ by {abs(ahead)} s" in told
    assert f"{side} the store" in told


def test_a_date_is_read() -> None:
    assert server_time({"date": "Sun, 22 Nov 2026 08:00:00 GMT"}) == NOW
    assert server_time({"date": "yesterday"}) is None
    assert server_time({}) is None


def test_waits_double_up_to_a_limit() -> None:
    retries = RetryPolicy(first_wait=0.1, longest_wait=1.0)
    assert [pause(retries, attempt, OSError(), 1.0) for attempt in (1, 2, 3, 4, 5, 50)] == [0.1, 0.2, 0.4, 0.8, 1, 1]
    assert pause(retries, 3, answer(503), 0.0) == 0.2


@pytest.mark.parametrize(("asked", "seconds"), [("3", 3.0), ("0", 0.0), ("9999", 30.0)])
def test_the_server_may_ask_for_a_wait(asked: str, seconds: float) -> None:
    assert pause(RetryPolicy(), 1, Answer(503, {"retry-after": asked}, b""), 0.5) == seconds


def test_a_page_is_read() -> None:
    page = read_page(PAGE)
    assert [(info.key, info.size, info.etag) for info in page.objects] == [("a b/é+", 3, "e1"), ("c", 0, "e2")]
    assert page.rest == "t=1"
    assert read_page(PAGE.replace(b">true<", b">false<")).rest == ""


def test_keys_of_a_server_that_does_not_encode_them_are_left_alone() -> None:
    page = read_page(PAGE.replace(b"<EncodingType>url</EncodingType>", b""))
    assert page.objects[0].key == "a+b/%C3%A9%2B"


@pytest.mark.parametrize("body", [b"", b"<html></html>", b"<ListBucketResult>", PAGE.replace(b">3<", b">x<")])
def test_what_is_no_page_is_an_error(body: bytes) -> None:
    with pytest.raises(StoreError, match="check the endpoint"):
        read_page(body)


def test_a_page_is_asked_for() -> None:
    assert page_query("p/", "", "") == {"list-type": "2", "encoding-type": "url", "prefix": "p/"}
    assert page_query("p/", "p/a", "")["start-after"] == "p/a"
    assert page_query("p/", "p/a", "token").get("start-after") is None
    assert page_query("p/", "p/a", "token")["continuation-token"] == "token"


@pytest.mark.parametrize("size", [PART + 1, 2 * PART, 40 << 20, 160 * GIB, 200 * GIB, 5000 * GIB])
def test_parts_cover_the_file_within_s3s_limits(size: int) -> None:
    parts = cut(Path("file"), size)
    assert len(parts) <= 10_000
    assert [part.offset for part in parts] == [parts[0].length * number for number in range(len(parts))]
    assert sum(part.length for part in parts) == size
    assert all(PART <= part.length <= 5 * GIB for part in parts[:-1])


def test_the_etag_of_parts_is_foreseen() -> None:
    etags = [f'"{md5(part).hexdigest()}"' for part in (b"one", b"two")]
    whole = md5(md5(b"one").digest() + md5(b"two").digest()).hexdigest()
    assert expected_etag(etags) == f'"{whole}-2"'
    assert expected_etag(['"not-md5"']) == ""


@pytest.mark.parametrize(
    "endpoint", ["", "store:9000", "ftp://store", "http://", "http://store/base", "http://store?x=1"]
)
def test_an_endpoint_that_is_none_is_refused(endpoint: str) -> None:
    with pytest.raises(BadInput, match="http://host:port"):
        BucketStore(BucketEndpoint(bucket="data", endpoint=endpoint))


def test_when_an_object_was_written() -> None:
    written = PAGE.replace(b"<Size>", b"<LastModified>2026-01-02T03:04:05.678Z</LastModified><Size>", 1)
    assert [info.modified for info in read_page(written).objects][:1] == [1767323045.0]
    assert read_page(PAGE).objects[0].modified == 0
    assert seconds_of_header("Fri, 02 Jan 2026 03:04:05 GMT") == 1767323045.0
    assert seconds_of_header("") == 0


def test_a_key_that_is_too_long_with_the_buckets_prefix_is_refused_before_anything_is_sent() -> None:
    bucket_endpoint = BucketEndpoint(
        bucket="data", endpoint="http://127.0.0.1:1", prefix="p/" * 100, credentials=Credentials("k", "hidden")
    )
    bucket, long = Bucket(bucket_endpoint, RetryPolicy()), "/".join(["d" * 200] * 4)
    assert bucket.target(long).endswith(long)
    with pytest.raises(ValueError, match="object key too long"):
        bucket.target(f"{long}/{'f' * 40}")


def test_the_bucket_is_in_the_path_or_in_the_host() -> None:
    address = BucketEndpoint(bucket="data", endpoint="https://store.example:9000", prefix="team/")
    host = replace(address, host_style=True)
    assert (address.url, host.url) == ("https://store.example:9000", "https://data.store.example:9000")
    in_path, in_host = Bucket(address, RetryPolicy()), Bucket(host, RetryPolicy())
    assert (in_path.target("a b"), in_path.target()) == ("/data/team/a%20b", "/data/")
    assert (in_host.target("a b"), in_host.target()) == ("/team/a%20b", "/")
    assert in_path.origin("a b") == in_host.origin("a b") == {"x-amz-copy-source": "/data/team/a%20b"}

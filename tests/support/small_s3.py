"""A small S3 server in this process, for tests whose subject is not the server: no signatures, no multipart uploads."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from urllib.parse import parse_qs, quote, unquote, urlsplit

from runner.model.credentials import Credentials
from runner.model.store_endpoint import BucketEndpoint
from tests.support.scripted_server import Reply, Seen, error, scripted_server

BUCKET = "small"
CANARY = "canary-of-the-small-bucket"
"""The key of its user."""
_PAGE = 1000


@dataclass
class SmallS3:
    """The objects of one bucket."""

    objects: dict[str, bytes] = field(default_factory=dict)
    denied: frozenset[str] = frozenset()
    """Access keys that are no longer accepted."""

    def answer(self, seen: Seen) -> Reply:
        """Answer one request."""
        parts = urlsplit(seen.target)
        key = unquote(parts.path).partition("/")[2].partition("/")[2]
        if any(f"Credential={one}/" in seen.headers.get("authorization", "") for one in self.denied):
            return error(403, "InvalidAccessKeyId")
        reply = self._answer(seen, key, {name: each[0] for name, each in parse_qs(parts.query).items()})
        return Reply(reply.status, reply.body, {"Date": formatdate(usegmt=True), **reply.headers})

    def _answer(self, seen: Seen, key: str, query: dict[str, str]) -> Reply:
        if seen.method == "GET" and "list-type" in query:
            return self._page(query)
        if seen.method == "PUT":
            return self._put(seen, key)
        if seen.method == "DELETE":
            self.objects.pop(key, None)
            return Reply(204)
        if not key:
            return Reply()
        return self._sent(seen, key) if key in self.objects else error(404, "NoSuchKey")

    def _put(self, seen: Seen, key: str) -> Reply:
        if seen.headers.get("if-none-match") == "*" and key in self.objects:
            return error(412, "PreconditionFailed")
        source = unquote(seen.headers.get("x-amz-copy-source", "")).lstrip("/").partition("/")[2]
        if source and source not in self.objects:
            return error(404, "NoSuchKey")
        self.objects[key] = self.objects[source] if source else seen.body
        etag = {"ETag": _etag(self.objects[key])}
        return Reply(body=b"<CopyObjectResult></CopyObjectResult>", headers=etag) if source else Reply(headers=etag)

    def _sent(self, seen: Seen, key: str) -> Reply:
        data, stated = self.objects[key], seen.headers.get("if-match", "")
        if stated and stated != _etag(data):
            return error(412, "PreconditionFailed")
        headers = {"ETag": _etag(data), "Last-Modified": formatdate(usegmt=True)}
        if "range" not in seen.headers or not data:
            return Reply(body=data, headers=headers)
        first, _, last = seen.headers["range"].partition("=")[2].partition("-")
        start, end = int(first), min(int(last or len(data)), len(data) - 1)
        headers["Content-Range"] = f"bytes {start}-{end}/{len(data)}"
        return Reply(206, data[start : end + 1], headers)

    def _page(self, query: dict[str, str]) -> Reply:
        after = query.get("continuation-token") or query.get("start-after", "")
        found = sorted(key for key in self.objects if key.startswith(query.get("prefix", "")) and key > after)
        prefix, delimiter = query.get("prefix", ""), query.get("delimiter", "")
        rests = {key: key[len(prefix) :].partition(delimiter) if delimiter else ("", "", "") for key in found}
        folders = dict.fromkeys(f"{prefix}{rest[0]}{delimiter}" for rest in rests.values() if rest[1])
        found = [key for key in found if not rests[key][1]]
        shown, more = found[:_PAGE], found[_PAGE:]
        lines = "".join(
            f"<Contents><Key>{quote(key)}</Key><Size>{len(self.objects[key])}</Size><ETag>{_etag(self.objects[key])}"
            f"</ETag><LastModified>{time.strftime('%Y-%m-%dT%H:%M:%S.000Z', time.gmtime())}</LastModified></Contents>"
            for key in shown
        )
        lines += "".join(f"<CommonPrefixes><Prefix>{quote(one)}</Prefix></CommonPrefixes>" for one in folders)
        rest = f"<NextContinuationToken>{quote(shown[-1])}</NextContinuationToken>" if more else ""
        truncated = str(bool(more)).lower()
        return Reply(
            body=f"<ListBucketResult><EncodingType>url</EncodingType><IsTruncated>{truncated}</IsTruncated>{rest}"
            f"{lines}</ListBucketResult>".encode()
        )


@contextmanager
def small_s3(server: SmallS3 | None = None) -> Iterator[BucketEndpoint]:
    """The bucket of a server, with a key that it accepts like any other."""
    with scripted_server((server or SmallS3()).answer) as found:
        yield BucketEndpoint(bucket=BUCKET, endpoint=found.endpoint, credentials=Credentials("small-key", CANARY))


def _etag(data: bytes) -> str:
    return f'"{hashlib.md5(data).hexdigest()}"'

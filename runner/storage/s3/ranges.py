"""Downloads: the first part has the size of the object; the other parts are fetched in parallel.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html, RFC 9110 section 14
"""

from __future__ import annotations

from dataclasses import dataclass
from http.client import IncompleteRead
from typing import TYPE_CHECKING

from ...errors import ObjectChanged, StoreError
from ...override import override
from ..localfile import BLOCK, local_file_errors, write_at
from .body import Body
from .bucket import Bucket
from .http import Answer
from .parallel import all_of

if TYPE_CHECKING:
    from concurrent.futures import Executor

PART = 16 << 20
"""Bytes of a part."""

_OK, _CHANGED, _NO_RANGE = 200, 412, 416


@dataclass
class _Part:
    """The sink of one part: writes the body at its offset in the file."""

    descriptor: int
    offset: int
    status: int = 0
    length: int = 0

    def __call__(self, body: Body) -> None:
        """Read the body to its end. Raise IncompleteRead if it is shorter than announced, StoreError."""
        announced = body.length
        buffer = memoryview(bytearray(BLOCK if announced is None else max(1, min(BLOCK, announced))))
        self.status, self.length = body.status, 0
        while count := body.readinto(buffer):
            with local_file_errors("the file", "write"):
                write_at(self.descriptor, buffer[:count], self.offset + self.length)
            self.length += count
        if announced is not None and self.length != announced:
            raise IncompleteRead(b"", announced - self.length)


@dataclass
class _Range(_Part):
    """The sink of a range of a file whose other ranges may be complete: it writes nothing outside of its own."""

    most: int = 0

    @override
    def __call__(self, body: Body) -> None:
        if body.status == _OK or body.length is None or body.length > self.most:
            raise StoreError(
                f"the object store sent {'an unknown number of' if body.length is None else body.length} bytes "
                f"(HTTP {body.status}) where {self.most} were asked for; check the endpoint, and any proxy on the way"
            )
        super().__call__(body)


def fetch(bucket: Bucket, key: str, descriptor: int, workers: Executor) -> None:
    """Download an object into an empty file. Raise ObjectMissing, StoreError."""
    first = _Part(descriptor, 0)
    answer = bucket.ask("GET", key, headers=_range(0), sink=first, expect=frozenset({_NO_RANGE}))
    if answer.status == _NO_RANGE:  # an empty object has no first byte
        first = _Part(descriptor, 0)
        answer = bucket.ask("GET", key, sink=first)
    if answer.status == _OK:  # a server may ignore the range
        return
    size = _size(answer.headers.get("content-range", ""), key)
    _require_range(answer, first, size, key)
    if size <= PART:
        return
    etag = answer.headers.get("etag", "")
    calls = [
        workers.submit(_fetch_part, bucket, key, _Part(descriptor, offset), etag, size)
        for offset in range(PART, size, PART)
    ]
    all_of(calls)


def read(bucket: Bucket, key: str, start: int, length: int, etag: str) -> bytes:
    """Return at most `length` bytes from `start`. Raise ObjectMissing, ObjectChanged, StoreError.

    Args:
        bucket: The bucket.
        key: The object's key.
        start: The offset of the first byte.
        length: The most bytes, at least 1.
        etag: The ETag, in quotes, that the object must have; empty: any.
    """
    headers = {**_range(start, length), **({"if-match": etag} if etag else {})}
    answer = bucket.ask("GET", key, headers=headers, expect=frozenset({_CHANGED, _NO_RANGE}))
    if answer.status == _NO_RANGE:  # it begins behind the end; not every server looks at If-Match then
        found = bucket.ask("HEAD", key)
        require_etag(found, etag, key)
        if start < int(found.headers["content-length"]):
            raise bucket.not_s3_error("it refuses a range that the object has", answer.status, key)
        return b""
    require_etag(answer, etag, key)
    if answer.status == _OK:  # a server may ignore the range
        return answer.body[start : start + length]
    size = _size(answer.headers.get("content-range", ""), key)
    _require_content(answer, start, min(start + length, size), size, len(answer.body), key)
    return answer.body


def read_into(bucket: Bucket, key: str, descriptor: int, span: tuple[int, int], etag: str) -> int:
    """Write a range to the same place of a file; return its bytes. Raise ObjectMissing, ObjectChanged, StoreError.

    Args:
        bucket: The bucket.
        key: The object's key.
        descriptor: The file's descriptor.
        span: The offset of the first byte, and the most bytes, at least 1.
        etag: The ETag, in quotes, that the object must have; empty: any.
    """
    start, length = span
    sink = _Range(descriptor, start, most=length)
    headers = {**_range(start, length), **({"if-match": etag} if etag else {})}
    answer = bucket.ask("GET", key, headers=headers, sink=sink, expect=frozenset({_CHANGED}))
    require_etag(answer, etag, key)
    size = _size(answer.headers.get("content-range", ""), key)
    _require_content(answer, start, min(start + length, size), size, sink.length, key)
    return sink.length


def require_etag(answer: Answer, etag: str, key: str) -> None:
    """Raise ObjectChanged if the answer is about an object with another ETag than `etag`; empty: any."""
    if answer.status == _CHANGED or (etag and answer.headers.get("etag", "") != etag):  # some servers ignore If-Match
        raise ObjectChanged(f"the object {key!r} was overwritten while it was being downloaded; download it again")


def _fetch_part(bucket: Bucket, key: str, part: _Part, etag: str, size: int) -> None:
    headers = {**_range(part.offset), "if-match": etag}
    answer = bucket.ask("GET", key, headers=headers, sink=part, expect=frozenset({_CHANGED}))
    require_etag(answer, etag, key)
    _require_range(answer, part, size, key)


def _require_range(answer: Answer, part: _Part, size: int, key: str) -> None:
    """Raise StoreError if the answer has another range than `part`, or another length."""
    _require_content(answer, part.offset, min(part.offset + PART, size), size, part.length, key)


def _require_content(answer: Answer, start: int, end: int, size: int, length: int, key: str) -> None:
    """Raise StoreError unless the answer has the `length` bytes from `start` to `end` of an object of `size` bytes.

    https://www.rfc-editor.org/rfc/rfc9110#section-14.4
    """
    told, due = answer.headers.get("content-range", ""), f"bytes {start}-{end - 1}/{size}"
    if answer.status == _OK or told != due or length != end - start:
        raise StoreError(
            f"the object store sent {length} bytes of {key!r} (Content-Range: {told!r}), not {due!r}: "
            "this is not what was asked; check the endpoint, and any proxy on the way to it"
        )


def _range(start: int, length: int = PART) -> dict[str, str]:
    return {"range": f"bytes={start}-{start + length - 1}"}


def _size(content_range: str, key: str) -> int:
    """Return the object's whole size, which follows the slash."""
    size = content_range.rpartition("/")[2]
    if not size.isdecimal():
        raise StoreError(f"the object store did not tell the size of {key!r} (Content-Range: {content_range!r})")
    return int(size)

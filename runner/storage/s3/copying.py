"""Copies inside a bucket, made by the server.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html,
https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPartCopy.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ...errors import StoreError
from ...ports import ObjectInfo
from .bucket import Bucket
from .http import Answer
from .multipart import assemble, part_query
from .parallel import all_of
from .xml import parse, root_name, text

if TYPE_CHECKING:
    from concurrent.futures import Executor

WHOLE = 1 << 30
"""Bytes copied by one request. S3 allows 5 GB, but answers only at the end, which a time limit bounds."""
_MOST_PARTS = 10_000
_MISSING, _CHANGED = 404, 412


def copy(
    bucket: Bucket, source: ObjectInfo, target: str, workers: Callable[[], Executor], *, whole: int = WHOLE
) -> None:
    """Copy an object; one of more than `whole` bytes in parts of that size. Raise ObjectMissing, StoreError."""
    if source.size <= whole:
        answer = _ask(bucket, source, target)
        if root_name(answer.body) != "CopyObjectResult":
            raise bucket.not_s3_error("it is no answer to a copy", answer.status, target)
        return

    def copy_parts(upload: str) -> list[str]:
        calls = [
            workers().submit(_copy_part, bucket, source, target, part_query(upload, number), bytes_)
            for number, bytes_ in enumerate(cut(source.size, whole), 1)
        ]
        return all_of(calls)

    assemble(bucket, target, copy_parts)


def cut(size: int, whole: int) -> list[str]:
    """Return the ranges of an object's parts: `whole` bytes each, or more if S3's limit of 10,000 parts needs it."""
    part = max(whole, -(-size // _MOST_PARTS))
    return [f"bytes={start}-{min(start + part, size) - 1}" for start in range(0, size, part)]


def _copy_part(bucket: Bucket, source: ObjectInfo, target: str, query: dict[str, str], bytes_: str) -> str:
    root = parse(_ask(bucket, source, target, query, bytes_).body)
    etag = "" if root is None or not root.tag.endswith("CopyPartResult") else text(root, "ETag")
    if not etag:
        raise StoreError(f"the object store did not copy a part of {source.key!r}; check the endpoint")
    return etag


def _ask(
    bucket: Bucket, source: ObjectInfo, target: str, query: dict[str, str] | None = None, bytes_: str = ""
) -> Answer:
    """Return the answer to a copy that was accepted. Raise ObjectMissing, StoreError."""
    headers = dict(bucket.origin(source.key))
    if source.etag:
        headers["x-amz-copy-source-if-match"] = f'"{source.etag}"'
    if bytes_:
        headers["x-amz-copy-source-range"] = bytes_
    expect = frozenset({_MISSING, _CHANGED})
    answer = bucket.ask("PUT", target, query=query, headers=headers, body=b"", expect=expect)
    if answer.status == _CHANGED:
        raise StoreError(f"the object {source.key!r} was overwritten while it was being copied; copy it again")
    if answer.status == _MISSING:
        raise bucket.refused(answer, source.key)
    return answer

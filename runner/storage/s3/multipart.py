"""Multipart uploads.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ...backports import md5
from ...errors import StoreError
from ..localfile import Slice, changed, local_file_errors
from .bucket import Bucket
from .error_answers import code_of
from .parallel import all_of
from .xml import parse, root_name, text

if TYPE_CHECKING:
    from concurrent.futures import Executor

PART = 16 << 20
"""Bytes of a part, unless the file needs larger ones."""
_MOST_PARTS = 10_000
_MEBIBYTE = 1 << 20


def cut(path: Path, size: int) -> list[Slice]:
    """Return the file's parts: `PART` bytes each, or more MiB if S3's limit of 10,000 parts needs it."""
    least = -(-size // _MOST_PARTS)
    part = max(PART, -(-least // _MEBIBYTE) * _MEBIBYTE)
    return [Slice(path, offset, min(part, size - offset)) for offset in range(0, size, part)]


def send(bucket: Bucket, key: str, path: Path, workers: Executor, *, digest: str = "") -> None:
    """Upload a file; the object appears complete or not at all.

    Args:
        bucket: The bucket.
        key: The key of the object.
        path: The file.
        workers: The threads that send the parts.
        digest: The hex SHA-256 that the file must have; empty: no check.

    Raises:
        StoreError: The store refuses the upload, or the file changes meanwhile.
    """
    before = _facts(path)
    parts = cut(path, before[0])
    if digest:
        parts = known(parts, digest)

    def send_parts(upload: str) -> list[str]:
        calls = [
            workers.submit(_send_part, bucket, key, part_query(upload, number), part)
            for number, part in enumerate(parts, 1)
        ]
        etags = all_of(calls)
        _require_unchanged(path, before)
        return etags

    assemble(bucket, key, send_parts)


def known(parts: Sequence[Slice], digest: str) -> list[Slice]:
    """Return the parts of a file with digests of their own. Raise StoreError if the whole has another `digest`."""
    whole = hashlib.sha256()
    found: list[Slice] = []
    for part in parts:
        own = hashlib.sha256()
        for block in part.blocks():
            whole.update(block)
            own.update(block)
        found.append(replace(part, digest=own.hexdigest()))
    if whole.hexdigest() != digest:
        raise changed(parts[0].path)
    return found


def assemble(bucket: Bucket, key: str, send_parts: Callable[[str], list[str]]) -> None:
    """Make an object of parts; it appears complete or not at all.

    Args:
        bucket: The bucket.
        key: The key of the object.
        send_parts: Sends the parts for an upload id and returns their ETags.
    """
    upload = _begin(bucket, key)
    completed = False
    try:
        _complete(bucket, key, upload, send_parts(upload))
        completed = True
    finally:
        if not completed:  # parts of an incomplete upload cost money until they are aborted
            with suppress(StoreError):
                bucket.ask("DELETE", key, query={"uploadId": upload})


def part_query(upload: str, number: int) -> dict[str, str]:
    """Return the query parameters for a part; `number` counts from 1."""
    return {"partNumber": str(number), "uploadId": upload}


def expected_etag(etags: Sequence[str]) -> str:
    """Return the ETag that S3 and MinIO give an object of these parts: the MD5 of their MD5s and their count."""
    with suppress(ValueError):
        digests = b"".join(bytes.fromhex(etag.strip('"')) for etag in etags)
        return f'"{md5(digests).hexdigest()}-{len(etags)}"'
    return ""


def _begin(bucket: Bucket, key: str) -> str:
    root = parse(bucket.ask("POST", key, query={"uploads": ""}, body=b"").body)
    upload = "" if root is None else text(root, "UploadId")
    if not upload:
        raise StoreError(f"the object store did not begin a multipart upload of {key!r}; check the endpoint")
    return upload


def _send_part(bucket: Bucket, key: str, query: dict[str, str], part: Slice) -> str:
    return bucket.ask("PUT", key, query=query, body=part).headers.get("etag", "")


def _complete(bucket: Bucket, key: str, upload: str, etags: Sequence[str]) -> None:
    parts = "".join(f"<Part><PartNumber>{n}</PartNumber><ETag>{etag}</ETag></Part>" for n, etag in enumerate(etags, 1))
    body = f"<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>".encode()
    answer = bucket.ask("POST", key, query={"uploadId": upload}, body=body, expect=frozenset({404}))
    if answer.status == 200:
        if root_name(answer.body) != "CompleteMultipartUploadResult":
            raise bucket.not_s3_error("it does not say that the upload is complete", answer.status, key)
        return
    if answer.uncertain and code_of(answer) == "NoSuchUpload" and _is_there(bucket, key, etags):
        return  # an earlier attempt has completed it
    raise bucket.refused(answer, key)


def _is_there(bucket: Bucket, key: str, etags: Sequence[str]) -> bool:
    found = bucket.ask("HEAD", key, expect=frozenset({404})).headers.get("etag", "")
    return bool(found) and found == expected_etag(etags)


def _require_unchanged(path: Path, before: tuple[int, int]) -> None:
    if _facts(path) != before:
        raise changed(path)


def _facts(path: Path) -> tuple[int, int]:
    with local_file_errors(path, "upload"):
        facts = path.stat()
    return facts.st_size, facts.st_mtime_ns

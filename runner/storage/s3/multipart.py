"""Uploads in parts.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import StoreError
from ..localfile import Slice, changed, trouble
from .bucket import Bucket
from .parallel import all_of
from .refusal import code_of
from .xml import parse, root_of, text

if TYPE_CHECKING:
    from concurrent.futures import Executor

PART = 16 << 20
"""Bytes of a part, unless the file needs larger ones."""
_MOST_PARTS = 10_000
_MEBIBYTE = 1 << 20


def cut(path: Path, size: int) -> list[Slice]:
    """The file's parts: `PART` bytes each, or as many MiB as keep them within S3's 10,000."""
    least = -(-size // _MOST_PARTS)
    part = max(PART, -(-least // _MEBIBYTE) * _MEBIBYTE)
    return [Slice(path, offset, min(part, size - offset)) for offset in range(0, size, part)]


def send(bucket: Bucket, key: str, path: Path, workers: Executor, *, digest: str = "") -> None:
    """Upload the file; it appears whole or not at all.

    Args:
        bucket: Where to.
        key: The object's.
        path: The file.
        workers: Send the parts.
        digest: The hex SHA-256 that the file must have; empty: any.

    Raises:
        StoreError: The store refuses it, or the file changes meanwhile.

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
    """Return the parts of a file with digests of their own. Raises StoreError when the whole has another `digest`."""
    whole, found = hashlib.sha256(), list[Slice]()
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
    """Make an object of parts, whose etags `send_parts` returns for an upload id; whole or not at all."""
    upload = _begin(bucket, key)
    completed = False
    try:
        _complete(bucket, key, upload, send_parts(upload))
        completed = True
    finally:
        if not completed:  # parts that nobody completes are paid for until they are aborted
            with suppress(StoreError):
                bucket.ask("DELETE", key, query={"uploadId": upload})


def part_query(upload: str, number: int) -> dict[str, str]:
    """The parameters of the request for a part; `number` counts from 1."""
    return {"partNumber": str(number), "uploadId": upload}


def expected_etag(etags: Sequence[str]) -> str:
    """What S3 and MinIO call an object of these parts: the MD5 of their MD5s and their count."""
    with suppress(ValueError):
        digests = b"".join(bytes.fromhex(etag.strip('"')) for etag in etags)
        return f'"{hashlib.md5(digests, usedforsecurity=False).hexdigest()}-{len(etags)}"'
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
        if root_of(answer.body) != "CompleteMultipartUploadResult":
            raise bucket.no_s3("it does not say that the upload is complete", answer.status, key)
        return
    if answer.uncertain and code_of(answer) == "NoSuchUpload" and _is_there(bucket, key, etags):
        return  # an earlier sending had completed it
    raise bucket.refused(answer, key)


def _is_there(bucket: Bucket, key: str, etags: Sequence[str]) -> bool:
    found = bucket.ask("HEAD", key, expect=frozenset({404})).headers.get("etag", "")
    return bool(found) and found == expected_etag(etags)


def _require_unchanged(path: Path, before: tuple[int, int]) -> None:
    if _facts(path) != before:
        raise changed(path)


def _facts(path: Path) -> tuple[int, int]:
    with trouble(path, "upload"):
        facts = path.stat()
    return facts.st_size, facts.st_mtime_ns

"""Multipart uploads that were begun and never ended. Their parts cost money until they are aborted.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListMultipartUploads.html. MinIO lists them by whole keys alone, and
aborts them by itself after a day.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import unquote_plus

from ...dataclass import dataclass
from ...errors import StoreError
from .listing import seconds_of_time
from .xml import parse, text

if TYPE_CHECKING:
    from .bucket import Bucket

_MOST_PAGES = 1000


@dataclass(frozen=True)
class UnfinishedUpload:
    """One upload."""

    key: str
    """The whole key, as the bucket has it."""
    upload: str
    begun: float
    """Seconds since the epoch, by the store's clock; 0: unknown."""


def listed(bucket: Bucket, prefix: str) -> Iterator[UnfinishedUpload]:
    """Yield the unfinished uploads of keys that begin with `prefix`. Raises StoreError."""
    key = upload = ""
    for _ in range(_MOST_PAGES):
        markers = {"key-marker": key, "upload-id-marker": upload} if key else {}
        query = {"uploads": "", "encoding-type": "url", "prefix": prefix, **markers}
        root = parse(bucket.ask("GET", query=query).body)
        if root is None or not root.tag.endswith("ListMultipartUploadsResult"):
            raise StoreError("the object store sent a list of uploads that cannot be read; check the endpoint")
        encoded = text(root, "EncodingType") == "url"
        for each in root.iterfind("{*}Upload"):
            found = text(each, "Key")
            name = unquote_plus(found) if encoded else found
            if name.startswith(prefix):
                yield UnfinishedUpload(name, text(each, "UploadId"), seconds_of_time(text(each, "Initiated")))
        key, upload = text(root, "NextKeyMarker"), text(root, "NextUploadIdMarker")
        key = unquote_plus(key) if encoded else key
        if text(root, "IsTruncated") != "true" or not key:
            return


def abort(bucket: Bucket, found: UnfinishedUpload) -> None:
    """Abort an upload; an ended one is no error. Raises StoreError."""
    prefix = bucket.address.prefix
    bucket.ask("DELETE", found.key[len(prefix) :], query={"uploadId": found.upload}, expect=frozenset({404}))

"""Pages of ListObjectsV2.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
"""

from __future__ import annotations

from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING
from urllib.parse import unquote_plus

from ...dataclass import dataclass
from ...errors import StoreError
from ...ports import ObjectInfo
from .xml import parse, text

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element


@dataclass(frozen=True)
class Page:
    """One answer; `rest` asks for the next, or is empty."""

    objects: tuple[ObjectInfo, ...]
    """With whole keys, as the bucket has them."""
    rest: str


def page_query(prefix: str, after: str, rest: str) -> dict[str, str]:
    """The parameters that ask for a page: the first one after the key `after`, or the one that `rest` names."""
    query = {"list-type": "2", "encoding-type": "url", "prefix": prefix}
    if rest:
        return {**query, "continuation-token": rest}
    return {**query, "start-after": after} if after else query


def read_page(body: bytes) -> Page:
    """Parse a page. Raises StoreError."""
    root = parse(body)
    if root is None or not root.tag.endswith("ListBucketResult"):
        raise StoreError("the object store sent a listing that cannot be read; check the endpoint")
    encoded = text(root, "EncodingType") == "url"
    objects = tuple(_object(child, encoded=encoded) for child in root.iterfind("{*}Contents"))
    more = text(root, "IsTruncated") == "true"
    return Page(objects, text(root, "NextContinuationToken") if more else "")


def _object(element: Element, *, encoded: bool) -> ObjectInfo:
    key, size = text(element, "Key"), text(element, "Size")
    if not size.isdecimal():
        raise StoreError(f"the object store sent a listing without the size of {key!r}; check the endpoint")
    etag, written = text(element, "ETag").strip('"'), text(element, "LastModified")
    return ObjectInfo(unquote_plus(key) if encoded else key, int(size), etag, _seconds(written))


def seconds_of_header(written: str) -> float:
    """An HTTP date (RFC 9110, 5.6.7) in seconds since the epoch; 0 for another form."""
    try:
        return parsedate_to_datetime(written).timestamp()
    except (TypeError, ValueError):
        return 0.0


def _seconds(written: str) -> float:
    """``2026-01-02T03:04:05.678Z`` in seconds since the epoch; 0 for another form."""
    try:
        return datetime.fromisoformat(f"{written[:19]}+00:00").timestamp()
    except ValueError:
        return 0.0

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


_EMPTY_PAGES = 1000
"""The most empty pages in a row. S3 may send some where many objects were deleted; each stands for up to 1,000 keys."""


@dataclass(frozen=True)
class Page:
    """One page of a listing; `rest` is the token of the next one, or empty."""

    objects: tuple[ObjectInfo, ...]
    """The objects with their whole keys, as the bucket has them."""
    rest: str


def page_query(prefix: str, after: str, rest: str) -> dict[str, str]:
    """Return the query parameters of a page: the first one after the key `after`, or the one with the token `rest`."""
    query = {"list-type": "2", "encoding-type": "url", "prefix": prefix}
    if rest:
        return {**query, "continuation-token": rest}
    return {**query, "start-after": after} if after else query


def read_page(body: bytes) -> Page:
    """Parse a page. Raise StoreError."""
    root = parse(body)
    if root is None or not root.tag.endswith("ListBucketResult"):
        raise _wrong("cannot be read")
    encoded = text(root, "EncodingType") == "url"
    objects = tuple(_object(child, encoded=encoded) for child in root.iterfind("{*}Contents"))
    rest = text(root, "NextContinuationToken")
    more = text(root, "IsTruncated") == "true"
    if more and not rest:
        raise _wrong("is cut off and does not say how to go on")
    return Page(objects, rest if more else "")


def folders_of(body: bytes) -> list[str]:
    """Return the folders on a page of one level, as the bucket names them, each with its slash."""
    root = parse(body)
    names = [] if root is None else [text(child, "Prefix") for child in root.iterfind("{*}CommonPrefixes")]
    return [unquote_plus(name) for name in names]


class Progress:
    """The progress of one listing, checked page by page.

    S3 lists keys in the order of their UTF-8 bytes and returns each token once. A server that does otherwise must
    cause an error, not missing objects or an endless listing.
    """

    def __init__(self, prefix: str) -> None:
        """Begin a listing of the keys that start with `prefix`."""
        self._prefix = prefix
        self._last = ""
        self._tokens: set[str] = set()
        self._empty = 0

    def check(self, page: Page) -> None:
        """Check the next page. Raise StoreError if its keys or token do not lead on."""
        for found in page.objects:
            if not found.key.startswith(self._prefix):
                raise _wrong(f"has the key {found.key!r}, which does not start with {self._prefix!r}")
            if found.key <= self._last:
                raise _wrong(f"has the key {found.key!r} after {self._last!r}: it repeats itself or has no order")
            self._last = found.key
        self._empty = 0 if page.objects else self._empty + 1
        if page.rest in self._tokens or self._empty > _EMPTY_PAGES:
            raise _wrong("does not end: its pages lead nowhere")
        if page.rest:
            self._tokens.add(page.rest)


def _wrong(what: str) -> StoreError:
    return StoreError(f"the object store sent a listing that {what}; check the endpoint")


def _object(element: Element, *, encoded: bool) -> ObjectInfo:
    # One pass over the children: a search for each of them takes most of the time of a long listing.
    known = {child.tag.rpartition("}")[2]: child.text or "" for child in reversed(element)}
    key, size = known.get("Key", ""), known.get("Size", "")
    if not size.isdecimal():
        raise _wrong(f"has no size for {key!r}")
    etag, written = known.get("ETag", "").strip('"'), known.get("LastModified", "")
    return ObjectInfo(unquote_plus(key) if encoded else key, int(size), etag, seconds_of_time(written))


def seconds_of_header(written: str) -> float:
    """Return an HTTP date (RFC 9110, 5.6.7) in seconds since the epoch; 0 for another form."""
    try:
        return parsedate_to_datetime(written).timestamp()
    except (TypeError, ValueError):
        return 0.0


def seconds_of_time(written: str) -> float:
    """Return ``2026-01-02T03:04:05.678Z`` in seconds since the epoch; 0 for another form."""
    try:
        return datetime.fromisoformat(f"{written[:19]}+00:00").timestamp()
    except ValueError:
        return 0.0

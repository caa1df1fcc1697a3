"""Pages of List Blobs.

https://learn.microsoft.com/rest/api/storageservices/list-blobs
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote

from ...dataclass import dataclass
from ...errors import StoreError
from ...ports import ObjectInfo
from ..s3.listing import seconds_of_header
from ..s3.xml import parse, text

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_MOST = 5000
"""Blobs on a page: the most that the service sends."""
_FOLDER_MARK = "hdi_isfolder"
"""The metadata of a blob that stands for a folder, as Hadoop and blobfuse write it."""


@dataclass(frozen=True)
class Page:
    """One page of a listing; `rest` is the marker of the next one, or empty."""

    blobs: tuple[ObjectInfo, ...]
    """The blobs with their whole names."""
    rest: str


def page_query(prefix: str, rest: str) -> dict[str, str]:
    """Return the query parameters of the page with the marker `rest`; empty: the first one."""
    query = {"restype": "container", "comp": "list", "include": "metadata", "maxresults": str(_MOST), "prefix": prefix}
    return {name: value for name, value in {**query, "marker": rest}.items() if value}


def read_page(body: bytes) -> Page:
    """Parse a page, without what stands for folders. Raise StoreError."""
    root = parse(body)
    blobs = None if root is None else root.find("Blobs")
    if root is None or not root.tag.endswith("EnumerationResults") or blobs is None:
        raise wrong("cannot be read")
    found = tuple(_blob(element) for element in blobs.iterfind("Blob") if not _is_folder(element))
    return Page(found, text(root, "NextMarker"))


def wrong(what: str) -> StoreError:
    """Return the error for a listing that no Azure account sends."""
    return StoreError(f"the store sent a listing that {what}; check the endpoint")


def is_folder_mark(headers: dict[str, str], size: int) -> bool:
    """Return True if the headers of a blob say that it stands for a folder."""
    told = headers.get(f"x-ms-meta-{_FOLDER_MARK}", "").lower() == "true"
    return size == 0 and (told or headers.get("x-ms-resource-type", "") == "directory")


def _is_folder(element: Element) -> bool:
    if (element.findtext("Properties/Content-Length") or "0") != "0":
        return False
    marks = element.find("Metadata")
    told = [mark.text for mark in (marks if marks is not None else ()) if mark.tag.lower() == _FOLDER_MARK]
    return told == ["true"] or element.findtext("Properties/ResourceType") == "directory"


def _blob(element: Element) -> ObjectInfo:
    named = element.find("Name")
    name = (named.text if named is not None else "") or ""
    if named is not None and named.get("Encoded", "").lower() == "true":  # XML cannot hold some characters
        name = unquote(name)
    size = element.findtext("Properties/Content-Length") or ""
    if not size.isdecimal():
        raise wrong(f"has no size for {name!r}")
    etag = (element.findtext("Properties/Etag") or "").strip('"')
    return ObjectInfo(name, int(size), etag, seconds_of_header(element.findtext("Properties/Last-Modified") or ""))

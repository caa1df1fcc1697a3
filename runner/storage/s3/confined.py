"""Requests with keys that open a part of a store: listings across its folders, and refusals for absent objects."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from ...errors import StoreDenied, StoreError
from ...model.grants import levels_above
from ...ports import ObjectInfo
from .bucket import Bucket
from .listing import folders_of, page_query, read_page

if TYPE_CHECKING:
    from .store import BucketStore


def is_absent(store: BucketStore, key: str) -> bool:
    """Return True if a refusal of `key` stands for an absent object.

    AWS tells of absent objects those alone who may list the whole bucket. A listing of the name is allowed.
    """
    try:
        return all(info.key != key for info in store.list(key))
    except StoreError:
        return False


def is_by_folder(bucket: Bucket, prefix: str) -> bool:
    """Return True if a listing crosses a level that the keys may list by its names alone."""
    level = prefix[: prefix.rfind("/") + 1]
    return not level or level in levels_above(bucket.address.own)


def by_folder(
    bucket: Bucket, pages: Callable[[str, str], Iterator[ObjectInfo]], prefix: str, after: str
) -> Iterator[ObjectInfo]:
    """Yield the objects of a listing across such levels, without the folders that the keys may not list.

    Args:
        bucket: The bucket.
        pages: Yields the objects whose whole key starts with a prefix, and whose key sorts after another one.
        prefix: The beginning of the keys, in the top level or in one above a folder of runs.
        after: Only keys that sort after this one.
    """
    start = bucket.address.prefix
    for name, info in _level(bucket, prefix[: prefix.rfind("/") + 1]):
        if not name.startswith(prefix) or name.startswith(bucket.address.own):
            continue
        if info is not None:
            if name > after:
                yield info
            continue
        try:
            if is_by_folder(bucket, name):
                yield from by_folder(bucket, pages, name, after)
            else:
                yield from pages(start + name, after)
        except StoreDenied:
            continue


def _level(bucket: Bucket, level: str) -> list[tuple[str, ObjectInfo | None]]:
    """Return the objects and folders of one level, in the order of their keys. Folders end with a slash."""
    found: list[tuple[str, ObjectInfo | None]] = []
    start, rest = bucket.address.prefix, ""
    while True:
        body = bucket.ask("GET", query={**page_query(start + level, "", rest), "delimiter": "/"}).body
        page = read_page(body)
        for one in page.objects:
            name = one.key[len(start) :]
            found.append((name, ObjectInfo(name, one.size, one.etag, one.modified)))
        found.extend((name[len(start) :], None) for name in folders_of(body))
        rest = page.rest
        if not rest:
            return sorted(found, key=lambda each: each[0].encode())

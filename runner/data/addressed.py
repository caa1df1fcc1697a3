"""Objects that are named by the digest of their content: plans, manifests, snapshots.

A disk may damage such an object, and a step that may write to the store can replace it. Every reader therefore
compares the content with the name, and every writer makes sure that the object in the store has the right content.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from ..errors import ObjectDamaged, ObjectMissing
from ..model.digest import canonical_json, digest_of_bytes, md5_of_bytes
from ..model.document import to_document
from ..model.stored_documents import read_document
from ..ports import ObjectInfo, ObjectStore
from . import collector

T = TypeVar("T")


def keep(store: ObjectStore, key_of: Callable[[str], str], value: object) -> str:
    """Store the written form of a value under its digest.

    An object of that name with another content is written again, and so is one that `runner gc` may delete.

    Args:
        store: The workspace store.
        key_of: The key of the object of a digest.
        value: What to_document can write.

    Returns:
        The digest: hex SHA-256 of the canonical JSON.

    Raises:
        StoreError: the store cannot be used.

    """
    data = canonical_json(to_document(value))
    digest = digest_of_bytes(data)
    key = key_of(digest)
    if not store.put_if_absent(key, data):
        found = store.stat(key)
        if found is None or not _is_same(store, found, data):
            store.put(key, data)
        else:
            collector.renew_if_old(store, found, lambda: store.put(key, data))
    return digest


def holds(store: ObjectStore, key: str, data: bytes) -> bool:
    """Tell whether the object `key` exists and its content is `data`.

    In a bucket one HEAD is enough: the ETag of an object that was written by a single PUT is the MD5 of its content,
    unless a KMS key encrypts it (https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html). Where the ETag is
    something else, the object is read.
    """
    found = store.stat(key)
    return found is not None and _is_same(store, found, data)


def _is_same(store: ObjectStore, found: ObjectInfo, data: bytes) -> bool:
    """Return True if the object that was found has the content `data`."""
    if found.size != len(data):
        return False
    try:
        return found.etag == md5_of_bytes(data) or store.get(found.key) == data
    except ObjectMissing:  # `runner gc` has just deleted it
        return False


def load(store: ObjectStore, key: str, parse: Callable[[bytes], T]) -> T:
    """Read an object and check it.

    A second read follows when the check fails, because the network may have damaged the first answer.

    Args:
        store: The workspace store.
        key: The object's key.
        parse: Makes the value from the content. It raises ObjectDamaged when the content is not what the key names.

    Raises:
        ObjectMissing: there is no such object.
        ObjectDamaged: the content is not what the key names.
        StoreError: the store cannot be used.

    """
    try:
        return parse(store.get(key))
    except ObjectDamaged:
        return parse(store.get(key))


def checked_document(shape: type[T], data: bytes, key: str, digest: str) -> T:
    """Parse a value from its canonical JSON, whose digest must be `digest`.

    Raises:
        ObjectDamaged: `data` has another digest.
        StoreError: the content is intact, but not a document of that shape.
    """
    if digest_of_bytes(data) != digest:
        raise damaged(key)
    return read_document(shape, data, key)


def damaged(key: str, why: str = "") -> ObjectDamaged:
    """Return the error for an object whose content does not match the digest in its name."""
    return ObjectDamaged(
        f"the object {key!r} was changed or damaged in the store: its content does not have the digest in its name"
        f"{f' ({why})' if why else ''}; submit the run again from its source, which writes the object again"
    )

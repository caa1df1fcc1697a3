"""Compare a file of this machine with one of a store, so that a copy that was interrupted goes on where it stopped."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from ...backports import md5
from ...data.file_digest import digest_of_file, md5_of_file
from ...data.transfers.trees import PINNED
from ...ports import FolderStore, ObjectStore
from .selection import FoundFile

_BLOCK = 1 << 20
_PART_SIZES = tuple(mebibytes << 20 for mebibytes in (16, 8, 5, 10, 15, 32, 50, 64, 100, 128))
"""Bytes of a part of a multipart upload, as runner and other programs choose them."""


def is_same(store: ObjectStore, file: FoundFile, path: Path) -> bool:
    """Return True if the file at `path` has the content of a stored one, as far as this can be known without a copy.

    Args:
        store: The store of the file.
        file: The stored file.
        path: The file of this machine, which need not exist.

    Raises:
        OSError: A file cannot be read.

    """
    if not path.is_file() or path.stat().st_size != file.size:
        return False
    if file.digest and not file.digest.startswith(PINNED):
        return digest_of_file(path) == file.digest
    if isinstance(store, FolderStore):
        return digest_of_file(path) == digest_of_file(store.path(file.key))
    return bool(file.etag) and has_etag(path, file.etag)


def has_etag(path: Path, etag: str) -> bool:
    """Return True if a bucket gives this ETag to the file's content; False in doubt.

    The ETag of one PUT is the MD5 of the content. That of a multipart upload is the MD5 of the parts' MD5s with the
    number of parts: https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html

    Args:
        path: The file.
        etag: The ETag without quotes.

    Raises:
        OSError: The file cannot be read.

    """
    whole, dash, count = etag.partition("-")
    if not dash:
        return len(whole) == 2 * md5().digest_size and md5_of_file(path) == whole
    size = path.stat().st_size
    fitting = (part for part in _PART_SIZES if str(-(-size // part)) == count)
    return any(_multipart_etag(path, part) == etag for part in fitting)


def _multipart_etag(path: Path, part: int) -> str:
    digests = [each.digest() for each in _parts(path, part)]
    return f"{md5(b''.join(digests)).hexdigest()}-{len(digests)}"


def _parts(path: Path, part: int) -> Iterator[hashlib._Hash]:
    with path.open("rb") as file:
        left, state = part, md5()
        while block := file.read(min(left, _BLOCK)):
            state.update(block)
            left -= len(block)
            if not left:
                yield state
                left, state = part, md5()
        if left != part:
            yield state

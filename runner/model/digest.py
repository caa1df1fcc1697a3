"""Content digests: the names of values that never change."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from .document import Document, to_document

if TYPE_CHECKING:
    import hashlib

_BLOCK = 1 << 20


def canonical_json(document: Document) -> bytes:
    """One byte string per value: sorted keys, no spaces, UTF-8.

    Text that UTF-8 cannot express (Python's form of a file name that is no UTF-8) is escaped, and so is the rest then.
    """
    try:
        return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()


def digest_of(value: object) -> str:
    """The hex SHA-256 of a value's written form."""
    import hashlib  # it loads OpenSSL; who only looks at a run needs none of it

    return hashlib.sha256(canonical_json(to_document(value))).hexdigest()


def digest_of_bytes(data: bytes) -> str:
    """The hex SHA-256 of a byte string."""
    import hashlib

    return hashlib.sha256(data).hexdigest()


def md5_of_bytes(data: bytes) -> str:
    """The hex MD5 of a byte string: what S3 calls the ETag of an object that a single PUT wrote. Not for security."""
    import hashlib

    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def digest_of_file(path: Path) -> str:
    """The hex SHA-256 of a file's content. Raises OSError."""
    return size_and_digest_of_file(path)[1]


def size_and_digest_of_file(path: Path) -> tuple[int, str]:
    """How many bytes a file has, and their hex SHA-256: of the same bytes, also while it grows. Raises OSError."""
    import hashlib

    return _fed(hashlib.sha256(), path)


def md5_of_file(path: Path) -> str:
    """The hex MD5 of a file's content, as S3 tags what came in one part. Raises OSError."""
    import hashlib

    return _fed(hashlib.md5(usedforsecurity=False), path)[1]


def _fed(state: hashlib._Hash, path: Path) -> tuple[int, str]:
    with path.open("rb") as file:
        size = 0
        while block := file.read(_BLOCK):
            state.update(block)
            size += len(block)
            if len(block) < _BLOCK:
                break
    return size, state.hexdigest()


def guid(digest: str) -> str:
    """The first half of a hex digest as v1 writes ids: a GUID."""
    return "-".join((digest[:8], digest[8:12], digest[12:16], digest[16:20], digest[20:32]))

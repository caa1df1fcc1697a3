"""Content digests, which name immutable values."""

from __future__ import annotations

import json

from ..backports import md5
from .document import Document, to_document


def canonical_json(document: Document) -> bytes:
    """Return the canonical JSON of a value: sorted keys, no spaces, UTF-8.

    If some text cannot be encoded as UTF-8 (Python's form of a file name that is not UTF-8), all text is escaped.
    """
    try:
        return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()


def digest_of(value: object) -> str:
    """Return the hex SHA-256 of a value's canonical JSON."""
    import hashlib  # it loads OpenSSL; who only looks at a run needs none of it

    return hashlib.sha256(canonical_json(to_document(value))).hexdigest()


def digest_of_bytes(data: bytes) -> str:
    """Return the hex SHA-256 of a byte string."""
    import hashlib

    return hashlib.sha256(data).hexdigest()


def md5_of_bytes(data: bytes) -> str:
    """Return the hex MD5 of a byte string, S3's ETag of an object written by a single PUT. Not for security."""
    return md5(data).hexdigest()


def guid(digest: str) -> str:
    """Return the first half of a hex digest in the form of a GUID, as v1 writes ids."""
    return "-".join((digest[:8], digest[8:12], digest[12:16], digest[16:20], digest[20:32]))

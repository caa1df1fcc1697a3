"""Digests of files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..backports import md5

if TYPE_CHECKING:
    import hashlib

_BLOCK = 1 << 20
"""Bytes read at once."""


def digest_of_file(path: Path) -> str:
    """Return the hex SHA-256 of a file's content. Raises OSError."""
    return size_and_digest_of_file(path)[1]


def size_and_digest_of_file(path: Path) -> tuple[int, str]:
    """Return a file's size in bytes and the hex SHA-256 of exactly these bytes, even while it grows. Raises OSError."""
    import hashlib

    return _fed(hashlib.sha256(), path)


def md5_of_file(path: Path) -> str:
    """Return the hex MD5 of a file's content, the ETag that S3 gives to a single PUT. Raises OSError."""
    return _fed(md5(), path)[1]


def _fed(state: hashlib._Hash, path: Path) -> tuple[int, str]:
    with path.open("rb") as file:
        size = 0
        while block := file.read(_BLOCK):
            state.update(block)
            size += len(block)
            if len(block) < _BLOCK:
                break
    return size, state.hexdigest()

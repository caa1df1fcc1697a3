"""Functions that Python 3.8 lacks. A step runs on 3.8 and newer, so what a step loads takes them from here."""

from __future__ import annotations

import sys
from pathlib import PurePath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import hashlib


def without_prefix(text: str, prefix: str) -> str:
    """Return `text` without `prefix`, if it begins with it (``str.removeprefix`` of Python 3.9)."""
    return text[len(prefix) :] if text.startswith(prefix) else text


def without_suffix(text: str, suffix: str) -> str:
    """Return `text` without `suffix`, if it ends with it (``str.removesuffix`` of Python 3.9)."""
    return text[: -len(suffix)] if suffix and text.endswith(suffix) else text


def is_below(path: PurePath, folder: PurePath) -> bool:
    """Return True if `path` is `folder` or lies below it (``PurePath.is_relative_to`` of Python 3.9)."""
    return path == folder or folder in path.parents


def md5(data: bytes = b"") -> hashlib._Hash:
    """Return an MD5 that is not for security, which Python 3.9 and newer can say to a library that restricts MD5."""
    import hashlib  # it loads OpenSSL

    if sys.version_info < (3, 9):
        return hashlib.md5(data)  # noqa: S324 - for ETags
    return hashlib.md5(data, usedforsecurity=False)


__all__ = ["is_below", "md5", "without_prefix", "without_suffix"]

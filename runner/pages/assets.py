"""Style sheets and scripts of the pages, by names with the digest of their content."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).parent / "static"
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".json": "application/json",
    ".txt": "text/plain; charset=utf-8",
}


@cache
def names() -> tuple[str, ...]:
    """Return the names of all assets, such as ``vendor/uplot.js``."""
    found = (path.relative_to(_FOLDER).as_posix() for path in _FOLDER.rglob("*") if path.suffix in _TYPES)
    return tuple(sorted(found))


@cache
def content(name: str) -> bytes:
    """Return the bytes of an asset. Raise KeyError for an unknown name.

    Args:
        name: One of `names`.

    """
    if name not in names():
        raise KeyError(name)
    return (_FOLDER / name).read_bytes()


def media_type(name: str) -> str:
    """Return the media type of an asset.

    Args:
        name: One of `names`.

    """
    return _TYPES[Path(name).suffix]


@cache
def address(name: str) -> str:
    """Return the address of an asset. It changes with the content, so that browsers may keep it for ever.

    Args:
        name: One of `names`.

    """
    return f"/static/{hashlib.sha256(content(name)).hexdigest()[:16]}/{name}"

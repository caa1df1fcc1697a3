"""Requirement files of pip, as far as a list of packages needs them."""

from __future__ import annotations

from pathlib import Path

from .exceptions import UserErrorException

_INCLUDE = ("-r ", "--requirement ")


def read_requirements(path: Path, *, seen: frozenset[Path] = frozenset()) -> list[str]:
    """Its lines without comments, continued lines as one, included files in their place.

    Raises UserErrorException for a file that cannot be read.
    """
    try:
        written = path.read_text(encoding="utf-8-sig").replace("\\\n", " ").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        raise UserErrorException(f"requirements {str(path)!r} cannot be read: {why}", error) from error
    lines: list[str] = []
    for line in (" ".join(whole.partition(" #")[0].split()) for whole in written):
        if line.startswith(_INCLUDE):
            included = (path.parent / line.split(maxsplit=1)[1]).resolve()
            if included not in seen:
                lines.extend(read_requirements(included, seen=seen | {path.resolve()}))
        elif line and not line.startswith("#"):
            lines.append(line)
    return lines

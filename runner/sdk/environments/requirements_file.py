"""Requirements files of pip, as far as a list of packages needs them."""

from __future__ import annotations

import re
from pathlib import Path

from ...model.pip_line import anchored
from ..base.exceptions import UserErrorException
from ..base.text_file import text_file

_INCLUDE = re.compile(r"(?:-r\s*|--requirement(?:\s+|\s*=\s*))(?P<file>\S.*)")
"""The ways in which pip lets a line name another file of requirements."""


def included_file(line: str) -> str:
    """Return the file of requirements that a line of pip names; empty: it names none.

    Args:
        line: The line.

    """
    match = _INCLUDE.fullmatch(line.strip())
    return match["file"].strip("\"'") if match else ""


def read_requirements(path: Path, *, seen: frozenset[Path] = frozenset()) -> list[str]:
    """Return a file's lines without comments, continued lines as one, included files in their place.

    The paths of local wheels in it are relative to its folder, and become absolute.

    Args:
        path: The file.
        seen: Files that are being read, which include this one. Default: none.

    Raises:
        UserErrorException: A file cannot be read, or is an address.

    """
    if "://" in str(path) or ":/" in str(path):
        raise UserErrorException(
            f"the requirements at the address {str(path)!r} are not read", remedy="download the file, and name the copy"
        )
    written = text_file(path, "requirements").replace("\\\n", " ").splitlines()
    lines: list[str] = []
    for line in (" ".join(whole.partition(" #")[0].split()) for whole in written):
        if name := included_file(line):
            included = (path.parent / name).resolve()
            if included not in seen:
                lines.extend(read_requirements(included, seen=seen | {path.resolve()}))
        elif line and not line.startswith("#"):
            lines.append(anchored(line, str(path.parent)))
    return lines

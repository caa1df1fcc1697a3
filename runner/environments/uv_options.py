"""Options and variables of uv that follow from lines of pip and from a date (pure)."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence

from .names import normal_name

_ALONE = re.compile(r"^--(pre|trusted-host)(?:[ =]+(\S+))?$")
"""Options that uv reads on its command line only."""
_DATELESS = re.compile(r"`(\S+)` is missing an upload date")
_MAIN_INDEX = re.compile(r"(?:-i|--index-url)(?:\s|=)")


def split_options(lines: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the lines for uv's file, and the options that uv reads on its command line only."""
    kept: list[str] = []
    options: list[str] = []
    for line in lines:
        match = _ALONE.match(line.strip())
        if match is None:
            kept.append(line)
        elif match[1] == "pre":
            options += ["--prerelease", "allow"]
        elif match[2]:
            options += ["--allow-insecure-host", match[2]]
    return tuple(kept), tuple(options)


def until(date: str, exempt: Collection[str] = ()) -> tuple[str, ...]:
    """Return the options that limit packages, and what their builds need, to a date.

    Args:
        date: The ISO date. Empty: no limit.
        exempt: Projects for which the date does not count. Default: none.

    """
    if not date:
        return ()
    return (
        "--exclude-newer",
        f"{date}T23:59:59Z",
        *(f"--exclude-newer-package={name}=false" for name in sorted(exempt)),
    )


def without_date(output: Sequence[str]) -> frozenset[str]:
    """Return the projects that uv leaves out because their index states no dates, normalised.

    Private indexes often lack them. https://peps.python.org/pep-0700/ added them.
    """
    files = (match[1] for match in map(_DATELESS.search, output) if match)
    return frozenset(normal_name(re.split(r"-\d", file)[0]) for file in files)


def own_index(lines: Iterable[str]) -> dict[str, str]:
    """Return the variable that lets ``--index-url`` in lines precede the machine's setting, as it does in pip.

    Args:
        lines: Lines of pip.

    """
    return {"UV_DEFAULT_INDEX": ""} if any(_MAIN_INDEX.match(line.strip()) for line in lines) else {}

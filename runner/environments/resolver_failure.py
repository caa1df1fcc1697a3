"""The message about a resolution that failed: the solver's own last lines, and what would solve it (pure)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..dataclass import dataclass, field
from ..errors import remedy_line
from .credentials import Opened

_SHOWN = 14
"""Lines of uv's output in an error."""
_LONGEST = 400
"""Characters of a line that are shown."""
_SILENT = (
    r"Failed to fetch|error sending request|dns error|Connect(?:ion)? ?error|connection refused|timed out"
    r"|did not end within|network (?:was|is) (?:disabled|unreachable)|tunnel error"
)
_CAUSES: tuple[tuple[str, str, str], ...] = (
    (
        _SILENT,
        "the package index could not be reached",
        "check the network, and the index that pip is configured with",
    ),
    (
        r"401 Unauthorized|403 Forbidden|Missing credentials",
        "the package index refuses access",
        "name the credentials: ${NAME} in the index's URL, with NAME below secrets: in runner.yaml",
    ),
    (
        r"`--python-version` value .*\(e\.g\., (\S+) only supports (\S+)\)",
        r"\1 needs Python \2",
        r"ask for such a Python, or for an older release of the package",
    ),
    (
        r"the requested Python version \(\S+\) does not satisfy Python(\S+?),? and (\S+?) depends",
        r"\2 needs Python\1",
        "ask for such a Python, or for an older release of the package",
    ),
    (r"(\S+) was not found in the package registry", r"no index has \1", "correct its name, or name its index"),
    (
        r"only to include packages uploaded before (\S+)|filtered by `exclude-newer`",
        "no release of that time fits",
        "state a later date, or loosen the pin",
    ),
    (r"there is no version of (\S+)", r"there is no release \1", "correct the version"),
    (
        r"Failed to build [`']?([^\s`']+)",
        r"\1 has no wheel for this Python and platform, and its source cannot be built here",
        "choose a version with a wheel, another Python, or a base image that has the package",
    ),
    (
        r"unsatisfiable|No solution found",
        "the requirements contradict each other",
        "loosen one of the versions below",
    ),
    (r"Couldn't parse requirement|Unexpected", "a line is no requirement of pip", "write it as name==version"),
)
_COMPILED = tuple((re.compile(pattern), what, remedy) for pattern, what, remedy in _CAUSES)


@dataclass(frozen=True, kw_only=True)
class Asked:
    """The question to the solver."""

    lines: tuple[str, ...]
    """Lines of a pip requirements file."""
    python: str
    """The minor version, like ``3.11``."""
    platform: str
    """The platform, like ``x86_64-manylinux_2_28``."""
    date: str = ""
    """ISO date: no package that is newer. Empty: any package."""
    dateless: frozenset[str] = frozenset()
    """Projects whose index states no dates, so `date` does not count for them."""
    opened: Opened = field(default_factory=lambda: Opened(lines=()))
    """The secrets that the lines name."""


def unreachable(lines: Sequence[str]) -> bool:
    """Return True if the solver failed because an index could not be reached or refuses access."""
    return any(pattern.search(line) for pattern, _, _ in _COMPILED[:2] for line in lines)


def explain(where: str, asked: Asked, lines: Sequence[str], works_with: str, instead: str = "") -> str:
    """Return the message about a resolution that failed.

    Args:
        where: The environment.
        asked: What was to be resolved.
        lines: The last lines of uv's output.
        works_with: A Python for which the same requirements have a solution. Empty: none is known.
        instead: The remedy for a package whose source cannot be built. Default: empty, none is known.

    """
    shown = [line.rstrip() for line in lines if line.strip()][-_SHOWN:]
    cause, remedy = _cause(shown)
    until = f", no newer than {asked.date}" if asked.date else ""
    head = f"{where}: its packages cannot be resolved for Python {asked.python} on {asked.platform}{until}"
    if instead:
        remedy = instead
    elif works_with:
        remedy = f"ask for Python {works_with}, for which they can be resolved; or loosen the pins"
    elif remedy:
        remedy = f"{remedy}; or name a base image that has the packages"
    advice = [remedy_line(remedy)] if remedy else []
    return "\n".join([f"{head}: {cause}" if cause else head, *advice, *(f"  | {line[:_LONGEST]}" for line in shown)])


def _cause(lines: Sequence[str]) -> tuple[str, str]:
    for pattern, what, remedy in _COMPILED:
        match = next(filter(None, map(pattern.search, lines)), None)
        if match:
            return match.expand(what).rstrip(": "), match.expand(remedy)
    return "", ""

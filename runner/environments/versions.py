"""Comparison of released versions with the clauses of requirements, as PEP 440 defines it for numbers between dots.

Versions and clauses of other forms (pre-releases, epochs) are accepted by nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

Release = tuple[int, ...]

_CLAUSE = re.compile(r"^(?P<operator>==|!=|<=|>=|<|>|~=)\s*v?(?P<release>\d+(?:\.\d+)*)(?P<any>\.\*)?$")
_RELEASE = re.compile(r"^v?(\d+(?:\.\d+)*)(?:\+[\w.]+)?$")

_COMPARISONS: Mapping[str, Callable[[Release, Release], bool]] = {
    "==": lambda have, want: have == want,
    "!=": lambda have, want: have != want,
    "<=": lambda have, want: have <= want,
    ">=": lambda have, want: have >= want,
    "<": lambda have, want: have < want,
    ">": lambda have, want: have > want,
}


def accepts(clause: str, version: str) -> bool:
    """Return True if a clause such as ``>=1.2`` surely accepts a version."""
    if clause == f"=={version}":
        return True
    want, have = _CLAUSE.match(clause), _RELEASE.match(version)
    if want is None or have is None:
        return False
    return _compare(want["operator"], numbers(have[1]), numbers(want["release"]), prefix=bool(want["any"]))


def numbers(text: str) -> Release:
    """Return ``1.27.0`` as (1, 27, 0)."""
    return tuple(int(part) for part in text.split("."))


def _compare(operator: str, have: Release, want: Release, *, prefix: bool) -> bool:
    """Compare as PEP 440: ``==1.2.*`` by prefix, ``~=1.2.3`` as ``>=1.2.3, ==1.2.*``; zeros at the end do not count."""
    if operator == "~=":
        return len(want) > 1 and _stripped(have) >= _stripped(want) and _starts(have, want[:-1])
    if prefix:
        return operator in ("==", "!=") and _starts(have, want) == (operator == "==")
    return _COMPARISONS[operator](_stripped(have), _stripped(want))


def _stripped(release: Release) -> Release:
    while release and release[-1] == 0:
        release = release[:-1]
    return release


def _starts(have: Release, want: Release) -> bool:
    return (have + (0,) * len(want))[: len(want)] == want

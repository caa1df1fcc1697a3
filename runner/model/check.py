"""One thing that `runner doctor` looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta

from ..dataclass import dataclass
from ..errors import BadInput, Problem, RunnerError

SKEW = timedelta(minutes=1)
"""Ages are told wrong from there on; signed requests are refused from 15 minutes on (AWS Signature Version 4)."""


@dataclass(frozen=True, kw_only=True)
class Check:
    """The result of one check of `runner doctor`, with its remedy."""

    name: str
    ok: bool
    detail: str
    """The finding, or what is wrong."""
    remedy: str = ""
    """The remedy; empty if none is needed."""
    optional: bool = False
    """Not `ok` and still no hindrance: something that only some need, or that could not be looked at."""


def is_well(checks: Sequence[Check]) -> bool:
    """True when nothing needs mending."""
    return all(check.ok or check.optional for check in checks)


def to_lines(checks: Sequence[Check]) -> list[str]:
    """The checks as lines for people."""
    return [line for check in checks for line in _lines(check)]


def asked(name: str, ask: Callable[[], str], remedy: str) -> Check:
    """Return the result of `ask`, or why it failed."""
    try:
        return Check(name=name, ok=True, detail=ask())
    except RunnerError as error:
        return failed(name, error, remedy)


def failed(name: str, error: RunnerError, remedy: str) -> Check:
    """The error as a check; its own remedy goes before the general one."""
    if isinstance(error, BadInput):
        first = error.problems[0]
        return Check(name=name, ok=False, detail=first.what, remedy=first.remedy or remedy)
    return Check(name=name, ok=False, detail=str(error), remedy=remedy)


def of_problem(name: str, problem: Problem, remedy: str) -> Check:
    """A target's or store's problem as a check."""
    detail = f"{problem.what} ({problem.where})" if problem.where else problem.what
    return Check(name=name, ok=False, detail=detail, remedy=problem.remedy or remedy)


def of_skew(name: str, skew: timedelta, whose: str) -> Check:
    """Return the check of this machine's clock against another one."""
    shown = f"{abs(skew.total_seconds()):.0f} s {'behind' if skew > timedelta() else 'ahead of'} {whose}"
    if abs(skew) <= SKEW:
        return Check(name=name, ok=True, detail=shown)
    return Check(name=name, ok=False, detail=shown, remedy="set this machine's clock: timedatectl set-ntp true")


def _lines(check: Check) -> Iterator[str]:
    mark = "ok" if check.ok else "--" if check.optional else "NO"
    yield f"{mark:<3} {check.name}: {check.detail}"
    if check.remedy:
        yield f"      do: {check.remedy}"

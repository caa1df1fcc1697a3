"""The azureml-* packages, and what each of them brought into an environment.

Steps get ``azureml`` from runner. The third-party packages that an azureml-* package required are installed in its
place, with the bounds that its wheel states. ``azureml_packages.json`` holds them; ``scripts/azureml-table`` writes it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TypedDict, cast

from ..dataclass import dataclass
from .names import normal_name
from .versions import accepts, numbers

_LINE = re.compile(
    r"^(?P<name>azureml(?:[-_.]+\w+)*)\s*(?:\[(?P<extras>[^\]]*)\])?(?P<rest>[^;#]*)(?:;(?P<marker>[^#]*))?",
    re.IGNORECASE,
)
_REQUIREMENT = re.compile(r"^(?P<name>[\w.-]+)(?:\[[^\]]*\])?(?P<rest>[^;@]*)$")
"""A requirement without a condition."""
_EXACT = re.compile(r"^==\d+(\.\d+)*$")
_SUFFIX = re.compile(r"(?<=\d)\.?(a|b|rc|post|dev)\d*$", re.IGNORECASE)
"""The mark of a pre-release or post-release, which the table does not tell apart."""
_BOUND = re.compile(r"^(~=|<=?|===?)")
_NUMBERS = re.compile(r"\d+(\.\d+)*")


class _Package(TypedDict):
    releases: dict[str, str]
    """The date of each release, from the oldest to the newest."""
    brought: dict[str, dict[str, list[str]]]
    """By extra ("": none) the requirements that each release adds (``+``) and drops (``-``)."""


@dataclass(frozen=True, kw_only=True)
class Brought:
    """The replacement of one azureml-* requirement."""

    requirement: str
    name: str
    release: str = ""
    """The release that the requirement selects. Empty: the package is not in the table."""
    date: str = ""
    """ISO date of that release."""
    pinned: bool = False
    """True: the requirement accepts no later release series, so the date tells when the environment was written."""
    lines: tuple[str, ...] = ()
    """Third-party requirements."""


def is_azureml(line: str) -> bool:
    """Return True for a requirement of an azureml-* package."""
    match = _LINE.match(line)
    return match is not None and (match["rest"].strip()[:1] or "=") in "=<>!~(@"


def brought(line: str, until: str = "") -> Brought:
    """Return what an azureml-* requirement brought.

    Args:
        line: The requirement.
        until: ISO date. Among the releases that the requirement accepts, later ones are not taken. Default: none.

    Raises:
        ValueError: The line names no azureml-* package.

    """
    match = _LINE.match(line)
    if match is None:
        raise ValueError(line)
    name = normal_name(match["name"])
    package = _table().get(name)
    if package is None:
        return Brought(requirement=line, name=name)
    clauses = _clauses(match["rest"])
    fitting = _fitting(tuple(package["releases"]), clauses)
    timely = [one for one in fitting if not until or package["releases"][one] <= until] or fitting[:1]
    extras = [normal_name(extra.strip()) for extra in (match["extras"] or "").split(",") if extra.strip()]

    def found_at(release: str) -> list[str]:
        return [each for extra in ("", *extras) for each in _lines(package["brought"].get(extra, {}), release)]

    # An installer goes back to the newest release that it can install.
    release = next((one for one in reversed(timely) if not _contradict(found_at(one))), timely[-1])
    marker = (match["marker"] or "").strip()
    return Brought(
        requirement=line,
        name=name,
        release=release,
        date=package["releases"][release],
        pinned=any(map(_BOUND.match, clauses))
        and (len(fitting) == 1 or fitting[-1] != next(reversed(package["releases"]))),
        lines=tuple(dict.fromkeys(with_marker(each, marker) for each in found_at(release))),
    )


def with_marker(line: str, marker: str) -> str:
    """Return a requirement under one more condition (PEP 508)."""
    if not marker:
        return line
    plain, _, own = line.partition(";")
    return f"{plain}; ({own.strip()}) and ({marker})" if own else f"{plain}; {marker}"


def _contradict(lines: Sequence[str]) -> bool:
    """Return True if requirements without conditions pin a version that others of the same package refuse."""
    asked: dict[str, list[str]] = {}
    for match in filter(None, map(_REQUIREMENT.match, lines)):
        asked.setdefault(normal_name(match["name"]), []).extend(_clauses(match["rest"]))
    return any(
        not accepts(clause, pin)
        for clauses in asked.values()
        for pin in {clause[2:] for clause in clauses if _EXACT.match(clause)}
        for clause in clauses
    )


def _clauses(rest: str) -> list[str]:
    """Return ``(~=1.27.0)`` as its clauses. An address (``@ https://…``) has none."""
    text = "" if rest.strip().startswith("@") else rest.strip(" ()")
    return [_SUFFIX.sub("", part.strip()).replace("===", "==") for part in text.split(",") if part.strip()]


def _fitting(releases: Sequence[str], clauses: Sequence[str]) -> list[str]:
    """Return the releases that all clauses accept; if there are none, the one that is nearest to the first clause."""
    fitting = [one for one in releases if all(accepts(clause, one) for clause in clauses)]
    if fitting:
        return fitting
    stated = _NUMBERS.search(clauses[0])
    wanted = numbers(stated[0]) if stated else ()
    return [one for one in releases if numbers(one) <= wanted][-1:] or [releases[0]]


def _lines(changes: Mapping[str, list[str]], release: str) -> tuple[str, ...]:
    """Return the requirements at a release."""
    found: dict[str, None] = {}
    for each in (change for one in changes if numbers(one) <= numbers(release) for change in changes[one]):
        if each.startswith("+"):
            found[each[1:]] = None
        else:
            del found[each[1:]]
    return tuple(found)


@cache
def _table() -> Mapping[str, _Package]:
    text = Path(__file__).with_name("azureml_packages.json").read_text(encoding="utf-8")
    return cast("Mapping[str, _Package]", json.loads(text)["packages"])

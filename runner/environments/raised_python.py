"""Pins that have no wheel because a newer Python replaces the one asked for.

A release that was made for Python 3.6 has no wheel for 3.8, and its source seldom compiles there. Its author could not
know. The oldest later release with a wheel is the nearest one that works.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Protocol

from .resolver_failure import Asked
from .uv_program import Outcome

_PIN = re.compile(
    r"^(?P<package>(?P<name>[A-Za-z0-9][\w.-]*)(?:\[[^\]]*\])?)\s*[=~]=\s*(?P<version>[\w!+-]+(?:\.[\w!+-]+)*)(?:\.\*)?\s*(?P<marker>;.*)?$"
)
_CHOSEN = re.compile(r"^[A-Za-z0-9][^=\s]*==([^\s;]+)", re.MULTILINE)
"""The version in the solver's output for one requirement."""


class Solve(Protocol):
    """A function that asks the solver, with further options for it."""

    def __call__(self, asked: Asked, *extra: str) -> Outcome:
        """Return the outcome."""


def replaced_pins(asked: Asked, before: str, solve: Solve) -> dict[str, str]:
    """Return the pins that have a wheel for the earlier Python only, each with the pin to use instead.

    A pin that never had a wheel is left alone: its source was built for the earlier Python as well.

    Args:
        asked: The question to the solver.
        before: The Python that the author asked for, like ``3.6``.
        solve: A function that asks the solver.

    """
    options = tuple(line for line in asked.lines if line.startswith("-"))
    pins = [line for line in asked.lines if _PIN.match(line)]

    def wheels(lines: Iterable[str], python: str, *extra: str) -> Outcome:
        lines = tuple(lines)
        only = [part for line in lines for part in ("--only-binary", re.split(r"[^\w.-]", line)[0])]
        return solve(replace(asked, lines=(*options, *lines), python=python), "--no-deps", *only, *extra)

    if not pins or wheels(pins, asked.python).code == 0:
        return {}
    lost = [pin for pin in pins if wheels([pin], asked.python).code and wheels([pin], before).code == 0]
    found = {pin: wheels([_later(pin)], asked.python, "--resolution", "lowest") for pin in lost}
    return {pin: moved for pin, outcome in found.items() if (moved := _moved(pin, outcome))}


def _later(pin: str) -> str:
    return _PIN.sub(r"\g<package>>=\g<version>\g<marker>", pin)


def _moved(pin: str, outcome: Outcome) -> str:
    """Return the pin of the version that the solver chose; empty if there is none."""
    chosen = _CHOSEN.search(outcome.output)
    return _PIN.sub(rf"\g<package>=={chosen[1]}\g<marker>", pin) if chosen and outcome.code == 0 else ""

"""Parse parameter values of a command line: ``NAME=VALUE`` (pure)."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence

from ..errors import BadInput, Problem
from ..model.plan import Scalar
from ..model.reading import unknown

_TRUTHS = {"true": True, "false": False}


def bind(defaults: Mapping[str, Scalar], given: Sequence[str]) -> dict[str, Scalar]:
    """Return the values in `given`, each of its default's type. Raises BadInput with all problems."""
    values: dict[str, Scalar] = {}
    problems: list[Problem] = []
    for text in given:
        name, equals, value = text.partition("=")
        where = f"-p {text}"
        if not equals:
            problems.append(Problem(f"'{text}' says no value", where, "write NAME=VALUE"))
        elif name not in defaults:
            problems.append(Problem(unknown("parameter", name, tuple(defaults))[0], where, _remedy(name, defaults)))
        elif name in values:
            problems.append(Problem(f"'{name}' is given twice", where, "keep one of them"))
        else:
            try:
                values[name] = parse_value(value, defaults[name])
            except ValueError as error:
                problems.append(Problem(f"'{name}' takes {error}, not '{value}'", where, "correct the value"))
    if problems:
        raise BadInput(problems)
    return values


def parse_value(text: str, default: Scalar) -> Scalar:
    """Return `text` as the default's type; as text if the default is null. Raises ValueError with the expected type."""
    if isinstance(default, bool):
        if text.lower() not in _TRUTHS:
            raise ValueError("true or false")
        return _TRUTHS[text.lower()]
    if isinstance(default, int):
        if not re.fullmatch(r"\s*[+-]?[0-9]{1,4000}\s*", text):
            raise ValueError("a whole number")
        return int(text)
    if isinstance(default, float):
        return _finite(text)
    return text


def _finite(text: str) -> float:
    """Return a number that JSON can hold: the records of runs are JSON."""
    try:
        value = float(text)
    except ValueError:
        raise ValueError("a number") from None
    if not math.isfinite(value):
        raise ValueError("a finite number")
    return value


def _remedy(name: str, defaults: Mapping[str, Scalar]) -> str:
    return unknown("parameter", name, tuple(defaults))[1]

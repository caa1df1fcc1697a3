"""Evaluate conditions on the files of a dataset: nested lists of an operator and its operands (pure).

The trees are those of ``dataset['column'] > 3``; pandas evaluates the same trees for the rows of a frame.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from datetime import datetime
from typing import Mapping

from ..errors import BadInput

Values = Mapping[str, object]
"""The facts of one file: its partition keys and its metadata."""


def holds(tree: object, values: Values) -> bool:
    """Return True if the condition holds for one file. Raises BadInput for an unknown name or incomparable values."""
    return bool(_value(tree, values))


def fields_of(tree: object) -> set[str]:
    """Return the names of the columns of a condition."""
    if not isinstance(tree, (list, tuple)) or not tree:
        return set()
    if tree[0] == "field":
        return {str(tree[1])}
    return set().union(*(fields_of(operand) for operand in tree[1:]))


def _value(tree: object, values: Values) -> object:
    if not isinstance(tree, (list, tuple)) or not tree:
        raise BadInput(f"{tree!r} is not a condition")
    name, *operands = tree
    if name == "field":
        return _field(str(operands[0]), values)
    left = _value(operands[0], values)
    if name == "not":
        return not left
    if name == "null":
        return left is None
    right = _value(operands[1], values) if isinstance(operands[1], (list, tuple)) else operands[1]
    return _compared(str(name), left, right)


def _field(name: str, values: Values) -> object:
    if name not in values:
        raise BadInput(f"there is no column {name!r}; files have: {', '.join(values) or 'none'}")
    return values[name]


def _compared(name: str, left: object, right: object) -> object:
    if name in _LOGIC:
        return _LOGIC[name](left, right)
    if left is None or right is None:
        return left is right if name == "eq" else name == "ne" and left is not right
    if isinstance(left, datetime) and isinstance(right, str):
        right = datetime.fromisoformat(right)
    try:
        return _COMPARISONS[name](left, right)
    except TypeError as error:
        kinds = f"a {type(left).__name__} and a {type(right).__name__}"
        raise BadInput(f"a condition compares {kinds}", remedy="partition keys are text") from error


_LOGIC: Mapping[str, Callable[[object, object], object]] = {
    "and": lambda left, right: left and right,
    "or": lambda left, right: left or right,
}
_COMPARISONS: Mapping[str, Callable[..., object]] = {
    "gt": operator.gt,
    "ge": operator.ge,
    "lt": operator.lt,
    "le": operator.le,
    "eq": operator.eq,
    "ne": operator.ne,
    "starts": lambda left, right: str(left).startswith(str(right)),
    "contains": lambda left, right: str(right) in str(left),
}

"""Conditions on a frame's rows. `data.conditions` evaluates the same trees on files."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import TYPE_CHECKING

from ...base.exceptions import UserErrorException

if TYPE_CHECKING:
    import pandas as pd


def evaluate(tree: object, frame: pd.DataFrame) -> pd.Series:
    """Return the truth of a condition for each row.

    Args:
        tree: The condition.
        frame: The rows.

    Raises:
        UserErrorException: A column is unknown, or the tree is no condition.

    """
    if not isinstance(tree, list):
        raise UserErrorException(f"{tree!r} is not a condition")
    name, *operands = tree
    if name == "field":
        return _column(frame, str(operands[0]))
    left = evaluate(operands[0], frame)
    if name in _UNARY:
        return _UNARY[name](left)
    right = evaluate(operands[1], frame) if isinstance(operands[1], list) else operands[1]
    try:
        return _BINARY[name](left, right)
    except TypeError as error:
        raise UserErrorException(
            f"a condition compares a column of {left.dtype} with {right!r}: {error}", error,
            remedy="compare with a value of the column's type, or choose the type by set_column_types",
        ) from error  # fmt: skip


def _column(frame: pd.DataFrame, name: str) -> pd.Series:
    if name not in frame.columns:
        raise UserErrorException(f"there is no column {name!r}; columns: {', '.join(map(str, frame.columns))}")
    return frame[name]


def _both(left: pd.Series, right: object) -> pd.Series:
    return left.astype("boolean").__and__(_truth(right))


def _either(left: pd.Series, right: object) -> pd.Series:
    return left.astype("boolean").__or__(_truth(right))


def _truth(value: object) -> pd.Series | bool:
    """Return the other side of a logical operation: a column's truth, or one value for all rows."""
    import pandas as pd

    return value.astype("boolean") if isinstance(value, pd.Series) else bool(value)


def _text(series: pd.Series) -> pd.Series:
    """Return the column as text; missing values stay missing."""
    text: pd.Series = series.astype(str).where(series.notna())
    return text


_UNARY: dict[object, Callable[[pd.Series], pd.Series]] = {
    "not": lambda left: ~left.astype("boolean"),
    "null": lambda left: left.isna(),
}
_BINARY: dict[object, Callable[[pd.Series, object], pd.Series]] = {
    "gt": lambda left, right: left > right,
    "ge": lambda left, right: left >= right,
    "lt": lambda left, right: left < right,
    "le": lambda left, right: left <= right,
    "eq": operator.eq,
    "ne": operator.ne,
    "and": _both,
    "or": _either,
    "starts": lambda left, right: _text(left).str.startswith(str(right), na=False),
    "contains": lambda left, right: _text(left).str.contains(str(right), regex=False, na=False),
}

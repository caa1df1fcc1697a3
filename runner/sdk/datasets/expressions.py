"""``dataset['column'] > 3``: conditions on rows as data, applied where the rows are read."""

from __future__ import annotations

from datetime import datetime

from ...override import override
from ..base.exceptions import UserErrorException
from ..base.plain_values import plain_scalar


class Expression:
    """A condition on rows or files: nested lists of an operator and its operands, all of it JSON.

    Args:
        tree: The lists.

    """

    def __init__(self, tree: list[object]) -> None:
        self.tree = tree

    def __gt__(self, other: object) -> Expression:
        return self._with("gt", other)

    def __ge__(self, other: object) -> Expression:
        return self._with("ge", other)

    def __lt__(self, other: object) -> Expression:
        return self._with("lt", other)

    def __le__(self, other: object) -> Expression:
        return self._with("le", other)

    @override
    def __eq__(self, other: object) -> Expression:  # type: ignore[override]  # v1 builds conditions with ==
        return self._with("eq", other)

    @override
    def __ne__(self, other: object) -> Expression:  # type: ignore[override]  # the same
        return self._with("ne", other)

    __hash__ = None  # type: ignore[assignment]  # == does not compare, so it cannot be a key

    def __and__(self, other: Expression) -> Expression:
        return self._with("and", other)

    def __or__(self, other: Expression) -> Expression:
        return self._with("or", other)

    def __invert__(self) -> Expression:
        return Expression(["not", self.tree])

    def __bool__(self) -> bool:
        raise UserErrorException("a dataset condition has no truth value", remedy="combine with & | ~")

    def is_null(self) -> Expression:
        """Return the condition that there is no value."""
        return Expression(["null", self.tree])

    def starts_with(self, text: str) -> Expression:
        """Return the condition that the text begins with another.

        Args:
            text: The beginning.

        """
        return self._with("starts", text)

    def contains(self, text: str) -> Expression:
        """Return the condition that the text contains another.

        Args:
            text: The part.

        """
        return self._with("contains", text)

    def _with(self, name: str, other: object) -> Expression:
        return Expression([name, self.tree, _operand(other)])


def field(column: str) -> Expression:
    """Return the expression of a column's value.

    Args:
        column: The column's name.

    """
    return Expression(["field", column])


def _operand(value: object) -> object:
    if isinstance(value, Expression):
        return value.tree
    value = plain_scalar(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    raise UserErrorException(f"a condition cannot hold a {type(value).__name__}")

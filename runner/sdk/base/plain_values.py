"""Conversion of numbers and text of numpy and similar packages to Python's own (pure)."""

from __future__ import annotations

from collections.abc import Mapping


def plain_scalar(value: object) -> object:
    """Return a scalar of numpy, or an array or tensor of no dimensions, as Python's own value; others as they are.

    Args:
        value: The value.

    """
    convert = getattr(value, "item", None)
    if callable(convert) and not isinstance(value, type) and getattr(value, "ndim", None) == 0:
        return convert()
    return value


def plain(value: object) -> object:
    """Return a JSON value in which scalars of numpy are Python's own.

    Args:
        value: The value.

    """
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    return plain_scalar(value)


def texts(values: Mapping[str, object] | None) -> dict[str, str]:
    """Return variables, tags or properties as text, as v1 does: 1 is ``1``, True is ``True``, None is ``None``.

    Args:
        values: The values by name. None: none.

    """
    return {str(name): str(plain_scalar(value)) for name, value in (values or {}).items()}

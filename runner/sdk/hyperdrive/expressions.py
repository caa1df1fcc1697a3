"""v1's expressions of hyperparameters: functions that describe the distribution of a value.

Each returns a list as v1 does, such as ``["uniform", [0.1, 0.9]]``, so that files and comparisons of v1's users go on.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, List

from ...model.search import ARITY, CHOICE, Expression
from ..base.exceptions import HyperDriveConfigException
from ..base.plain_values import plain_scalar

Listed = List[object]
"""An expression in v1's form: its name and the list of its arguments."""
_RULE = "takes a list, a range or several values, and at least one value"


def choice(*options: object) -> Listed:
    """Return the expression of one value out of several.

    Args:
        *options: The values; a single list or range is the list of values.

    Raises:
        HyperDriveConfigException: There is no value, or a list stands beside others.

    """
    nested = [item for item in options if isinstance(item, (list, range))]
    if not options or (nested and len(options) > 1) or any(not len(item) for item in nested):
        raise HyperDriveConfigException(f"choice {_RULE}", remedy="write choice(1, 2, 3) or choice([1, 2, 3])")
    return ["choice", [list(nested[0]) if nested else list(options)]]


def randint(upper: int) -> Listed:
    """Return the expression of a whole number.

    Args:
        upper: The number above the greatest one; the least is 0.

    Raises:
        HyperDriveConfigException: It is no whole number above 0.

    """
    _check_whole("randint", "upper", upper)
    return ["randint", [upper]]


def uniform(min_value: float, max_value: float) -> Listed:
    """Return the expression of an evenly distributed number.

    Args:
        min_value: The least.
        max_value: The greatest.

    Raises:
        HyperDriveConfigException: A value is no number, or the least is not below the greatest.

    """
    _check_range("uniform", min_value, max_value)
    return ["uniform", [min_value, max_value]]


def quniform(min_value: float, max_value: float, q: int) -> Listed:
    """Return the expression of an evenly distributed number, rounded to multiples of `q`.

    Args:
        min_value: The least.
        max_value: The greatest.
        q: The distance of two values, a whole number.

    Raises:
        HyperDriveConfigException: A value is unfit.

    """
    _check_range("quniform", min_value, max_value)
    _check_distance("quniform", q)
    return ["quniform", [min_value, max_value, q]]


def loguniform(min_value: float, max_value: float) -> Listed:
    """Return the expression of ``exp(x)`` for an evenly distributed ``x``.

    Args:
        min_value: The least ``x``.
        max_value: The greatest ``x``.

    Raises:
        HyperDriveConfigException: A value is unfit.

    """
    _check_range("loguniform", min_value, max_value, equal=True)
    return ["loguniform", [min_value, max_value]]


def qloguniform(min_value: float, max_value: float, q: int) -> Listed:
    """Return the expression of ``exp(x)`` for an evenly distributed ``x``, rounded to multiples of `q`.

    Args:
        min_value: The least ``x``.
        max_value: The greatest ``x``.
        q: The distance of two values, a whole number.

    Raises:
        HyperDriveConfigException: A value is unfit.

    """
    _check_range("qloguniform", min_value, max_value, equal=True)
    _check_distance("qloguniform", q)
    return ["qloguniform", [min_value, max_value, q]]


def normal(mu: float, sigma: float) -> Listed:
    """Return the expression of a normally distributed number.

    Args:
        mu: The mean.
        sigma: The standard deviation.

    Raises:
        HyperDriveConfigException: A value is unfit.

    """
    _check_normal("normal", mu, sigma)
    return ["normal", [mu, sigma]]


def qnormal(mu: float, sigma: float, q: int) -> Listed:
    """Return the expression of a normally distributed number, rounded to multiples of `q`.

    Args:
        mu: The mean.
        sigma: The standard deviation.
        q: The distance of two values, a whole number.

    Raises:
        HyperDriveConfigException: A value is unfit.

    """
    _check_normal("qnormal", mu, sigma)
    _check_distance("qnormal", q)
    return ["qnormal", [mu, sigma, q]]


def lognormal(mu: float, sigma: float) -> Listed:
    """Return the expression of ``exp(x)`` for a normally distributed ``x``.

    Args:
        mu: The mean of ``x``.
        sigma: The standard deviation of ``x``.

    Raises:
        HyperDriveConfigException: A value is unfit.

    """
    _check_normal("lognormal", mu, sigma)
    return ["lognormal", [mu, sigma]]


def qlognormal(mu: float, sigma: float, q: int) -> Listed:
    """Return the expression of ``exp(x)`` for a normally distributed ``x``, rounded to multiples of `q`.

    Args:
        mu: The mean of ``x``.
        sigma: The standard deviation of ``x``.
        q: The distance of two values, a whole number.

    Raises:
        HyperDriveConfigException: A value is unfit.

    """
    _check_normal("qlognormal", mu, sigma)
    _check_distance("qlognormal", q)
    return ["qlognormal", [mu, sigma, q]]


def expression_of(name: str, listed: object) -> Expression:
    """Return the expression of a hyperparameter for a plan.

    Args:
        name: The hyperparameter.
        listed: The expression in v1's form.

    Raises:
        HyperDriveConfigException: It is no expression.

    """
    kind, arguments = _parts(listed)
    if kind == CHOICE and len(arguments) == 1 and _is_list(arguments[0]):
        return Expression(CHOICE, tuple(_option(name, value) for value in arguments[0]))
    if ARITY.get(kind) == len(arguments):
        return Expression(kind, tuple(plain_scalar(value) for value in arguments))
    raise HyperDriveConfigException(
        f"the parameter space has {listed!r} for {name!r}, which is no parameter expression",
        remedy=f"use choice, {', '.join(ARITY)} of azureml.train.hyperdrive",
    )


def _parts(listed: object) -> tuple[str, Sequence[Any]]:
    """Return the name and the arguments of an expression in v1's form; no arguments: it has another form."""
    if not isinstance(listed, (list, tuple)) or len(listed) != 2 or not _is_list(listed[1]):
        return "", ()
    return str(listed[0]), listed[1]


def _option(name: str, value: object) -> object:
    """Return an option of a choice as a plain value."""
    plain = plain_scalar(value)
    if plain is not None and not isinstance(plain, (str, int, float)):
        raise HyperDriveConfigException(
            f"choice for {name!r} has the option {value!r}: options are text, numbers, True, False and None",
            remedy="give each option a name, and let the script look up what it means",
        )
    return plain


def listed(expression: Expression) -> Listed:
    """Return an expression of a plan in v1's form.

    Args:
        expression: The expression.

    """
    values = list(expression.arguments)
    return [expression.kind, [values] if expression.kind == "choice" else values]


def _is_list(value: object) -> bool:
    return isinstance(value, (list, tuple)) and len(value) > 0


def _unfit(function: str, name: str, value: object, wanted: str) -> HyperDriveConfigException:
    return HyperDriveConfigException(f"{function}: {name} must be {wanted}, not {value!r}")


def _check_numbers(function: str, **values: object) -> None:
    for name, value in values.items():
        if not isinstance(value, (int, float)):
            raise _unfit(function, name, value, "a number")


def _check_range(function: str, least: float, greatest: float, *, equal: bool = False) -> None:
    _check_numbers(function, min_value=least, max_value=greatest)
    if not (least <= greatest if equal else least < greatest):
        word = "at least" if equal else "above"
        raise _unfit(function, "max_value", greatest, f"{word} min_value {least!r}")


def _check_normal(function: str, mean: float, deviation: float) -> None:
    _check_numbers(function, mu=mean, sigma=deviation)
    if not deviation >= 0:
        raise _unfit(function, "sigma", deviation, "0 or more")


def _check_distance(function: str, distance: object) -> None:
    _check_whole(function, "q", int(distance) if isinstance(distance, float) and distance.is_integer() else distance)


def _check_whole(function: str, name: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value <= 0:
        raise _unfit(function, name, value, "a whole number above 0")

"""Numbers on the command line, refused in words. argparse alone would show the name of a function."""

from __future__ import annotations

import math
from argparse import ArgumentTypeError
from collections.abc import Callable


def whole(least: int, most: int | None = None) -> Callable[[str], int]:
    """Return the argparse type of a whole number.

    Args:
        least: The least number.
        most: The greatest number. None: there is none.

    """

    def number(text: str) -> int:
        try:
            found = int(text)
        except ValueError:
            found = least - 1
        if found < least or (most is not None and found > most):
            limit = f"of {least} or more" if most is None else f"from {least} to {most}"
            raise ArgumentTypeError(f"{text!r} is not a whole number {limit}")
        return found

    return number


def not_negative(text: str) -> float:
    """Return a number of 0 or more, as an argparse type.

    Args:
        text: The text on the command line.

    Raises:
        ArgumentTypeError: It is none.

    """
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 <= number < math.inf:
        raise ArgumentTypeError(f"{text!r} is not a number of 0 or more")
    return number

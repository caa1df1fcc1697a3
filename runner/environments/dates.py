"""The date that limits the packages of an environment, and the Python that fits it (pure).

The date is the stated one, else the release date of the azureml-* package that the environment pins, else the end of
the support of the Python that it asks for (https://devguide.python.org/versions/), else none.
"""

from __future__ import annotations

from collections.abc import Iterable

from ..dataclass import dataclass
from ..model.termination import OLDEST_PYTHON
from .azureml_packages import Brought

Minor = tuple[int, int]

OLDEST_MINOR: Minor = OLDEST_PYTHON
"""The oldest Python that can run a step."""
DEFAULT_MINOR = "3.11"
"""The Python of environments that name neither a version nor a base image."""
ENDS: dict[Minor, str] = {
    (3, 5): "2020-09-30",
    (3, 6): "2021-12-31",
    (3, 7): "2023-06-30",
    (3, 8): "2024-10-31",
    (3, 9): "2025-10-31",
}
"""The last day of each Python's support. Environments of later ones have no date by themselves."""
_CURRENT: dict[Minor, str] = {(3, 9): "2021-10-05", (3, 10): "2022-10-04", (3, 11): "2023-10-24"}
"""The date from which each Python had been released for a year, so that packages had wheels for it."""


@dataclass(frozen=True)
class Limit:
    """A date that limits packages, and its source."""

    date: str = ""
    """ISO date. Empty: no limit."""
    source: str = ""
    """The reason for a date that the author does not state."""


def limit(stated: str, python: Minor | None, azureml: Iterable[Brought]) -> Limit:
    """Return the date that limits the packages of an environment.

    Args:
        stated: The date that the author states. Empty: none.
        python: The Python that the environment asks for. None: none.
        azureml: What its azureml-* requirements brought.

    """
    if stated:
        return Limit(stated)
    pins = [each for each in azureml if each.pinned and each.date]
    if pins:
        newest = max(pins, key=lambda each: each.date)
        return Limit(newest.date, f"the release of {newest.name} {newest.release}")
    end = _end(python)
    return Limit(end, f"the end of Python {_text(python)}") if python and end else Limit()


def current_python(at: str) -> Minor:
    """Return the newest Python that had been released for a year at a date, between the oldest and the default one."""
    return max((minor for minor, since in _CURRENT.items() if since <= at), default=OLDEST_MINOR)


def _end(python: Minor | None) -> str:
    return "" if python is None else ENDS.get(max(python, min(ENDS)), "")


def _text(python: Minor) -> str:
    return "{}.{}".format(*python)

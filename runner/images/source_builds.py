"""Builds of packages that exist as source only: their progress, and their error with what has a wheel instead."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ..environments.source_packages import with_wheel
from ..errors import EnvironmentFailed
from ..ports import Notify
from .build_failure import OTHER_VERSION, THIS_PYTHON

if TYPE_CHECKING:
    from ..environments.credentials import Opened
    from ..environments.lock import Lock

_BUILDING = re.compile(r"\bBuilding ([\w.-]+==\S+)$")


@contextmanager
def source_builds(lock: Lock | None, opened: Callable[[Lock], Opened], notify: Notify) -> Iterator[Notify]:
    """Explain the builds of source packages during an installation. Yield the function that gets its output.

    The error of a build names the Python, and what has a wheel instead.

    Args:
        lock: The packages that are installed. None: there are none.
        opened: Returns the lines of a lock with their secrets.
        notify: A function that gets the output, a line at a time.

    """
    try:
        yield lambda line: notify(_explained(line, lock))
    except EnvironmentFailed as error:
        message = str(error)
        if lock is None or THIS_PYTHON not in message:
            raise
        remedy = _remedy(lock, opened, message) or OTHER_VERSION
        named = message.replace(THIS_PYTHON, f"Python {lock.python} on {lock.platform}", 1)
        raise EnvironmentFailed(named.replace(OTHER_VERSION, remedy, 1)) from error


def _explained(line: str, lock: Lock | None) -> str:
    """Return a line of uv; that about the start of a build with its reason, which is in the lock's notes."""
    match = _BUILDING.search(line)
    if lock is None or match is None or not any(match[1] in note for note in lock.notes):
        return line
    return f"{line} from source: it has no wheel for Python {lock.python}; this may take minutes and may fail"


def _remedy(lock: Lock, opened: Callable[[Lock], Opened], message: str) -> str:
    from ..environments.resolver import compiled
    from ..environments.resolver_failure import Asked

    found = opened(lock)
    asked = Asked(lines=found.lines, python=lock.python, platform=lock.platform, date=lock.date, opened=found)
    return with_wheel(asked, message.splitlines(), compiled)

"""Packages that exist as source only for a Python and platform: which ones, and what has a wheel instead."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from .lock import LockedPackage
from .raised_python import Solve
from .requirements import OLDEST_MINOR
from .resolver_failure import Asked

_NEWEST_MINOR = 14
"""The newest minor version that is tried."""
_FIELD = re.compile(r'^(name|version|sdist|wheels) = "?([^"\s]+)', re.MULTILINE)
_UNBUILT = re.compile(r"Failed to build `([\w.-]+)==([^\s`]+)`")
_CHOSEN = re.compile(r"^[A-Za-z0-9][^=\s]*==([^\s;]+)", re.MULTILINE)


def source_packages(asked: Asked, packages: Iterable[LockedPackage], solve: Solve) -> tuple[str, ...]:
    """Return the packages that have no wheel, like ``numpy==1.18.5``. No network is used.

    Args:
        asked: The question whose solution the packages are. The answers of the index are in uv's cache.
        packages: The packages.
        solve: A function that asks the solver.

    """
    pins = [f"{one.name}=={one.version}" for one in packages if one.version and not (one.url or one.wheel)]
    if not pins:
        return ()
    outcome = solve(_about(asked, pins), "--no-deps", "--offline", "--format", "pylock.toml")
    return without_wheel(outcome.output) if outcome.code == 0 else ()


def without_wheel(pylock: str) -> tuple[str, ...]:
    """Return the packages that exist as source only (pure).

    Args:
        pylock: A lock file for one Python and platform (https://peps.python.org/pep-0751/), as uv writes it.

    """
    packages = (dict(_FIELD.findall(block)) for block in pylock.split("[[packages]]")[1:])
    return tuple(f"{one['name']}=={one['version']}" for one in packages if "sdist" in one and "wheels" not in one)


def note(pins: Sequence[str], python: str) -> str:
    """Return the line about packages whose source is built (pure).

    Args:
        pins: The packages, at least one.
        python: The minor version, like ``3.11``.

    """
    have, are = ("has", "it is") if len(pins) == 1 else ("have", "they are")
    what = f"{', '.join(pins)} {have} no wheel for Python {python}"
    return f"{what}: {are} built from source, which may take minutes and may fail"


def with_wheel(asked: Asked, output: Iterable[str], solve: Solve) -> str:
    """Return the remedy for a package whose source cannot be built: a Python and a release that have a wheel.

    Args:
        asked: The Python, the platform, the date, and lines with the options about indexes.
        output: The output of uv.
        solve: A function that asks the solver.

    Returns:
        The remedy. Empty: the output names no such package, or nothing has a wheel.

    """
    match = next(filter(None, map(_UNBUILT.search, output)), None)
    if match is None:
        return ""
    name, version = match.groups()
    only, pin = ("--no-deps", "--only-binary", name), f"{name}=={version}"
    others = (one for one in other_pythons(asked.python) if not solve(_about(asked, [pin], one), *only).code)
    python = next(others, "")
    later = solve(_about(asked, [f"{name}>={version}"]), *only, "--resolution", "lowest")
    chosen = None if later.code else _CHOSEN.search(later.output)
    ways = [f"ask for Python {python}, for which {pin} has a wheel"] if python else []
    ways += [f"require {name}=={chosen[1]}, which has a wheel for Python {asked.python}"] if chosen else []
    return "; or ".join(ways)


def other_pythons(python: str) -> tuple[str, ...]:
    """Return the minor versions that steps run on without this one, the nearest first (pure)."""
    major, minor = map(int, python.split("."))
    others = (other for other in range(OLDEST_MINOR[1], _NEWEST_MINOR + 1) if other != minor)
    return tuple(f"{major}.{other}" for other in sorted(others, key=lambda other: (abs(other - minor), other)))


def _about(asked: Asked, lines: Iterable[str], python: str = "") -> Asked:
    """Return the question with these requirements. Wheels count even if the author forbids them."""
    options = (line for line in asked.lines if line.startswith("-") and not line.startswith("--no-binary"))
    return replace(asked, lines=(*options, *lines), python=python or asked.python)

"""Names of projects and versions of Python, as requirements write them."""

from __future__ import annotations

import re

_SEPARATORS = re.compile(r"[-_.]+")
_PYTHON = re.compile(r"^\s*=*\s*(\d+)\.(\d+)(\.(\d+|\*))*\s*$")
_PROJECT = re.compile(r"[A-Za-z0-9][\w.-]*")


def normal_name(name: str) -> str:
    """Return a project's name as PEP 503 normalises it."""
    return _SEPARATORS.sub("-", name).lower()


def project(line: str) -> str:
    """Return the normalised name that a requirement begins with; empty for an option, a path or an address."""
    match = _PROJECT.match(line.strip())
    return normal_name(match[0]) if match else ""


def python_minor(version: str) -> tuple[int, int] | None:
    """Return ``3.11``, ``3.11.4`` or ``=3.11.*`` as (3, 11); None for anything else."""
    match = _PYTHON.match(version)
    return (int(match[1]), int(match[2])) if match else None

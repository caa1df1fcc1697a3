"""Platforms, as the option `--python-platform` of uv names them. Locks are shared by machines of one platform."""

from __future__ import annotations

import os
import sys

_PROCESSORS = {"arm64": "aarch64", "amd64": "x86_64"}
_OLD_LIBC = (2, 28)
"""Machines with an older C library get packages of the manylinux2014 generation (PEP 599)."""


def here() -> str:
    """Return the platform of this machine."""
    machine = os.uname().machine
    if sys.platform == "darwin":
        return f"{_processor(machine)}-apple-darwin"
    return linux(machine, _libc())


def linux(machine: str, libc: str) -> str:
    """Return the platform of a machine or an image with Linux (pure).

    Args:
        machine: The processor, like ``x86_64``.
        libc: The version of the GNU C library, like ``2.36``. Empty: it has another C library.

    """
    if not libc:
        return f"{_processor(machine)}-unknown-linux-musl"
    version = tuple(int(part) for part in libc.split(".")[:2] if part.isdecimal())
    return f"{_processor(machine)}-{'manylinux2014' if version < _OLD_LIBC else 'manylinux_2_28'}"


def _processor(machine: str) -> str:
    return _PROCESSORS.get(machine.lower(), machine)


def _libc() -> str:
    try:
        return (os.confstr("CS_GNU_LIBC_VERSION") or "").partition(" ")[2]
    except (ValueError, OSError):
        return ""

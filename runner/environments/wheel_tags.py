"""The Pythons and platforms for which a wheel was made, by the tags in its file name (pure).

The rules are those of https://packaging.python.org/en/latest/specifications/platform-compatibility-tags/. The version
of the C library is left to the resolver, which knows it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from ..errors import Problem
from ..model.environment import Wheel

_PYTHON = re.compile(r"(?P<kind>py|cp)(?P<major>\d)(?P<minor>\d*)")
_LINUX = re.compile(r"(?:linux|manylinux\d+|manylinux_\d+_\d+)_(?P<machine>.+)")
_MUSL = re.compile(r"(?:linux|musllinux_\d+_\d+)_(?P<machine>.+)")
_MACOS = re.compile(r"macosx_\d+_\d+_(?P<machine>.+)")
_MAC_MACHINES = {"universal2": ("x86_64", "arm64"), "intel": ("x86_64",), "fat64": ("x86_64",)}
_ARM = {"aarch64": "arm64"}
"""The processors' names on macOS by those on Linux."""


def misfits(wheels: Iterable[Wheel], python: tuple[int, int] | None, platform: str, where: str) -> Iterator[Problem]:
    """Yield a problem for each wheel that cannot be installed.

    Args:
        wheels: The wheels.
        python: The Python of the environment, as (major, minor). None: it is not known yet.
        platform: ``x86_64-manylinux_2_28`` and the like, or ``aarch64-apple-darwin``. Empty: it is not known yet.
        where: The environment, for messages.

    """
    for wheel in wheels:
        pythons, abis, platforms = (part.split(".") for part in wheel.name.removesuffix(".whl").rsplit("-", 3)[1:])
        if python and not any(_python_fits(one, abi, python) for one in pythons for abi in abis):
            what = f"the wheel {wheel.name} is not for Python {python[0]}.{python[1]}"
            yield Problem(what, where, "ask for the Python that it was built for, or build it for this one")
        elif platform and not any(_platform_fits(one, platform) for one in platforms):
            what = f"the wheel {wheel.name} is not for this platform ({platform})"
            yield Problem(what, where, "build it for this platform")


def _python_fits(tag: str, abi: str, python: tuple[int, int]) -> bool:
    match = _PYTHON.fullmatch(tag)
    if match is None or int(match["major"]) != python[0]:
        return False
    minor = int(match["minor"] or 0)
    if match["kind"] == "py" or abi == "abi3":
        return minor <= python[1]
    return minor == python[1]


def _platform_fits(tag: str, platform: str) -> bool:
    machine, _, system = platform.partition("-")
    mac = "macos" in platform or "darwin" in system
    if tag == "any":
        return True
    pattern = _MACOS if mac else _MUSL if system.endswith("-musl") else _LINUX
    match = pattern.fullmatch(tag)
    if match is None:
        return False
    if not mac:
        return match["machine"] == machine
    return "-" not in platform or _ARM.get(machine, machine) in _MAC_MACHINES.get(match["machine"], (match["machine"],))

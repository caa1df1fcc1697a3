"""Libraries of the system that packages load, and that the default base image does not have (pure).

v1's base images had them, and conda installs them beside the packages. Wheels that bring their own need none.
"""

from __future__ import annotations

import re

from ..environments.lock import Lock, LockedPackage
from .base_image import BaseImage

_DEFAULT_BASE = re.compile(r"python:\d+\.\d+-slim")
"""The base images that are known to lack the libraries, and to have apt."""
_XGBOOST_WITH_LIBGOMP = (1, 3)
_APT = "RUN apt-get update && apt-get install --yes --no-install-recommends {} && rm -rf /var/lib/apt/lists/*"


def system_libraries(base: BaseImage, lock: Lock | None) -> tuple[str, ...]:
    """Return the Debian packages that an image needs beside its lock, sorted.

    Args:
        base: The base image. Only the default ones count: others are as their authors want them.
        lock: The packages of the image.

    """
    if lock is None or not _DEFAULT_BASE.fullmatch(base.name):
        return ()
    return ("libgomp1",) if any(map(_loads_libgomp, lock.packages)) else ()


def instructions(libraries: tuple[str, ...]) -> list[str]:
    """Return the instructions of a Dockerfile that install Debian packages."""
    return [_APT.format(" ".join(libraries))] if libraries else []


def _loads_libgomp(package: LockedPackage) -> bool:
    if package.name == "xgboost":
        return tuple(int(part) for part in re.findall(r"\d+", package.version)[:2]) < _XGBOOST_WITH_LIBGOMP
    return package.name == "lightgbm"

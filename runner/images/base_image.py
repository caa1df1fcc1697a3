"""Base images: the facts of one on which an environment's image is built, and the report from which they are read."""

from __future__ import annotations

import re
from dataclasses import replace

from ..dataclass import dataclass
from ..environments.requirements import OLDEST_MINOR, python_minor
from ..errors import Problem

PROBE = (
    'python=$(command -v "$0" || command -v python) || { echo none; exit 0; }; '
    '"$python" -c "import platform, sys; print(\' \'.join(['
    "sys.version.split()[0], platform.machine(), platform.libc_ver()[1] or 'none', sys.executable]))\""
)
"""A shell script that writes the facts of an image's Python in one line. Any Python since 2.7 can run it.

Its argument 0 is the interpreter that the environment names, or ``python3``.
"""
_REPORT = re.compile(r"^(\d+\.\d+\S*) (\S+) (\S+) (/.*)$")
_OLD_LIBC = (2, 28)
"""Images with an older C library than this get packages of the manylinux2014 generation (PEP 599)."""


@dataclass(frozen=True, kw_only=True)
class BaseImage:
    """The facts of an image on which others are built, or that is used as it is."""

    name: str = ""
    """The name that the environment gives, like ``python:3.11-slim``. Empty: the image of the user's Dockerfile."""
    digest: str = ""
    """``sha256:…``: the digest in its registry if `published`, else the ID in the engine of one machine. Empty for the
    image of a Dockerfile, which is known by its text."""
    published: bool = False
    """True if other machines can pull the same image by its digest."""
    python: str = ""
    """The version of its Python, like ``3.11.4``. Empty: it has none."""
    interpreter: str = ""
    """The path of its Python."""
    machine: str = ""
    """The processor, like ``x86_64``."""
    libc: str = ""
    """The version of the GNU C library. Empty: it has another C library."""

    @property
    def reference(self) -> str:
        """Return the name to build on: by digest where other machines can pull it."""
        return f"{self.name}@{self.digest}" if self.published else self.name

    @property
    def minor(self) -> str:
        """Return the minor version of its Python, like ``3.11``."""
        return ".".join(map(str, python_minor(self.python) or ()))

    @property
    def platform(self) -> str:
        """Return the platform, as the option `--python-platform` of uv names it."""
        if not self.libc:
            return f"{self.machine}-unknown-linux-musl"
        version = tuple(int(part) for part in self.libc.split(".")[:2] if part.isdecimal())
        return f"{self.machine}-{'manylinux2014' if version < _OLD_LIBC else 'manylinux_2_28'}"

    def problem(self, environment: str) -> Problem | None:
        """Return the problem if the image's Python cannot run a step.

        Args:
            environment: The name of the environment, for the message.

        """
        minor, oldest = python_minor(self.python), ".".join(map(str, OLDEST_MINOR))
        if minor and minor >= OLDEST_MINOR:
            return None
        subject = f"image {self.name}" if self.name else "the image of its Dockerfile"
        what = f"{subject} has Python {self.python}, and" if self.python else f"{subject} has no Python:"
        where, remedy = f"environment {environment!r}", f"name an image with Python {oldest} or newer"
        return Problem(f"{what} a step needs {oldest} or newer", where, remedy)


def with_report(base: BaseImage, report: str) -> BaseImage:
    """Return the image with the facts of its Python.

    Args:
        base: Its name and digest.
        report: The output of `PROBE` in it. A text of another form means that it has no Python.

    """
    match = next(filter(None, map(_REPORT.match, report.splitlines())), None)
    if match is None:
        return base
    libc = "" if match[3] == "none" else match[3]
    return replace(base, python=match[1], machine=match[2], libc=libc, interpreter=match[4])

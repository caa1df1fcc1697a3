"""Locks: the exact packages of an environment for one Python and one platform (pure)."""

from __future__ import annotations

import re
from functools import cached_property

from ..dataclass import dataclass
from ..model.digest import digest_of

FORMAT = 1
"""The version of the written form and of `Lock.lines`. Another one makes other digests."""
_OPTION = re.compile(
    r"^(?:-i|--index-url|--extra-index-url|-f|--find-links|--no-index|--trusted-host|--no-binary|--only-binary)"
    r"(?:[ =]|$)"
)
"""Options of a requirements file that say where packages come from, and whether wheels or source packages count."""


@dataclass(frozen=True, kw_only=True)
class LockedPackage:
    """One distribution in one version."""

    name: str
    """The name as PEP 503 normalises it."""
    version: str = ""
    """Empty: `url` names the distribution."""
    hashes: tuple[str, ...] = ()
    """``sha256:…`` of each file that may be installed. Empty for a commit of a repository, which `url` names."""
    index: str = ""
    """The URL of the package index, without credentials. Empty: no index has it."""
    wheel: str = ""
    """The hex SHA-256 of a wheel that accompanies the environment. Empty: it comes from elsewhere."""
    url: str = ""
    """The direct reference (PEP 508), without credentials. Empty: it is found by name and version."""

    @property
    def requirement(self) -> str:
        """Return the line of a requirements file, with hashes."""
        what = f"{self.name} @ {self.url}" if self.url else f"{self.name}=={self.version}"
        return " ".join([what, *(f"--hash={digest}" for digest in self.hashes)])


@dataclass(frozen=True, kw_only=True)
class Lock:
    """The exact packages of an environment for one Python and one platform."""

    spec: str
    """The digest of the environment's specification."""
    python: str
    """The minor version, like ``3.11``."""
    platform: str
    """The platform as the option `--python-platform` of uv names it, like ``x86_64-manylinux_2_28``."""
    date: str = ""
    """ISO date: no package that is newer was considered. Empty: every package was."""
    requirements: tuple[str, ...] = ()
    """The lines that were resolved."""
    packages: tuple[LockedPackage, ...] = ()
    """Sorted by name."""
    uv: str = ""
    """The version of uv that resolved them. Empty: there was nothing to resolve."""
    notes: tuple[str, ...] = ()
    """Changes of the requirements that the resolution made, like a moved date. They are not part of `digest`."""

    @cached_property
    def digest(self) -> str:
        """Hex SHA-256 of what is installed. Specifications that install the same packages share it."""
        return digest_of([FORMAT, self.python, self.platform, self.options, self.packages])

    @property
    def options(self) -> tuple[str, ...]:
        """Return the options of the requirements that count at an installation.

        A wheel that accompanies the environment is installed even if ``--no-binary :all:`` forbids wheels, as pip does
        with a wheel that is named by its path.
        """
        found = tuple(line for line in self.requirements if _OPTION.match(line))
        own = sorted(package.name for package in self.packages if package.wheel)
        if not own or not any(line.startswith("--no-binary") for line in found):
            return found
        return (*found, *(f"--only-binary {name}" for name in own))

    @property
    def hashed(self) -> bool:
        """Return True if every package has hashes, so that an installer can be told to require them."""
        return all(package.hashes for package in self.packages)

    def lines(self) -> tuple[str, ...]:
        """Return a requirements file: the options, and each package with its version and hashes.

        Wheels that accompany the environment appear as ``name==version`` with their hash. The installer finds their
        files by its option `--find-links`.
        """
        return (*self.options, *(package.requirement for package in self.packages))

"""The last lines of a build said again as one cause and what to do about it. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from ..errors import EnvironmentFailed, Problem

SHOWN = 12
"""How many of the last lines an error shows."""

_HALF = 150
"""Half the characters shown of a long line."""
_INDEX = "check the network, and the index that pip is configured with"
_REPOSITORY = "check its address, and that it can be read there without a password"
_OLDER = "loosen the pin: a release that was made for an older Python only cannot be installed"
_CAUSES: tuple[tuple[str, str, str], ...] = (
    (r"runner: (the base image has .*)", r"\1", "name a base image with a newer Python"),
    (
        r"\b(git|hg|svn|bzr) (?:clone|export|branch|checkout|co) .*?(\w+://\S+|\S+@\S+:\S+).* did not run successfully",
        r"\1 could not read the repository \2",
        _REPOSITORY,
    ),
    (
        r"\b(git|hg|svn|bzr) (.+?) did not run successfully",
        r"a package's repository does not have what was asked for: \1 \2 failed",
        "correct the branch, tag or commit that the package's address names",
    ),
    (
        r"Cannot find command '(\w+)'",
        r"a package is named by the address of a \1 repository, and there is no \1 program",
        r"install it on this machine or in the base image, or name a released package",
    ),
    (
        r"Could not find a version that satisfies the requirement (\S+).*\(from versions: none\)",
        r"no package \1 is to be had for this Python",
        "check its name, its version and the Python asked for",
    ),
    (
        r"No matching distribution found for (.+)",
        r"no release matches \1",
        "correct its name or version in the environment; the lines below name the versions there are",
    ),
    (
        r"Cannot install (.+) because these package versions have conflicting dependencies",
        r"these packages contradict each other: \1",
        "loosen one of the versions",
    ),
    (r"ResolutionImpossible", "the packages contradict each other", "loosen one of the versions"),
    (r"Invalid requirement: (.+?)(?: \(from .*)?$", r"pip cannot read the line \1", "write it as name==version"),
    (
        r"Temporary failure in name resolution|NewConnectionError|Read timed out|ConnectTimeoutError|ConnectionReset",
        "the package index could not be reached",
        _INDEX,
    ),
    (
        r"Failed (?:building wheel for|to build) (.+)|subprocess-exited-with-error",
        r"a package has no ready-made wheel for this Python, and building it failed: \1",
        "choose a version that has a wheel, or a base image with the compilers it needs",
    ),
    (
        r"ensurepip is not available",
        "this Python cannot make virtual environments",
        "install the venv package of the system's Python (python3-venv on Debian)",
    ),
    (r"No module named pip", "the base image has no pip", "name a base image with Python and pip"),
    (r"No space left on device", "the disk is full", "make room, e.g. `docker image prune`"),
    (
        r"pull access denied for ([^\s,]+)|manifest (?:for (\S+) not found|unknown)|(\S+): not found$",
        r"the base image could not be pulled: \1\2\3",
        "check its name and tag, and that you may pull it",
    ),
    (
        r"dial tcp|no such host|Client\.Timeout|TLS handshake timeout|x509: ",
        "the registry of the base image could not be reached",
        "check the network; or give a base image that is in the local Docker already",
    ),
)
_UNRELEASED = re.compile(r"No matching distribution found for ")
_COMPILED = tuple((re.compile(pattern), what, remedy) for pattern, what, remedy in _CAUSES)


def explain(what: str, lines: Sequence[str], *, python_note: str = "") -> str:
    """Say what failed, the cause if it is a known one, its remedy, and the last lines.

    Args:
        what: What could not be done.
        lines: The output of the program that failed.
        python_note: Why another Python is used than the one asked for; empty: it is the one asked for.

    """
    shown = [line for line in (line.rstrip() for line in lines) if line][-SHOWN:]
    cause, remedy = _cause(shown)
    if python_note and any(_UNRELEASED.search(line) for line in shown):
        cause, remedy = f"{cause} ({python_note})", _OLDER
    head = f"{what}: {cause}" if cause else what
    advice = [f"  do:    {remedy}"] if remedy else []
    return "\n".join([head, *advice, *(f"  | {_clipped(line)}" for line in shown)])


def _clipped(line: str) -> str:
    """A line's start and end: pip lists every version there ever was, newest last."""
    return line if len(line) <= 2 * _HALF else f"{line[:_HALF]} … {line[-_HALF:]}"


def refused(problems: Iterable[Problem]) -> EnvironmentFailed:
    """The error of an environment that has these problems."""
    return EnvironmentFailed("\n".join(map(str, problems)))


def _cause(lines: Sequence[str]) -> tuple[str, str]:
    for pattern, what, remedy in _COMPILED:
        match = next(filter(None, map(pattern.search, lines)), None)
        if match:
            return match.expand(what).rstrip(": "), remedy
    return "", ""

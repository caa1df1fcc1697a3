"""The cause and the remedy of a failed build, found in the last lines of its output (pure)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from ..errors import EnvironmentFailed, Problem, remedy_line

SHOWN = 12
"""Lines of output in an error."""

THIS_PYTHON = "this Python and platform"
"""The Python in the message about a source that cannot be built."""
OTHER_VERSION = "choose a version with a wheel, another Python, or a base image that has the package"
"""The remedy in that message."""
_SHOWN_OF_BUILD = 4
"""Lines of output in that message. They are the end of a traceback."""
_HALF = 150
"""Half the number of characters shown of a long line."""
_INDEX = "check the network, and the index that pip is configured with"
_REPOSITORY = "check its address, and that it can be read there without a password"
_OLDER = "loosen the pin: a release that was made for an older Python only cannot be installed"
_CAUSES: tuple[tuple[str, str, str], ...] = (
    (
        r"runner: (the base image has Python .* now, and the lock .*)",
        r"\1",
        "renew the lock: `runner environment lock --upgrade`; or name the base image by its digest",
    ),
    (
        r"runner: (the base image has none of micromamba, .*)",
        r"\1, and packages of the environment need one",
        "name a base image that has one, like condaforge/miniforge3; or take out the packages that only conda has",
    ),
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
        r"Failed to build `([^`]+)`",
        rf"\1 has no wheel for {THIS_PYTHON}, and its source cannot be built here",
        OTHER_VERSION,
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
    (
        r"Hash mismatch for `?([^`\s]+)`?",
        r"a file of \1 is not the one that was locked",
        "the index has another file now: `runner environment lock --upgrade` makes a new lock",
    ),
    (r"Failed to (?:fetch|download)|error sending request|dns error", "the package index could not be reached", _INDEX),
    (r"No module named pip", "the base image has no pip", "name a base image with Python and pip"),
    (
        r"(?i)no space left on device",  # programs in Go write it in lower case
        "the disk is full",
        "make room: `runner environment gc` deletes images that no recent run used; `docker system df` shows the rest",
    ),
    (
        r"pull access denied for ([^\s,]+)|manifest (?:for (\S+) not found|unknown)|(\S+): not found$",
        r"the base image could not be pulled: \1\2\3",
        "check its name and tag; if it is private, log in to its registry first: `docker login HOST`",
    ),
    (
        r"dial tcp|no such host|Client\.Timeout|TLS handshake timeout|x509: ",
        "the registry of the base image could not be reached",
        "check the network; or give a base image that is in the local Docker already",
    ),
)
_UNBUILT = re.compile(r"Failed to build `")
_UNRELEASED = re.compile(r"No matching distribution found for ")
_COMPILED = tuple((re.compile(pattern), what, remedy) for pattern, what, remedy in _CAUSES)


def explain(what: str, lines: Sequence[str], *, python_note: str = "") -> str:
    """Return a message with the failed action, the cause and remedy if they are known, and the last lines.

    Args:
        what: The action that failed.
        lines: The output of the program that failed.
        python_note: The reason why another Python is used than the requested one. Empty: it is that one.
    """
    full = [line for line in (line.rstrip() for line in lines) if line]
    unbuilt = [line for line in full if _UNBUILT.search(line)][-1:]  # uv names it before a long traceback
    last = full[-_SHOWN_OF_BUILD if unbuilt else -SHOWN :]
    shown = [*(line for line in unbuilt if line not in last), *last]
    cause, remedy = _cause(shown)
    if python_note and any(_UNRELEASED.search(line) for line in shown):
        cause, remedy = f"{cause} ({python_note})", _OLDER
    head = f"{what}: {cause}" if cause else what
    advice = [remedy_line(remedy)] if remedy else []
    return "\n".join([head, *advice, *(f"  | {_clipped(line)}" for line in shown)])


def _clipped(line: str) -> str:
    """Return a line's start and end: pip lists all versions there are, the newest last."""
    return line if len(line) <= 2 * _HALF else f"{line[:_HALF]} … {line[-_HALF:]}"


def refused(problems: Iterable[Problem]) -> EnvironmentFailed:
    """Return the error of an environment with these problems."""
    return EnvironmentFailed("\n".join(map(str, problems)))


def _cause(lines: Sequence[str]) -> tuple[str, str]:
    for pattern, what, remedy in _COMPILED:
        match = next(filter(None, map(pattern.search, lines)), None)
        if match:
            return match.expand(what).rstrip(": "), remedy
    return "", ""

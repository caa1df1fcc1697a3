"""Resolution of requirements by uv: from lines of pip to exact versions and hashes for one Python and platform.

Index options count as with pip: all indexes together, the best version of any of them. An environment with a private
index is an exception (see `index_order`). A package that exists only as
source may be chosen; uv builds it to learn what it requires, which needs an interpreter of the asked Python here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from ..errors import EnvironmentFailed
from ..model.environment import NamedEnvironment, Wheel
from ..model.pip_line import project_and_version
from ..model.redaction import LOGIN, holds_login
from ..ports import Notify
from . import uv_program, wheels
from .index_order import ordered, strategy
from .lock import Lock, LockedPackage
from .raised_python import replaced_pins
from .requirements import OLDEST_MINOR, Requirements, normal_name, python_minor
from .resolver_failure import Asked, explain, unreachable
from .source_packages import note, other_pythons, source_packages, with_wheel
from .sources import PackageSources
from .uv_options import own_index, split_options, until, without_date
from .uv_program import Outcome

SECONDS = 900.0
"""The longest resolution. Metadata of large packages without wheels take minutes."""
_OPTIONS = (
    "--no-config", "--no-header", "--no-annotate", "--emit-index-annotation", "--generate-hashes",
)  # fmt: skip
_PUBLISHED = re.compile(r"The requested version, v?(\S+), was published at (\d{4}-\d\d-\d\d)T")
_FILTERED = re.compile(r"`([^`]+)` was filtered by `exclude-newer`")
_PINNED = re.compile(r"^([A-Za-z0-9][\w.-]*)\s*(?:\[[^\]]*\])?\s*={2,3}\s*[^\s;]")
_PACKAGE = re.compile(r"^(?P<name>[A-Za-z0-9][\w.-]*)(?:\[[^\]]*\])?(?:==(?P<version>[^\s;]+)| @ (?P<url>\S+))")
_HASH = re.compile(r"--hash=(\w+:[0-9a-f]+)")
_INDEX = re.compile(r"^\s+# from (\S+)")


class Resolver:
    """Resolves environments of one workspace."""

    def __init__(self, sources: PackageSources) -> None:
        """Remember the packages that no public index has."""
        self._sources = sources

    def resolve(
        self, environment: NamedEnvironment, wanted: Requirements, python: str, platform: str, notify: Notify
    ) -> Lock:
        """Return the lock of an environment.

        An exact pin that is newer than the date moves the date, because the author must have had it.

        Args:
            environment: The environment.
            wanted: Its requirements.
            python: The minor version to resolve for, like ``3.11``.
            platform: The platform to resolve for, like ``x86_64-manylinux_2_28``.
            notify: A function that gets a line at a time for people.

        Raises:
            EnvironmentFailed: There is no solution, or the package index cannot be reached.

        """
        where, files = f"environment {environment.name!r}", self._sources.wheels(environment.spec)
        own = [wheels.requirement(wheel, path) for wheel, path in files.items()]
        opened = self._sources.credentials.open((*ordered(wanted.lines), *own))
        asked = Asked(lines=opened.lines, python=python, platform=platform, date=wanted.date, opened=opened)
        newest = f", no newer than {asked.date}" if asked.date else ""
        notify(f"{where}: resolving {_count(wanted.lines)} for Python {python} on {platform}{newest}")
        changes: list[str] = []

        def change(note: str) -> None:
            changes.append(note)
            notify(f"{where}: {note}")

        asked, outcome = _with_possible_dates(asked, wanted.lines, change)
        if replaced := _lost_wheels(environment, asked):
            for pin, instead in replaced.items():
                why = f"has no wheel for Python {python}, which replaces {environment.spec.python}"
                change(f"{pin} {why}: {instead} is used")
            asked = replace(asked, lines=tuple(replaced.get(line, line) for line in asked.lines))
            outcome = compiled(asked)
        if outcome.code:
            instead = with_wheel(asked, outcome.lines, compiled)
            works_with = "" if instead or unreachable(outcome.lines) else _other_python(asked)
            raise EnvironmentFailed(explain(where, asked, outcome.lines, works_with, instead))
        found = packages(outcome.output, files)
        if built := source_packages(asked, found, compiled):
            change(note(built, python))
        return Lock(
            spec=environment.spec.digest,
            python=python,
            platform=platform,
            date=asked.date,
            requirements=wanted.lines,
            packages=found,
            uv=uv_program.version(),
            notes=tuple(changes),
        )


def _with_possible_dates(asked: Asked, lines: Sequence[str], change: Notify) -> tuple[Asked, Outcome]:
    """Ask for a solution, and again with a later date or with projects that have no dates as long as that may help.

    Args:
        asked: The question to the solver.
        lines: The requirements as the author wrote them.
        change: A function that gets a line for each change of the question.

    Returns:
        The last question and its outcome.

    """
    outcome = compiled(asked)
    while outcome.code:
        if moved := newer_pin(outcome.lines, lines, asked.date):
            change(f"{moved[0]} was published on {moved[1]}: packages until then are used, not {asked.date}")
            asked = replace(asked, date=moved[1])
        elif found := without_date(outcome.lines) - asked.dateless:
            names = ", ".join(sorted(found))
            change(f"their index states no date of publication, so any version of these is used: {names}")
            asked = replace(asked, dateless=asked.dateless | found)
        else:
            break
        outcome = compiled(asked)
    return asked, outcome


def _lost_wheels(environment: NamedEnvironment, asked: Asked) -> dict[str, str]:
    """Return the pins that have no wheel because a newer Python replaces the one of the author, and new pins."""
    stated = python_minor(environment.spec.python)
    if stated is None or stated >= OLDEST_MINOR or environment.spec.image or environment.spec.dockerfile:
        return {}
    return replaced_pins(asked, "{}.{}".format(*stated), compiled)


def compiled(asked: Asked, *extra: str) -> Outcome:
    """Ask uv for a solution. Raises EnvironmentFailed if uv is missing here."""
    target = ("--python-version", asked.python, "--python-platform", asked.platform, "--python", builder(asked.python))
    lines, alone = split_options(asked.lines)
    indexes = ("--index-strategy", strategy(asked.lines))
    command = ("pip", "compile", *_OPTIONS, *indexes, *target, *until(asked.date, asked.dateless), *alone, *extra, "-")
    text = "".join(f"{line}\n" for line in lines)
    variables = {**asked.opened.variables, **own_index(lines)}
    return asked.opened.hidden(uv_program.run(command, text=text, extra=variables, seconds=SECONDS))


def builder(python: str) -> str:
    """Return an interpreter that builds packages without wheels: one of that version, else the running one."""
    import sys

    from .pythons import installed

    minor = tuple(int(part) for part in python.split("."))
    return (installed((minor[0], minor[1])) if minor != sys.version_info[:2] else None) or sys.executable


def newer_pin(output: Sequence[str], lines: Sequence[str], date: str) -> tuple[str, str] | None:
    """Return an exact pin of the author's that is newer than the date, and the day of its publication (pure).

    Args:
        output: What uv wrote when it found no solution.
        lines: The requirements.
        date: The ISO date in force. Empty: no package is too new.

    """
    names = {normal_name(match[1]) for match in map(_PINNED.match, lines) if match}
    for hint in output:
        filtered, published = _FILTERED.search(hint), _PUBLISHED.search(hint)
        if filtered and published and normal_name(filtered[1]) in names and date < published[2]:
            return f"{filtered[1]}=={published[1]}", published[2]
    return None


def packages(output: str, files: Iterable[Wheel] = ()) -> tuple[LockedPackage, ...]:
    """Return the packages in the output of ``uv pip compile``, sorted by name (pure).

    Args:
        output: The output.
        files: The wheels that accompany the environment. uv names them by their paths on this machine. Default: none.

    """
    accompanying = {wheels.project_of(wheel): wheel for wheel in files}
    found: list[LockedPackage] = []
    for line in output.splitlines():
        match, index = _PACKAGE.match(line), _INDEX.match(line)
        if match:
            url = match["url"] or ""
            url = LOGIN.sub(r"\1://", url) if holds_login(url) else url
            found.append(LockedPackage(name=normal_name(match["name"]), version=match["version"] or "", url=url))
        elif index and found:
            found[-1] = replace(found[-1], index=LOGIN.sub(r"\1://", index[1]))
        if found and (hashes := _HASH.findall(line)):
            found[-1] = replace(found[-1], hashes=(*found[-1].hashes, *hashes))
    own = (_accompanying(one, accompanying[one.name]) if one.name in accompanying else one for one in found)
    return tuple(sorted(own, key=lambda package: package.name))


def _accompanying(package: LockedPackage, wheel: Wheel) -> LockedPackage:
    """Return the package of a wheel by its version and content, without the path of its file on this machine."""
    _, version = project_and_version(wheel.name) or ("", package.version)
    return replace(package, version=version, hashes=(f"sha256:{wheel.digest}",), wheel=wheel.digest, url="", index="")


def _other_python(asked: Asked) -> str:
    """Return the nearest other Python for which there is a solution without building anything; empty: there is none."""
    for version in other_pythons(asked.python):
        if compiled(replace(asked, python=version), "--only-binary", ":all:").code == 0:
            return version
    return ""


def _count(lines: Sequence[str]) -> str:
    amount = sum(not line.startswith("-") for line in lines)
    return f"{amount} requirement" + "s" * (amount != 1)

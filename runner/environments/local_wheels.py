"""Replace the local wheels that a draft environment names by their digests.

A draft names the file, as a draft step names its folder of scripts. A sealed environment names the content, so it
means the same on every machine, and equal environments of two projects have one digest.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from ..backports import without_prefix
from ..dataclass import dataclass, field
from ..errors import BadInput, Problem
from ..model.environment import NamedEnvironment, Wheel
from ..model.pip_line import WHEELS, FileLine, address, file_line
from ..ports import ObjectStore
from . import wheels


@dataclass(frozen=True)
class Sealed:
    """An environment without paths of this machine."""

    environment: NamedEnvironment
    files: Mapping[Wheel, Path] = field(default_factory=dict)
    """The files of the wheels that are on this machine."""
    problems: tuple[Problem, ...] = ()


def seal(environment: NamedEnvironment) -> Sealed:
    """Return the environment with its wheels by digest. Other files that it names stay, and are refused later."""
    spec, where = environment.spec, f"environment {environment.name!r}"
    lines: list[str] = []
    found: dict[Wheel, Path | None] = dict.fromkeys(spec.wheels)
    problems: list[Problem] = []
    for line in spec.pip:
        named = file_line(line)
        if named is None or not named.is_wheel:
            lines.append(line)
            continue
        try:
            wheel = named.stored or wheels.take(Path(named.path))
        except BadInput as error:
            problems.extend(problem._replace(where=where) for problem in error.problems)
            continue
        problems.extend(_option_problems(named, wheel, where))
        found[wheel] = found.get(wheel) or (None if named.stored else Path(named.path))
        lines += [f"{wheels.project_of(wheel)}{named.extras}"] if named.extras else []
    if not found:
        return Sealed(environment, problems=tuple(problems))
    ordered = tuple(sorted(found, key=lambda wheel: (wheel.name, wheel.digest)))
    made = replace(environment, spec=replace(spec, pip=tuple(lines), wheels=ordered))
    files = {wheel: path for wheel, path in found.items() if path}
    return Sealed(made, files, (*problems, *_twice(ordered, where)))


def add(store: ObjectStore, path: Path, *, exist_ok: bool) -> str:
    """Store a wheel and return its address.

    Args:
        store: The workspace's store.
        path: The file.
        exist_ok: True: the store may have a wheel of this name.

    Raises:
        BadInput: The file is no wheel, there is none, or the store has a wheel of this name.
        StoreError: The store cannot be used.

    """
    wheel = wheels.take(path)
    if not exist_ok and any(info.key.endswith(f"/{wheel.name}") for info in store.list(WHEELS)):
        raise BadInput(
            f"this workspace has a wheel {wheel.name} already",
            remedy="pass exist_ok=True: the address names the content, so both can be used; or raise its version",
        )
    wheels.keep(store, wheel, path)
    return address(wheel)


def stored_line(store: ObjectStore, line: str) -> str:
    """Return a line of pip; store the local wheel that it names, and name it by its address.

    Args:
        store: The workspace's store.
        line: The line.

    Raises:
        BadInput: The file is no wheel, or there is none.
        StoreError: The store cannot be used.

    """
    named = file_line(line)
    if named is None or not named.is_local_wheel:
        return line
    wheel = wheels.take(Path(named.path))
    wheels.keep(store, wheel, Path(named.path))
    return f"{wheels.project_of(wheel)}{named.extras} @ {address(wheel)}{named.options}"


def _option_problems(named: FileLine, wheel: Wheel, where: str) -> Iterator[Problem]:
    for option in named.options.split():
        if option.startswith("--hash="):
            if without_prefix(option, "--hash=") != f"sha256:{wheel.digest}":
                yield Problem(
                    f"the wheel {named.path} has another hash than its line states", where, "correct the hash"
                )
        else:
            what = f"a condition behind the wheel {named.path} cannot be met: {named.options.strip()}"
            yield Problem(what, where, "name the wheel without it, in the environments that need the wheel")
            return


def _twice(found: tuple[Wheel, ...], where: str) -> Iterator[Problem]:
    projects: dict[str, Wheel] = {}
    for wheel in found:
        other = projects.setdefault(wheels.project_of(wheel), wheel)
        if other is not wheel:
            what = (
                f"two wheels of one project: {other.name} ({other.digest[:12]}…), {wheel.name} ({wheel.digest[:12]}…)"
            )
            yield Problem(what, where, "name one of them")

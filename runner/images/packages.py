"""What an environment asks to have installed, as pip is told it."""

from __future__ import annotations

import re

from ..dataclass import dataclass
from ..errors import Problem
from ..model.environment import EnvironmentSpec, NamedEnvironment
from .conda import translate

OLDEST_MINOR = (3, 10)
"""The oldest Python that a step can run in."""
DEFAULT_MINOR = "3.11"
"""The Python of environments that name none and no base image either."""

_PYTHON = re.compile(r"^\s*=*\s*(\d+)\.(\d+)(\.(\d+|\*))*\s*$")
_NAME = re.compile(r"^\s*([A-Za-z0-9][\w.-]*)\s*(?:\[([^\]]*)\])?")
_SEPARATORS = re.compile(r"[-_.]+")
_LOCAL = re.compile(r"^(-r|--requirement|-c|--constraint|-e|--editable)\b|^\.{0,2}/|^\.{1,2}$|@\s*file:|^file:")
_CREDENTIALS = re.compile(r"://[^/\s@]+@")


@dataclass(frozen=True)
class Packages:
    """The packages of an environment, read once."""

    requirements: tuple[str, ...] = ()
    """Lines of a pip requirements file."""
    notes: tuple[str, ...] = ()
    """What was changed on the way: for people, loudly."""
    problems: tuple[Problem, ...] = ()


def read(environment: NamedEnvironment) -> Packages:
    """What to install, what was changed and what cannot be done."""
    spec, where = environment.spec, f"environment {environment.name!r}"
    pip, dropped = _without_azureml(spec.pip)
    conda, lost = _from_conda(spec.conda)
    notes = _notes(where, dropped, spec, conda)
    return Packages((*conda, *pip), notes, (*_pip_problems(pip, where), *_other_problems(spec, lost, where)))


def python_minor(version: str) -> tuple[int, int] | None:
    """``3.11``, ``3.11.4`` or ``=3.11.*`` as (3, 11); None if it names none."""
    match = _PYTHON.match(version)
    return (int(match[1]), int(match[2])) if match else None


def normal_name(name: str) -> str:
    """A project's name as PEP 503 compares names."""
    return _SEPARATORS.sub("-", name).lower()


def _without_azureml(pip: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The requirements without Azure's SDK, and what was dropped of it.

    ``[pandas]`` is why people list ``azureml-dataprep[pandas]`` at all, so pandas stays.
    """
    kept: list[str] = []
    dropped: list[str] = []
    for line in (line.strip() for line in pip):
        match = _NAME.match(line)
        if match and normal_name(match[1]).split("-")[0] == "azureml":
            dropped.append(line)
            kept += [] if "pandas" not in (match[2] or "") else ["pandas"]
        elif line and not line.startswith("#"):
            kept.append(line)
    return tuple(dict.fromkeys(kept)), tuple(dropped)


def _from_conda(conda: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The pip requirements of conda's packages, and the packages that have none."""
    said = [(spec, translate(spec)) for spec in conda if not spec.lower().startswith("azureml")]
    return tuple(line for _, line in said if line), tuple(spec for spec, line in said if line is None)


def _notes(where: str, dropped: tuple[str, ...], spec: EnvironmentSpec, pip: tuple[str, ...]) -> tuple[str, ...]:
    notes = []
    if dropped:
        notes.append(f"{where}: {', '.join(dropped)} not installed: runner answers azureml imports itself")
    if pip:
        said = [line for line in spec.conda if translate(line)]
        changed = "" if said == list(pip) else f" as {', '.join(pip)}"
        channels = f"; no channel is asked ({', '.join(spec.channels)})" if spec.channels else ""
        notes.append(f"{where}: conda packages are installed by pip: {', '.join(said)}{changed}{channels}")
    return tuple(notes)


def _pip_problems(pip: tuple[str, ...], where: str) -> tuple[Problem, ...]:
    problems = []
    local = [line for line in pip if _LOCAL.search(line)]
    if local:
        what = f"pip lines that name local files cannot be installed elsewhere: {', '.join(local)}"
        problems.append(Problem(what, where, "list the packages themselves; put own code into the source directory"))
    if any(_CREDENTIALS.search(line) for line in pip):
        what = "a pip line carries credentials in its URL; they would be readable in the image and in the plan"
        problems.append(Problem(what, where, "put them into pip's configuration (the machine's, or a base image's)"))
    return tuple(problems)


def _other_problems(spec: EnvironmentSpec, lost: tuple[str, ...], where: str) -> tuple[Problem, ...]:
    problems = []
    if lost:
        what = f"conda packages that pip cannot install: {', '.join(lost)}"
        remedy = "take them out and name a base image (or a Dockerfile) that has them; or give their pip names"
        problems.append(Problem(what, where, remedy))
    if spec.python and python_minor(spec.python) is None:
        problems.append(Problem(f"{spec.python!r} is no Python version", where, "write it like 3.11 or 3.11.4"))
    return tuple(problems)

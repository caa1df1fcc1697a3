"""The requirements of an environment: what is to be resolved and installed (pure)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..dataclass import dataclass
from ..errors import Problem
from ..model.environment import EnvironmentSpec, NamedEnvironment
from ..model.times import is_date
from . import pip_problems
from .azureml_packages import Brought, brought, is_azureml
from .conda import translate
from .dates import DEFAULT_MINOR, OLDEST_MINOR, Limit, current_python, limit
from .names import normal_name, project, python_minor

__all__ = ["DEFAULT_MINOR", "OLDEST_MINOR", "Requirements", "normal_name", "python_minor", "read"]

_SHOWN = 8
"""The most packages that a note names."""
_NEWEST_OF_AUTOML = (3, 10)
"""The newest Python of azureml-train-automl, by the metadata of its releases."""
_COMMENT = re.compile(r"(?:^|\s)\s*#.*")
_PIN = re.compile(r"^[^;#]*(==|~=|@)")


@dataclass(frozen=True, kw_only=True)
class Requirements:
    """The packages to resolve and install for an environment."""

    lines: tuple[str, ...] = ()
    """Lines of a pip requirements file."""
    python: tuple[int, int] | None = None
    """The Python to resolve for, as (major, minor). None: that of the target. A base image has its own."""
    date: str = ""
    """ISO date: no package that is newer is installed. Empty: any package."""
    notes: tuple[str, ...] = ()
    """Changes of the user's specification, which are reported."""
    problems: tuple[Problem, ...] = ()
    conda_only: tuple[str, ...] = ()
    """Conda match specifications of packages that pip cannot install. Only a base image with conda can have them."""
    conda_problems: tuple[Problem, ...] = ()
    """The problem of `conda_only`, where no base image is named."""


def installs(spec: EnvironmentSpec) -> bool:
    """Return True if the environment asks for anything to be installed by pip."""
    return bool(spec.wheels or read(NamedEnvironment("", spec)).lines)


def read(environment: NamedEnvironment) -> Requirements:
    """Return the requirements, the changes and the problems of an environment."""
    spec, where = environment.spec, f"environment {environment.name!r}"
    conda, lost = _from_conda(spec.conda)
    asked = tuple(dict.fromkeys((*conda, *_plain(spec.pip))))
    own = tuple(line for line in asked if not is_azureml(line))
    azureml = tuple(line for line in asked if is_azureml(line))
    stated = python_minor(spec.python)
    limited = limit(spec.packages_until, stated, map(brought, azureml))
    found = tuple(brought(line, limited.date) for line in azureml)
    lines = (*own, *_beside(own, found))
    return Requirements(
        lines=lines,
        python=_python(stated, limited, azureml),
        date=limited.date,
        notes=tuple(
            f"{where}: {note}"
            for note in (
                *_azureml_notes(spec, found, own),
                *_conda_notes(spec, lost),
                *_date_notes(spec, limited, lines, azureml),
            )
        ),
        problems=(*pip_problems.problems(own, spec.channels, where), *_other_problems(spec, where)),
        conda_only=lost,
        conda_problems=_conda_problems(lost, where),
    )


def _plain(pip: Sequence[str]) -> list[str]:
    """Return the lines without comments and empty ones."""
    lines = (_COMMENT.sub("", line).strip() for line in pip)
    return [line for line in lines if line]


def _from_conda(conda: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the pip requirements of conda's packages, and the packages that have none."""
    translated = [(spec, translate(spec)) for spec in conda]
    return tuple(line for _, line in translated if line), tuple(spec for spec, line in translated if line is None)


def _beside(own: Sequence[str], found: Sequence[Brought]) -> tuple[str, ...]:
    """Return what azureml-* packages brought, without the packages that the author pins himself."""
    pinned = {project(line) for line in own if _PIN.match(line)}
    lines = (line for each in found for line in each.lines if project(line) not in pinned)
    return tuple(line for line in dict.fromkeys(lines) if line not in own)


def _python(stated: tuple[int, int] | None, limited: Limit, azureml: Sequence[str]) -> tuple[int, int] | None:
    """Return the stated Python, raised to the oldest one of steps; else the one that was current at the date."""
    if stated:
        return max(stated, OLDEST_MINOR)
    current = current_python(limited.date) if limited.date else None
    return min(current or _NEWEST_OF_AUTOML, _NEWEST_OF_AUTOML) if _needs_automl(azureml) else current


def _needs_automl(azureml: Sequence[str]) -> bool:
    return any("automl" in line.lower() for line in azureml)


def _azureml_notes(spec: EnvironmentSpec, found: Sequence[Brought], own: Sequence[str]) -> list[str]:
    """Return one line for replaced packages, and one for packages that are left out."""
    if spec.default:
        return []
    notes = []
    replaced = [each.requirement for each in found if each.lines]
    left_out = [each.requirement for each in found if not each.lines]
    if replaced:
        names = sorted({project(line) for each in found for line in each.lines} - set(map(project, own)))
        more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
        packages = (
            f"the packages that came with it ({', '.join(names[:_SHOWN])}{more})" if names else "your own packages"
        )
        notes.append(f"{', '.join(replaced)} replaced by {packages}: steps get azureml from runner")
    if left_out:
        notes.append(f"{', '.join(left_out)} left out: steps get azureml from runner")
    return notes


def _conda_notes(spec: EnvironmentSpec, lost: Sequence[str]) -> list[str]:
    specs = [line for line in spec.conda if translate(line)]
    pip = [line for spec_ in specs if (line := translate(spec_))]
    if not pip:
        return []
    changed = "" if specs == pip else f" as {', '.join(pip)}"
    channels = f"; no channel is asked ({', '.join(spec.channels)})" if spec.channels and not lost else ""
    return [f"conda packages are installed by pip: {', '.join(specs)}{changed}{channels}"]


def _date_notes(spec: EnvironmentSpec, limited: Limit, lines: Sequence[str], azureml: Sequence[str]) -> list[str]:
    """Return one line on the Python and the date, if they are not what the author states."""
    stated = python_minor(spec.python)
    python = _python(stated, limited, azureml)
    until = f"packages until {limited.date} ({limited.source})" if lines and limited.source else ""
    if spec.image or spec.dockerfile or python is None or python == stated:
        return [until] if until else []
    used = "Python {}.{}".format(*python)
    if stated:
        why = f"Python {spec.python} is too old for a step; {used} is used"
        return [f"{why}, with {until}" if until else why]
    if until:
        return [f"{used} is used, which was current at that time, with {until}"]
    return [f"{used} is used, the newest that the packages of automated ML have"]


def _conda_problems(lost: Sequence[str], where: str) -> tuple[Problem, ...]:
    if not lost:
        return ()
    what = f"packages that only conda has, and pip cannot install: {', '.join(lost)}"
    remedy = (
        "run it on a target with images, and name a base image (or a Dockerfile) that has micromamba, mamba or conda, "
        "which installs them; or take them out and name an image that has them; or give their pip names"
    )
    return (Problem(what, where, remedy),)


def _other_problems(spec: EnvironmentSpec, where: str) -> tuple[Problem, ...]:
    problems = []
    if spec.python and python_minor(spec.python) is None:
        problems.append(Problem(f"{spec.python!r} is no Python version", where, "write it like 3.11 or 3.11.4"))
    if spec.packages_until and not is_date(spec.packages_until):
        problems.append(Problem(f"{spec.packages_until!r} is no date", where, "write it like 2021-06-01"))
    return tuple(problems)

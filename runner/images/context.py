"""An environment as a Dockerfile and the files beside it. Pure.

Only what every builder since Docker 1.13 knows is used: no BuildKit mounts, no ``# syntax=``.
The image is named by its recipe, so two projects that ask for the same packages share one image,
and a change in how the Dockerfile is written rebuilds nothing.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping

from ..dataclass import dataclass
from ..errors import Problem
from ..model.digest import digest_of
from ..model.environment import EnvironmentSpec, NamedEnvironment
from .packages import DEFAULT_MINOR, OLDEST_MINOR, Packages, python_minor, read

REPOSITORY = "runner-env"
"""The name of every image that runner builds."""
REQUIREMENTS = "requirements.txt"
LOCK = "/runner-lock.txt"
"""In the image: the exact versions that were installed, as ``pip freeze`` wrote them."""
ANY_USER = "10001:10001"

_PIP = "PIP_NO_INPUT=1 PIP_ROOT_USER_ACTION=ignore PIP_BREAK_SYSTEM_PACKAGES=1"
_FIND_PYTHON = "$(command -v python3 || command -v python)"
_INSTRUCTION = re.compile(r"^\s*(COPY|ADD|RUN)\s+(.*)$", re.IGNORECASE)
_MINOR_CHECK = (
    "import sys; sys.version_info >= {oldest} or sys.exit('runner: the base image has Python ' + "
    "sys.version.split()[0] + ', steps need {text} or newer')"
)


@dataclass(frozen=True)
class Recipe:
    """All that decides what is in an image that runner builds."""

    base: str
    """The image built on; empty: the Dockerfile names its own."""
    requirements: tuple[str, ...] = ()
    dockerfile: str = ""
    interpreter: str = ""

    @property
    def empty(self) -> bool:
        """Nothing is added to the base: it serves as it is."""
        return not (self.requirements or self.dockerfile)

    @property
    def tag(self) -> str:
        """``runner-env:<16 hex digits>``."""
        return f"{REPOSITORY}:{digest_of(self)[:16]}"


def default_base(spec: EnvironmentSpec) -> str:
    """The official slim image of the Python asked for (images/step/Dockerfile says the same)."""
    minor = python_minor(spec.python)
    version = DEFAULT_MINOR if minor is None or minor < OLDEST_MINOR else f"{minor[0]}.{minor[1]}"
    return f"python:{version}-slim"


def recipe(spec: EnvironmentSpec) -> Recipe:
    """What the image of a specification is made of."""
    requirements = read(NamedEnvironment("", spec)).requirements
    base = "" if spec.dockerfile else spec.image or default_base(spec)
    return Recipe(base, requirements, spec.dockerfile, spec.interpreter)


def ready_image(spec: EnvironmentSpec) -> str:
    """The image that serves without a build; empty: one has to be built."""
    if spec.ready:
        return spec.image or default_base(spec)
    made = recipe(spec)
    return made.base if made.empty else ""


def tag(spec: EnvironmentSpec) -> str:
    """The name and tag of the image that a specification has built."""
    return recipe(spec).tag


def dockerfile(spec: EnvironmentSpec) -> str:
    """The Dockerfile of an environment."""
    made = recipe(spec)
    head = [made.dockerfile.strip()] if made.dockerfile else [f"FROM {made.base}"]
    install = _install(made, check=made.base != default_base(spec)) if made.requirements else []
    return "\n".join([*head, *install]) + "\n"


def build_context(spec: EnvironmentSpec) -> Mapping[str, bytes]:
    """The files that the engine is sent, by name."""
    files = {"Dockerfile": dockerfile(spec).encode()}
    requirements = recipe(spec).requirements
    if requirements:
        files[REQUIREMENTS] = "".join(f"{line}\n" for line in requirements).encode()
    return files


def notes(environment: NamedEnvironment, packages: Packages) -> tuple[str, ...]:
    """What people should know about how the image differs from what they wrote."""
    note = python_note(environment.spec)
    return (*packages.notes, *([f"environment {environment.name!r}: {note}"] if note else []))


def python_note(spec: EnvironmentSpec) -> str:
    """Why the image has another Python than the one asked for; empty: it has that one."""
    minor = python_minor(spec.python)
    if minor and (spec.image or spec.dockerfile):
        return f"Python {spec.python} is not installed: the base image brings its own"
    if minor and minor < OLDEST_MINOR:
        return f"Python {spec.python} is too old for a step; {DEFAULT_MINOR} is used instead"
    return ""


def problems(environment: NamedEnvironment, packages: Packages) -> tuple[Problem, ...]:
    """Why no image could be made of it, whatever the engine."""
    if environment.spec.ready:
        return ()
    return (*packages.problems, *_dockerfile_problems(environment))


def _install(made: Recipe, *, check: bool) -> list[str]:
    """The lines that install and write the lock, as root, readable for every user."""
    python = shlex.quote(made.interpreter) if made.interpreter else "python3"
    steps = []
    if check:
        oldest = ".".join(map(str, OLDEST_MINOR))
        python = '"$python"'
        steps = [
            f"python={shlex.quote(made.interpreter) if made.interpreter else _FIND_PYTHON}",
            f'{python} -c "{_MINOR_CHECK.format(oldest=OLDEST_MINOR, text=oldest)}"',
        ]
    steps += [
        f"{_PIP} {python} -m pip install --no-cache-dir --disable-pip-version-check -r /runner-{REQUIREMENTS}",
        f"{python} -m pip freeze > {LOCK}",
    ]
    run = "RUN " + " \\\n && ".join(steps)
    return ["USER root", f"COPY {REQUIREMENTS} /runner-{REQUIREMENTS}", run, f"USER {ANY_USER}"]


def _dockerfile_problems(environment: NamedEnvironment) -> tuple[Problem, ...]:
    found = []
    for number, line in enumerate(environment.spec.dockerfile.splitlines(), 1):
        match = _INSTRUCTION.match(line)
        if match:
            where = f"environment {environment.name!r}, line {number} of its Dockerfile"
            found += _instruction_problems(match[1].upper(), match[2], where)
    return tuple(found)


def _instruction_problems(word: str, rest: str, where: str) -> list[Problem]:
    if word == "RUN" and rest.startswith("--mount"):
        return [Problem("RUN --mount needs BuildKit, which runner does not use", where, "write it without the mount")]
    elsewhere = {"COPY": "--from=", "ADD": "://"}.get(word, "")
    if elsewhere not in rest:
        remedy = "install by RUN or by pip packages; or build the image yourself and give it as image:"
        return [Problem(f"{word} has no folder to copy from", where, remedy)]
    return []

"""The image of an environment: its name, its Dockerfile and the files of its build context (pure).

An image is named by what determines its content. So two projects with the same packages share one image, an edited
script builds nothing, and another form of the Dockerfile rebuilds nothing.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from ..dataclass import dataclass
from ..environments.lock import Lock
from ..environments.private_files import public_lines
from ..environments.requirements import DEFAULT_MINOR, OLDEST_MINOR, Requirements, installs, read
from ..errors import Problem
from ..model.digest import digest_of
from ..model.environment import EnvironmentSpec, NamedEnvironment
from .base_image import BaseImage
from .conda_layer import conda_layer
from .image_reference import reference_problem
from .system_libraries import instructions, system_libraries

REPOSITORY = "runner-env"
"""The name of every image that runner builds."""
ANY_USER = "10001:10001"

_FOLDER = "runner-build"
"""The folder of the build context with the lock and its installer. Nothing of it stays visible in the image."""
_CACHE = "/runner-cache"
"""The mount point of BuildKit's cache for uv and pip."""
_PACKAGE = Path(__file__).parents[1]
_INSTALLER = ("images/lock_installer.py", "environments/pip_settings.py")
"""The modules that the installer consists of. In the build context their package has a name that no image has."""
_INSTRUCTION = re.compile(r"^\s*(COPY|ADD|RUN)\s+(.*)$", re.IGNORECASE)


@dataclass(frozen=True)
class Recipe:
    """Everything that determines the content of an image that runner builds."""

    base: BaseImage
    """The base image. Without a name: that of the user's Dockerfile."""
    lock: Lock | None = None
    """The packages to install. None: none, so the user's Dockerfile alone makes the image."""
    dockerfile: str = ""
    """The text of `own_dockerfile`."""

    @property
    def tag(self) -> str:
        """Return ``runner-env:<16 hex digits>``."""
        base, lock = self.base, self.lock.digest if self.lock else ""
        libraries = system_libraries(base, self.lock)
        parts = [base.name, base.digest, base.interpreter, lock, self.dockerfile, *libraries]
        return f"{REPOSITORY}:{digest_of(parts)[:16]}"


def default_base(spec: EnvironmentSpec) -> str:
    """Return the official slim image of the requested Python (images/step/Dockerfile uses the same)."""
    return f"python:{default_minor(spec)}-slim"


def default_minor(spec: EnvironmentSpec) -> str:
    """Return the Python of the base image that is used if the environment names none, like ``3.11``."""
    minor = read(NamedEnvironment("", spec)).python
    return DEFAULT_MINOR if minor is None or minor < OLDEST_MINOR else f"{minor[0]}.{minor[1]}"


def own_dockerfile(spec: EnvironmentSpec) -> str:
    """Return the user's Dockerfile, or the base image, with the packages that only conda has. Empty: neither."""
    packages = read(NamedEnvironment("", spec)).conda_only
    head = spec.dockerfile.strip() or (f"FROM {spec.image}" if spec.image else "")
    if spec.ready or not (packages and head):
        return spec.dockerfile
    return "\n".join([head, *conda_layer(packages, spec.channels, default_minor(spec)), f"USER {ANY_USER}"])


def base_name(spec: EnvironmentSpec) -> str:
    """Return the name of the base image. Empty: `own_dockerfile` names it."""
    return "" if own_dockerfile(spec) else spec.image or default_base(spec)


def ready_image(spec: EnvironmentSpec) -> str:
    """Return the image that can be used without a build; empty if one has to be built."""
    if spec.ready:
        return spec.image or default_base(spec)
    added = own_dockerfile(spec) or installs(spec)
    return "" if added else base_name(spec)


def user_tag(spec: EnvironmentSpec) -> str:
    """Return the name of the image that `own_dockerfile` alone makes. Other packages are installed on top of it."""
    return f"{REPOSITORY}:{digest_of(own_dockerfile(spec))[:16]}-base"


def dockerfile(recipe: Recipe, *, buildkit: bool) -> str:
    """Return the Dockerfile of an image.

    Args:
        recipe: The image.
        buildkit: True: BuildKit builds it, with mounts. False: any builder since Docker 1.13 understands it.

    """
    head = recipe.dockerfile.strip() or f"FROM {recipe.base.reference}"
    install = _install(recipe.base, recipe.lock, buildkit=buildkit) if recipe.lock else []
    return "\n".join([head, *install]) + "\n"


def context_files(
    recipe: Recipe, *, buildkit: bool, wheels: Mapping[str, bytes] = MappingProxyType({})
) -> Mapping[str, bytes]:
    """Return the files that the builder receives, by name.

    Args:
        recipe: The image.
        buildkit: True: BuildKit builds it. False: any builder since Docker 1.13.
        wheels: Files of the lock that no index has, by file name. Default: none.

    """
    files = {"Dockerfile": dockerfile(recipe, buildkit=buildkit).encode()}
    if recipe.lock:
        files |= {f"{_FOLDER}/runner_build/{name}": (_PACKAGE / name).read_bytes() for name in _INSTALLER}
        files |= {f"{_FOLDER}/wheels/{name}": data for name, data in wheels.items()}
        files[f"{_FOLDER}/lock.txt"] = "".join(f"{line}\n" for line in public_lines(recipe.lock)).encode()
        files[f"{_FOLDER}/until.txt"] = recipe.lock.date.encode()
    return files


def labels(spec: EnvironmentSpec, recipe: Recipe) -> dict[str, str]:
    """Return the labels of an image, from which its origin can be read without a store."""
    made = {
        "runner.environment": spec.digest,
        "runner.lock": recipe.lock.digest if recipe.lock else "",
        "runner.base": recipe.base.digest and f"{recipe.base.name}@{recipe.base.digest}",
    }
    return {name: value for name, value in made.items() if value}


def notes(environment: NamedEnvironment, requirements: Requirements) -> tuple[str, ...]:
    """Return notes for users about differences between the image and their specification."""
    spec = environment.spec
    if spec.ready:
        return ()
    own = spec.python and (spec.image or spec.dockerfile)
    why = ", if the base image brings its own" if requirements.conda_only else ": the base image brings its own"
    note = f"environment {environment.name!r}: Python {spec.python} is not installed{why}"
    return (*requirements.notes, *([note] if own else []))


def problems(environment: NamedEnvironment, requirements: Requirements, *, buildkit: bool) -> tuple[Problem, ...]:
    """Return the reasons why the builder of this machine could not build the image, or no node could pull it."""
    spec = environment.spec
    unusable = reference_problem(spec.image, f"environment {environment.name!r}") if spec.image else None
    if unusable:
        return (unusable,)
    if spec.ready:
        return ()
    based = spec.image or spec.dockerfile
    conda = () if based else requirements.conda_problems
    return (*requirements.problems, *conda, *_dockerfile_problems(environment, buildkit=buildkit))


def _install(base: BaseImage, lock: Lock, *, buildkit: bool) -> list[str]:
    """Return the instructions that install the lock, as root, readable for every user."""
    folder = f"/{_FOLDER}"
    head = ["USER root", *instructions(system_libraries(base, lock))]
    run = f"{shlex.quote(base.interpreter)} -m runner_build.images.lock_installer {lock.uv} {base.minor}"
    if not buildkit:
        return [*head, f"COPY {_FOLDER} {folder}", f"RUN cd {folder} && {run}", f"USER {ANY_USER}"]
    mounts = f"--mount=type=bind,source={_FOLDER},target={folder} --mount=type=cache,target={_CACHE}"
    caches = f"PIP_CACHE_DIR={_CACHE}/pip UV_CACHE_DIR={_CACHE}/uv"
    return [*head, f"RUN {mounts} \\\n    cd {folder} && {caches} {run}", f"USER {ANY_USER}"]


def _dockerfile_problems(environment: NamedEnvironment, *, buildkit: bool) -> tuple[Problem, ...]:
    found = []
    for number, line in enumerate(environment.spec.dockerfile.splitlines(), 1):
        match = _INSTRUCTION.match(line)
        if match:
            where = f"environment {environment.name!r}, line {number} of its Dockerfile"
            found += _instruction_problems(match[1].upper(), match[2], where, buildkit=buildkit)
    return tuple(found)


def _instruction_problems(word: str, rest: str, where: str, *, buildkit: bool) -> list[Problem]:
    if word == "RUN" and rest.startswith("--mount") and not buildkit:
        what = "RUN --mount needs BuildKit, and this machine has no `docker buildx`"
        return [Problem(what, where, "install Docker's buildx plugin, or write it without the mount")]
    elsewhere = {"COPY": "--from=", "ADD": "://"}.get(word, "")
    if elsewhere not in rest:
        remedy = "install by RUN or by pip packages; or build the image yourself and give it as image:"
        return [Problem(f"{word} has no folder to copy from", where, remedy)]
    return []

"""Registered environments in the workspace store: ``registry/environments/<name>/<version, 8 digits>.json``.

``registry/environment-labels/<name>/<label>`` holds the version that a label names.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Dict

from ...backports import without_suffix
from ...errors import ObjectMissing
from ...model.digest import canonical_json
from ...model.environment import secret_names
from ...model.names import REGISTRY
from ...override import override
from ..base.exceptions import UserErrorException
from ..base.plain_values import texts
from .conda_dependencies import CondaDependencies
from .curated_names import NAMES as CURATED
from .curated_names import Curated, curated, is_curated, note
from .environment import Environment
from .private_wheels import without_paths

if TYPE_CHECKING:
    from ...ports import ObjectStore
    from ..base.session import Session

_PREFIX = f"{REGISTRY}environments/"
_LABELS = f"{REGISTRY}environment-labels/"
_LATEST = "latest"
_NONE = 10**8 - 1
"""No version has this number."""


def register(session: Session, environment: Environment) -> Environment:
    """Store an environment as a new version, unless the newest one is equal.

    Args:
        session: The open workspace.
        environment: The environment; it gets its version.

    Returns:
        The environment.

    Raises:
        UserErrorException: It has no name, or would be stored with a secret in clear text.

    """
    if not environment.name:
        raise UserErrorException("an environment needs a name to be registered")
    secret = secret_names(texts(environment.environment_variables))
    if secret:
        raise UserErrorException(
            f"environment {environment.name!r} would be stored with a secret in clear text: {', '.join(secret)}",
            remedy="take it out; name its source under secrets: of runner.yaml, and read it by run.get_secret(name)",
        )
    store, data = session.store, canonical_json(_document(session, environment))
    while True:
        version = _newest(store, environment.name)
        if version and store.get(_key(environment.name, version)) == data:
            break
        version += 1
        if store.put_if_absent(_key(environment.name, version), data):
            break
    environment.version = str(version)
    return environment


def fetch(session: Session, name: str, version: str | None) -> Environment:
    """Return the environment that the configuration maps to an image, else a registered one, else a curated one.

    Args:
        session: The open workspace.
        name: The name.
        version: A registered version. None: the newest.

    Raises:
        UserErrorException: There is none.

    """
    image = _image_of(name, session.curated_images())
    if image:
        return Environment.from_docker_image(name, image)
    store = session.store
    number = _number(version) or _newest(store, name)
    try:
        document = json.loads(store.get(_key(name, number)))
    except ObjectMissing:
        if (known := _curated(name)) is not None:
            return known
        shown = f"version {version!r} of environment {name!r}" if _newest(store, name) else f"environment {name!r}"
        raise UserErrorException(
            f"{shown} is not registered in this workspace",
            remedy=f"define it in the pipeline file, or map it to an image: environments: {{{name}: {{image: ...}}}}",
        ) from None
    return _environment(document, name, number)


class Environments(Dict[str, Environment]):
    """Environments by name. Each curated name of v1 with known packages is in it, in capital or small letters."""

    @override
    def __contains__(self, name: object) -> bool:
        return super().__contains__(name) or (isinstance(name, str) and _curated(name) is not None)

    def __missing__(self, name: str) -> Environment:
        found = _curated(name)
        if found is None:
            raise KeyError(name)
        return found


def listed(session: Session) -> Environments:
    """Return every environment of the configuration, the newest of each registered one, and v1's curated ones.

    Args:
        session: The open workspace.

    """
    found = Environments((name, made) for name in CURATED if (made := _curated(name)) is not None)
    for name in sorted({*names(session.store), *session.curated_images()}):
        found[name] = fetch(session, name, None)
    return found


def _curated(name: str) -> Environment | None:
    found = curated(name) if is_curated(name) else None
    return None if found is None else _of_its_packages(name, found)


def _image_of(name: str, images: Mapping[str, str]) -> str | None:
    """Return the image that a name is mapped to. The case of letters does not matter in a curated name."""
    folded = {known.casefold(): image for known, image in images.items() if is_curated(known)}
    return images.get(name) or folded.get(name.casefold())


def give_labels(store: ObjectStore, name: str, version: str, labels: Iterable[str]) -> None:
    """Give labels to a version.

    Args:
        store: The workspace store.
        name: The environment's name.
        version: The version.
        labels: The labels.

    Raises:
        UserErrorException: The version is not registered.

    """
    version = str(version)
    if not version.isdigit() or store.stat(_key(name, int(version))) is None:
        raise UserErrorException(f"environment {name!r} has no version {version!r} in this workspace")
    for label in [labels] if isinstance(labels, str) else labels:
        store.put(f"{_LABELS}{name}/{label}", version.encode())


def labelled(store: ObjectStore, name: str, label: str) -> str | None:
    """Return the version of a label; None: the newest.

    Args:
        store: The workspace store.
        name: The environment's name.
        label: The label.

    Raises:
        UserErrorException: No version has the label.

    """
    try:
        return store.get(f"{_LABELS}{name}/{label}").decode()
    except ObjectMissing:
        if label.lower() == _LATEST:
            return None
        remedy = "give the version, or label='latest'; Environment.label(...) gives a version other labels"
        raise UserErrorException(f"no version of environment {name!r} has the label {label!r}", remedy=remedy) from None


def _of_its_packages(name: str, found: Curated) -> Environment:
    made = Environment(name)
    made.python.conda_dependencies = CondaDependencies.create(
        pip_packages=found.packages, python_version=found.python or None
    )
    made.packages_until = found.date
    made.relaxed = note(name, found)
    return made


def names(store: ObjectStore) -> Iterator[str]:
    """Return every registered name, sorted.

    Args:
        store: The workspace store.

    """
    return iter(sorted({info.key[len(_PREFIX) :].partition("/")[0] for info in store.list(_PREFIX)}))


def _number(version: str | None) -> int:
    """Return a version as a number; 0: the newest."""
    if version is None or str(version).lower() == _LATEST:
        return 0
    return int(version) if str(version).isdigit() else _NONE


def _newest(store: ObjectStore, name: str) -> int:
    keys = [info.key for info in store.list(f"{_PREFIX}{name}/")]
    return int(without_suffix(keys[-1].rpartition("/")[2], ".json")) if keys else 0


def _key(name: str, version: int) -> str:
    return f"{_PREFIX}{name}/{version:08d}.json"


def _document(session: Session, environment: Environment) -> dict[str, object]:
    python, docker = environment.python, environment.docker
    return {
        "conda": without_paths(session, (python.conda_dependencies or CondaDependencies()).as_dict()),
        "user_managed": python.user_managed_dependencies,
        "interpreter": python.interpreter_path,
        "image": docker.base_image or "",
        "dockerfile": docker.base_dockerfile or "",
        "variables": texts(environment.environment_variables),
        **({"packages_until": environment.packages_until} if environment.packages_until else {}),
    }


def _environment(document: dict[str, object], name: str, version: int) -> Environment:
    made = Environment(name)
    made.version = str(version)
    conda, variables = document["conda"], document["variables"]
    made.python.conda_dependencies = CondaDependencies(_underlying_structure=conda if isinstance(conda, dict) else {})
    made.python.user_managed_dependencies = bool(document["user_managed"])
    made.python.interpreter_path = str(document["interpreter"])
    made.docker.base_image = str(document["image"])
    made.docker.base_dockerfile = str(document["dockerfile"]) or None
    made.environment_variables = dict(variables) if isinstance(variables, dict) else {}
    made.packages_until = str(document.get("packages_until", ""))
    return made

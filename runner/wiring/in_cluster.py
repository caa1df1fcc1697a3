"""The workspace as pods have it: the same kind of folder as on a laptop, with what they can use of the configuration.

A pod mounts it as its folder and runs the same program there.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from ..compute import registry
from ..config import Config
from ..config.controllers import ControllerHost
from ..config.sections import V1_NAMES
from ..config.serve import DEFAULT_PORT, ServeConfig
from ..config.store import DatastoreConfig, StoreConfig
from ..data.secret_values import value_of
from ..dataclass import dataclass, field
from ..documents import files
from ..errors import BadInput, Problem
from ..model.access import Access
from ..model.data import DEFAULT_DATASTORE, FILE_DATASTORE
from ..model.document import Document, to_document
from ..model.plan import Plan
from ..model.secret import SecretSource
from ..model.uses import access_of_all
from ..storage.registry import STORES
from .after_run_checks import pod_problems
from .datastores import Datastores

CONFIGURATION = "runner.yaml"
_STORE_KEYS = "store.json"


@dataclass(frozen=True, kw_only=True)
class PodWorkspace:
    """The files of a workspace for pods, and what of the configuration could not go there."""

    files: Mapping[str, str] = field(repr=False)
    """The contents by file name."""
    missing: Mapping[tuple[str, str], Problem]
    """The reason by kind (``datastore`` or ``secret``) and name."""
    names: frozenset[tuple[str, str]]
    """The kinds and names of the datastores and secrets that a pod has."""

    def problems(self, plan: Plan, *datastores: str) -> Iterator[Problem]:
        """Yield why a pod could not submit a plan, as far as it needs what could not go there.

        Args:
            plan: The plan. Its steps state what they may open.
            datastores: Datastores that are used besides.

        """
        access = access_of_all(plan).joined(Access(datastores=datastores))
        needed = [*(("datastore", name) for name in access.datastores), *(("secret", name) for name in access.secrets)]
        for kind, name in needed:
            found = self.missing.get((kind, name))
            if found is None and (kind, name) not in self.names:
                remedy = f"add it under '{kind}s:', or work where it is configured"
                yield Problem(f"this configuration lacks the {kind} '{name}'", f"{kind}s.{name}", remedy)
            elif found is not None:
                what = f"{kind} '{name}' cannot be used in the cluster: {found.what}"
                yield Problem(what, found.where or f"{kind}s.{name}", found.remedy)


class Place(Protocol):
    """The part of a `WorkspaceHost` that the files depend on."""

    @property
    def folder(self) -> str:
        """The folder of the workspace, as its programs see it."""

    @property
    def server_names(self) -> tuple[str, ...]:
        """The names under which programs of the place reach the workspace's server."""


def pod_workspace(
    config: Config, datastores: Datastores, target: str, host: ControllerHost, *, image: str, place: Place
) -> PodWorkspace:
    """Return the files of the workspace for pods of a target.

    Args:
        config: The configuration of this machine.
        datastores: The datastores of the workspace.
        target: The target's name.
        host: The controllers of the target.
        image: The image of the controller, as the cluster's nodes find it.
        place: The place of the files in the cluster.

    Raises:
        BadInput: The keys of the workspace's store cannot be read, or an export writes to this machine.
        StoreError: The list of the registered datastores cannot be read.

    """
    if unusable := tuple(pod_problems(config)):
        raise BadInput(unusable)
    made: dict[str, str] = {}
    missing: dict[tuple[str, str], Problem] = {}
    document: dict[str, Document] = {
        "name": config.workspace,
        "target": target,
        "detach": True,
        "targets": {target: _target(config, target, host, image, place.folder, made)},
        "datastores": dict(_datastores(datastores, made, missing)),
        "secrets": dict(_secrets(config.secrets, made, missing)),
        "environments": to_document(config.environments),
        "packages_until": config.packages_until,
        "computes": to_document(config.computes),
        "vm_sizes": to_document(config.vm_sizes),
        "keep": to_document(config.keep),
        "serve": to_document(_serve(config.serve, place)),
        "access": to_document(config.access),
        **to_document(config.after_run),
    }
    made[CONFIGURATION] = json.dumps({key: value for key, value in document.items() if value}, indent=2) + "\n"
    own = (DEFAULT_DATASTORE, FILE_DATASTORE, *datastores.aliases(), *document["datastores"])
    names = (*(("datastore", name) for name in own), *(("secret", name) for name in document["secrets"]))
    return PodWorkspace(files=made, missing=missing, names=frozenset(names))


def only(files: Mapping[str, str], access: Access) -> dict[str, str]:
    """Return the files of a workspace with nothing but what `access` names, beside its own store.

    Args:
        files: The files as `pod_workspace` makes them.
        access: Secrets and datastores.

    """
    document = json.loads(files[CONFIGURATION])
    dropped: set[str] = set()
    for kind, names in (("datastores", access.datastores), ("secrets", access.secrets)):
        entries = document.get(kind, {})
        for name in [name for name in entries if name not in names]:
            values = entries.pop(name).values()
            dropped.update(value for value in values if isinstance(value, str))
    kept = {name: text for name, text in files.items() if name not in dropped}
    return {**kept, CONFIGURATION: json.dumps(document, indent=2) + "\n"}


def _target(config: Config, name: str, host: ControllerHost, image: str, folder: str, made: dict[str, str]) -> Document:
    entry = registry.to_entry(host.inside())
    entry["controller_image"] = image
    own = config.get(name).store
    if own is not None and own.credentials:
        entry["store"]["credentials"] = f"{folder}/{_STORE_KEYS}"
        made[_STORE_KEYS] = _private(own.credentials, f"target '{name}'")
    return entry


def _serve(settings: ServeConfig, place: Place) -> ServeConfig:
    """Return the settings of a server in a pod: what comes from outside of the cluster comes through a proxy."""
    return replace(
        settings,
        url=settings.public_url,
        host="0.0.0.0",  # noqa: S104 - the network policy and tokens decide who may call
        port=DEFAULT_PORT,
        hosts=tuple(dict.fromkeys((*settings.hosts, *place.server_names, "localhost"))),
        behind_proxy=True,
    )


def _datastores(
    datastores: Datastores, made: dict[str, str], missing: dict[tuple[str, str], Problem]
) -> Iterator[tuple[str, Document]]:
    for name, known in datastores.beside().items():
        try:
            entry, keys = _datastore(name, known, datastores.settings(known))
        except BadInput as error:
            missing["datastore", name] = error.problems[0]
            continue
        made.update(keys)
        yield name, entry
    for name, meant in datastores.aliases().items():
        if ("datastore", meant) in missing:
            missing["datastore", name] = missing["datastore", meant]


def _datastore(name: str, known: DatastoreConfig, place: StoreConfig) -> tuple[Document, dict[str, str]]:
    """Return the entry of a datastore for pods, and its files of keys. Raises BadInput if no pod can have it."""
    if place.folder:
        raise BadInput("it is a folder of this machine", known.where, "put the data into a bucket")
    made: dict[str, str] = {}
    entry = {"type": next(kind for kind in STORES if type(place) is STORES[kind]), **to_document(place)}
    for key in place.paths():
        if entry.get(key):
            file = f"datastore-{name}-{key}"
            made[file] = _private(str(entry[key]), known.where)
            entry[key] = file
    if entry.get("cluster_endpoint"):
        entry["endpoint"] = entry.pop("cluster_endpoint")
    entry.update({key: value for key in V1_NAMES if (value := getattr(known, key))})
    return entry, made


def _secrets(
    sources: Mapping[str, SecretSource], made: dict[str, str], missing: dict[tuple[str, str], Problem]
) -> Iterator[tuple[str, Document]]:
    for name in sources:
        try:
            made[f"secret-{name}"] = value_of(name, sources)
        except BadInput as error:
            missing["secret", name] = error.problems[0]
            continue
        yield name, {"file": f"secret-{name}"}


def _private(path: str, where: str) -> str:
    """Return the content of a file of keys. Raises BadInput."""
    text = files.private_text(Path(path).expanduser())
    if text is None:
        raise BadInput(f"there is no file {path}", where, "correct the path of the keys")
    return text

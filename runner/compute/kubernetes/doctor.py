"""The checks of ``runner doctor`` on a Kubernetes target."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

from ...dataclass import dataclass
from ...errors import BadInput, RunnerError
from ...model.check import Check, asked, failed, of_problem
from ...model.data import DEFAULT_DATASTORE
from ...operations.scoped_stores import minting_problem
from ...ports import CredentialMinter
from . import namespace_checks
from .attempt_secrets import refusal, whole_store_line
from .build import api_of, cluster_settings
from .config import KIND_CLUSTER, KIND_TARGET, KubernetesConfig
from .connection import in_cluster
from .keys_policy import KeysPolicy
from .programs import engine_version, kind_clusters


@dataclass(frozen=True)
class KindParts:
    """The programs and the cluster that a kind target needs."""

    name: str
    engine: Callable[[], str] = engine_version
    """Return the version of the Docker Engine. Raises RunnerError."""
    clusters: Callable[[], Sequence[str]] = kind_clusters
    """Return the names of the kind clusters of this machine. Raises RunnerError."""


def repair_command(cluster: str, target: str) -> str:
    """Return the command that makes or repairs a kind cluster and its target."""
    name = "" if cluster == KIND_CLUSTER else f" --name {cluster}"
    return f"runner cluster up{name}" + ("" if target == KIND_TARGET else f" --target {target}")


def kind_checks(parts: KindParts, remedy: str) -> Iterator[Check]:
    """Check Docker, then the kind cluster. Stops at the first failure."""
    engine = asked("Docker Engine", parts.engine, "start Docker")
    yield engine
    if engine.ok:
        yield asked("kind cluster", lambda: _found(parts, remedy), remedy)


def checks(
    config: KubernetesConfig, name: str, remedy: str, minter: Callable[[str], CredentialMinter | None]
) -> Iterator[Check]:
    """Check the access to the cluster, the way of the images, the store's address, the keys and the namespace.

    Args:
        config: The settings of the target.
        name: The name of the target.
        remedy: What repairs the target as a whole.
        minter: Returns what mints keys for a datastore.

    """
    access = _access(config, remedy)
    yield access
    if not access.ok:
        return
    yield _images(config)
    yield from (
        of_problem("store, from a pod", problem, remedy) for problem in config.store_problems(f"targets.{name}.store")
    )
    yield _keys(config, minter)
    cluster, settings = api_of(config), cluster_settings(config, "")
    try:
        yield from namespace_checks.checks(cluster, settings, now=lambda: datetime.now(timezone.utc), remedy=remedy)
    finally:
        cluster.close()


def kubeconfig_of(config: KubernetesConfig, environ: Mapping[str, str]) -> Path:
    """Return the kubeconfig file of a target. Default: the file that kubectl takes."""
    usual = environ.get("KUBECONFIG", "").split(os.pathsep)[0] or "~/.kube/config"
    return Path(config.kubeconfig or usual).expanduser()


def _found(parts: KindParts, remedy: str) -> str:
    if parts.name not in parts.clusters():
        raise BadInput(f"there is no kind cluster {parts.name}", remedy=remedy)
    return parts.name


def _keys(config: KubernetesConfig, minter: Callable[[str], CredentialMinter | None]) -> Check:
    """Check whether each attempt gets keys of its own."""
    name, remedy = "keys of steps", "use a store with STS AssumeRole: docs/explanation/security.md"
    if config.credentials is KeysPolicy.STATIC:
        return Check(name=name, ok=True, detail="those of the whole store (credentials: static)")
    try:
        problem = minting_problem(minter(DEFAULT_DATASTORE))
    except RunnerError as error:
        return replace(failed(name, error, remedy), optional=config.credentials is KeysPolicy.AUTO)
    if not problem:
        return Check(name=name, ok=True, detail="temporary ones of each attempt, which open its own data")
    scoped = config.credentials is KeysPolicy.SCOPED
    line = refusal(problem) if scoped else whole_store_line(problem)
    return Check(name=name, ok=False, detail=line, remedy=remedy, optional=not scoped)


def _access(config: KubernetesConfig, remedy: str) -> Check:
    """Check the file with the user's credentials."""
    if not config.kubeconfig and not config.context and in_cluster():
        return Check(name="kubeconfig", ok=True, detail="none needed: the account of the pod this runs in")
    path = kubeconfig_of(config, os.environ)
    shown = f"{path}, context {config.context or '(the current one)'}"
    if path.is_file():
        return Check(name="kubeconfig", ok=True, detail=shown)
    return Check(name="kubeconfig", ok=False, detail=f"{shown}: there is no such file", remedy=remedy)


def _images(config: KubernetesConfig) -> Check:
    """Check how the nodes get the images that are built here."""
    if not config.kind_cluster and not config.registry:
        detail = "environments must name a ready image: neither kind_cluster nor registry is set"
        return Check(name="images", ok=True, detail=detail)
    way = f"loaded into the kind cluster {config.kind_cluster}"
    if not config.kind_cluster:
        way = f"pushed to {config.registry}"
    return asked(
        "images", lambda: f"built by Docker {engine_version()}, {way}", "start Docker: images are built with it"
    )

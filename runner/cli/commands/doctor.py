"""``runner doctor [TARGET]``: what is missing, and the command that mends it."""

from __future__ import annotations

import os
import secrets
import sys
from argparse import Namespace
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

from ...cluster.check import asked, of_problem
from ...cluster.doctor import Check, KindParts, Parts, diagnose, is_well, to_lines
from ...config import LOCAL, Config, KubernetesConfig
from ...datastores import loopback_problem
from ...errors import BadInput, Problem
from ...operations.reach import silent
from ...ports import ObjectStore
from ...wiring import OpenWorkspace, open_session
from ..documents import print_json
from ..exits import DONE, FAILED
from ..output import show
from ..paint import paint_for

_KIND = "kind"
"""The target that `runner cluster up` makes."""


def run(options: Namespace) -> int:
    """Look at one target, or at all that are configured."""
    opened = open_session(Path.cwd())
    if options.image and not options.target:
        raise BadInput("--image is for one target", remedy="runner doctor TARGET --image IMAGE")
    names = [options.target] if options.target else sorted(opened.config.targets)
    found = {name: _diagnosed(OpenWorkspace(opened.config, _override(name)), name, options) for name in names}
    if options.json:
        targets = [{"target": name, "checks": [_document(each) for each in checks]} for name, checks in found.items()]
        print_json({"well": all(map(is_well, found.values())), "targets": targets})
    else:
        paint = paint_for(sys.stdout)
        for at, (name, checks) in enumerate(found.items()):
            show(*[""] * bool(at), paint(name, "bold"), *to_lines(checks))
    return DONE if all(map(is_well, found.values())) else FAILED


def _override(name: str) -> str:
    return "" if name == LOCAL else name


def _document(check: Check) -> dict[str, object]:
    return {
        "name": check.name,
        "ok": check.ok,
        "detail": check.detail,
        "remedy": check.remedy,
        "optional": check.optional,
    }


def _diagnosed(session: OpenWorkspace, name: str, options: Namespace) -> tuple[Check, ...]:
    parts = _parts(session, name)
    if options.target:  # a pod takes its time, and asks something of the cluster: only where it was asked for
        parts = replace(parts, trial=lambda: _trial(session, name, options.image))
    return diagnose(parts)


def _trial(session: OpenWorkspace, name: str, image: str) -> tuple[Check, ...]:
    """The store as a pod of a cluster reaches it."""
    import signal

    from ...cluster.pod_trial import Trial, image_for, try_store
    from ...wiring.workspace import SystemClock

    settings = session.config.get(name)
    if not isinstance(settings, KubernetesConfig):
        return ()
    target = session.trial_target(name, settings)
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that nothing stays behind
    try:
        image = image or image_for(session.environments(name))
        return try_store(Trial(target, session.store, image, SystemClock(), os.urandom))
    finally:
        signal.signal(signal.SIGTERM, before)
        target.close()


def _parts(session: OpenWorkspace, name: str) -> Parts:
    settings = session.config.targets.get(name)
    if settings is None and name != _KIND:
        session.config.get(name)  # raises BadInput
    return Parts(
        python=sys.version_info[:3],
        kind=_kind(session.config, name),
        target=name,
        checks=lambda remedy: _checks(session.config, name, remedy),
        problems=lambda: _problems(session, name),
        store=lambda: session.store,
        refuses_overwrite=_refuses_overwrite,
        now=lambda: datetime.now(timezone.utc),
    )


def _checks(config: Config, name: str, remedy: str) -> Iterator[Check]:
    """Of a cluster's namespace, or of this machine."""
    from ...cluster import machine, namespace
    from ...wiring.adapters import cluster_of

    settings = config.targets.get(name)
    if settings is None:
        raise BadInput(f"the cluster is there, but no target '{name}' is configured", remedy="runner cluster up")
    if not isinstance(settings, KubernetesConfig):
        yield from machine.checks(config.folder)
        return
    access = _access(settings, remedy)
    yield access
    if not access.ok:
        return
    yield _images(settings)
    wrong = loopback_problem(settings.store, f"targets.{name}.store")
    if wrong:
        yield of_problem("store, from a pod", wrong, remedy)
    cluster, told = cluster_of(settings)
    try:
        yield from namespace.checks(cluster, told, now=lambda: datetime.now(timezone.utc), remedy=remedy)
    finally:
        cluster.close()


def _access(settings: KubernetesConfig, remedy: str) -> Check:
    """As whom the cluster is asked."""
    from ...compute.kubernetes.connection import in_cluster

    if not settings.kubeconfig and not settings.context and in_cluster():
        return Check("kubeconfig", ok=True, detail="none needed: the account of the pod this runs in")
    path = kubeconfig_of(settings, os.environ)
    shown = f"{path}, context {settings.context or '(the current one)'}"
    if path.is_file():
        return Check("kubeconfig", ok=True, detail=shown)
    return Check("kubeconfig", ok=False, detail=f"{shown}: there is no such file", remedy=remedy)


def _images(settings: KubernetesConfig) -> Check:
    """How the nodes come by the images that are made here."""
    from ...cluster.engine import engine_version

    if not settings.kind_cluster and not settings.registry:
        words = "environments must name a ready image: neither kind_cluster nor registry is set"
        return Check("images", ok=True, detail=words)
    way = f"loaded into the kind cluster {settings.kind_cluster}"
    if not settings.kind_cluster:
        way = f"pushed to {settings.registry}"
    return asked(
        "images", lambda: f"built by Docker {engine_version()}, {way}", "start Docker: images are built with it"
    )


def _problems(session: OpenWorkspace, name: str) -> Sequence[Problem]:
    """What more stands against the target: a cluster was looked at piece by piece."""
    if isinstance(session.config.get(name), KubernetesConfig):
        return silent(session.datastore_names(), session.datastore)
    target = session.candidate(name)
    try:
        return (*target.problems(), *silent(session.datastore_names(), session.datastore))
    finally:
        target.close()


def _refuses_overwrite(store: ObjectStore) -> bool:
    from ...storage.directory import DirectoryStore
    from ...storage.probe import refuses_overwrite

    if isinstance(store, DirectoryStore):  # honoured by link(2); probing would make the folder
        store.check_writable()
        return True
    return refuses_overwrite(store, secrets.token_hex(8))


def _kind(config: Config, name: str) -> KindParts | None:
    """The parts of a kind target; also of the one that `cluster up` would make."""
    from ...cluster.engine import engine_version
    from ...cluster.kind import list_clusters
    from ...cluster.options import ClusterOptions

    settings = config.targets.get(name)
    if settings is None:
        standard = ClusterOptions(Path())
        return KindParts(standard.name, engine_version, list_clusters)
    if not isinstance(settings, KubernetesConfig) or not settings.kind_cluster:
        return None
    return KindParts(settings.kind_cluster, engine_version, list_clusters)


def kubeconfig_of(settings: KubernetesConfig, environ: Mapping[str, str]) -> Path:
    """The target's kubeconfig; without one the file that kubectl takes."""
    usual = environ.get("KUBECONFIG", "").split(os.pathsep)[0] or "~/.kube/config"
    return Path(settings.kubeconfig or usual).expanduser()

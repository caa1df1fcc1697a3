"""``runner doctor [TARGET]``: what is missing, and the command that mends it."""

from __future__ import annotations

import os
import secrets
import sys
from argparse import Namespace
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path

from ...cluster.doctor import Check, KindParts, Parts, diagnose, is_well, to_text
from ...config import LOCAL, Config, KubernetesConfig
from ...errors import BadInput, Problem
from ...operations.reach import silent
from ...ports import ObjectStore
from ...wiring import OpenWorkspace, open_session
from ..documents import print_json
from ..exits import DONE, FAILED
from ..paint import paint_for

_KIND = "kind"
"""The target that `runner cluster up` makes."""


def run(options: Namespace) -> int:
    """Look at one target, or at all that are configured."""
    opened = open_session(Path.cwd())
    names = [options.target] if options.target else sorted(opened.config.targets)
    found = {name: diagnose(_parts(OpenWorkspace(opened.config, _override(name)), name)) for name in names}
    if options.json:
        targets = [{"target": name, "checks": [_document(each) for each in checks]} for name, checks in found.items()]
        print_json({"well": all(map(is_well, found.values())), "targets": targets})
    else:
        paint = paint_for(sys.stdout)
        print("\n\n".join(f"{paint(name, 'bold')}\n{to_text(checks)}" for name, checks in found.items()))
    return DONE if all(map(is_well, found.values())) else FAILED


def _override(name: str) -> str:
    return "" if name == LOCAL else name


def _document(check: Check) -> dict[str, object]:
    return {"name": check.name, "ok": check.ok, "detail": check.detail, "remedy": check.remedy}


def _parts(session: OpenWorkspace, name: str) -> Parts:
    settings = session.config.targets.get(name)
    if settings is None and name != _KIND:
        session.config.get(name)  # raises BadInput
    return Parts(
        python=sys.version_info[:3],
        kind=_kind(session.config, name),
        target=name,
        problems=lambda: _problems(session, name),
        store=lambda: session.store,
        refuses_overwrite=_refuses_overwrite,
        now=lambda: datetime.now(timezone.utc),
    )


def _problems(session: OpenWorkspace, name: str) -> Sequence[Problem]:
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
        return KindParts(standard.name, engine_version, list_clusters, lambda: _unconfigured(name))
    if not isinstance(settings, KubernetesConfig) or not settings.kind_cluster:
        return None
    return KindParts(settings.kind_cluster, engine_version, list_clusters, lambda: _server_version(settings))


def _unconfigured(name: str) -> str:
    raise BadInput(f"the cluster is there, but no target '{name}' is configured", remedy="runner cluster up")


def _server_version(settings: KubernetesConfig) -> str:
    from ...cluster.api import ClusterApi
    from ...cluster.settings import read_document

    document = read_document(kubeconfig_of(settings, os.environ))
    api = ClusterApi({**document, "current-context": settings.context or document.get("current-context")})
    try:
        return api.version()
    finally:
        api.close()


def kubeconfig_of(settings: KubernetesConfig, environ: Mapping[str, str]) -> Path:
    """The target's kubeconfig; without one the file that kubectl takes."""
    usual = environ.get("KUBECONFIG", "").split(os.pathsep)[0] or "~/.kube/config"
    return Path(settings.kubeconfig or usual).expanduser()

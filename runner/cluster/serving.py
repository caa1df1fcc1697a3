"""The REST server of the current workspace, put into the cluster of a target."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..compute.kubernetes import workspace_pod
from ..compute.kubernetes.build import settings_of_cluster
from ..dataclass import dataclass
from ..errors import BadInput, TargetError, TargetUnreachable, remedy_line
from ..model.document import Document
from ..ports import Notify
from ..wiring.detached import controllers_of
from ..wiring.schedule_timers import active_schedules, check_workspace, prepared
from . import engine, kind
from .api import ClusterApi
from .deployment_status import find_problem, is_ready
from .manifests import object_path
from .server import PORT, server_objects

if TYPE_CHECKING:
    from ..compute.kubernetes.settings import ClusterSettings
    from ..wiring import OpenWorkspace

READY_SECONDS = 300.0
_POLL_SECONDS = 0.5
_PORT_TAKEN = "already allocated"
"""The words of the API server about a port of the node that another Service has."""


@dataclass(frozen=True, kw_only=True)
class PlacedWorkspace:
    """A workspace that is kept in a cluster."""

    settings: ClusterSettings
    image: str
    digest: str

    def objects(self, *, node_port: bool = False) -> tuple[Document, ...]:
        """Return the objects of its server."""
        return server_objects(self.settings, self.image, workspace=self.digest, node_port=node_port)


def keep_workspace(session: OpenWorkspace) -> PlacedWorkspace:
    """Keep the workspace in the namespace of the target in force, for the pods of a server.

    Args:
        session: The workspace.

    Raises:
        BadInput: The target is no cluster, or has no way to get the controller's image, or the configuration lacks
            what an active schedule of the cluster needs.
        EnvironmentFailed: The image cannot be made.
        TargetError: The cluster cannot be used.
        StoreError: The store cannot be used.

    """
    target = session.target_in_force
    settings = settings_of_cluster(session.config.get(target), lambda: session.store_id)
    controllers = controllers_of(session, target)
    if controllers is None or settings is None:
        raise BadInput(f"target '{target}' is no cluster: it has no place for a server", "--target", "name a cluster's")
    with prepared(session, target, controllers) as found:
        for (kind_, name), problem in found.made.missing.items():
            session.notify(f"the server has no {kind_} '{name}': {problem.what}")
        check_workspace(session, found.made, active_schedules(session, target))
        found.host.keep_workspace(found.made.files)
        digest = workspace_pod.digest(found.made.files, session.store_id)
        return PlacedWorkspace(settings=settings, image=found.image, digest=digest)


def manifests_of(placed: PlacedWorkspace) -> str:
    """Return the objects of the server as a stream of YAML documents."""
    return "".join(f"---\n{json.dumps(document, indent=2)}\n" for document in placed.objects())


def install_server(session: OpenWorkspace, cluster: str, notify: Notify) -> None:
    """Put the server of the workspace into a kind cluster, or make it so, and wait until it is ready.

    Args:
        session: The workspace, with the cluster as its target.
        cluster: The name of the kind cluster.
        notify: Takes lines for people.

    Raises:
        BadInput: As `keep_workspace`.
        TargetError: The server cannot start; the error says why.

    """
    placed = keep_workspace(session)
    node = engine.find_node(cluster)
    port = node.server_port if node else None
    api = ClusterApi(kind.read_kubeconfig(cluster))
    try:
        reached = _apply(api, placed, node_port=port is not None)
        _await_ready(api, placed)
    finally:
        api.close()
    name, namespace = workspace_pod.server_name(placed.settings.store_id), placed.settings.namespace
    if reached:
        notify(f"the server of workspace '{session.config.workspace}' is up: http://127.0.0.1:{port}")
        return
    forward = f"kubectl -n {namespace} port-forward service/{name} {PORT}:{PORT}"
    notify(f"the server of workspace '{session.config.workspace}' is up; to reach it from here: {forward}")


def _apply(api: ClusterApi, placed: PlacedWorkspace, *, node_port: bool) -> bool:
    """Apply the objects. Return True if the port of the node leads to the server."""
    for document in placed.objects(node_port=node_port):
        try:
            api.apply(document)
        except TargetError as error:
            if document["kind"] != "Service" or _PORT_TAKEN not in str(error):
                raise
            return _apply(api, placed, node_port=False)  # the server of another workspace has it
    return node_port


def _await_ready(api: ClusterApi, placed: PlacedWorkspace) -> None:
    """Return when the server is ready. Raises TargetError saying why it cannot be."""
    (deployment,) = (document for document in placed.objects() if document["kind"] == "Deployment")
    labels = deployment["spec"]["selector"]["matchLabels"]
    selector = ",".join(f"{name}={value}" for name, value in labels.items())
    pods = f"/api/v1/namespaces/{placed.settings.namespace}/pods"
    start = time.monotonic()
    while not is_ready(found := api.get(object_path(deployment)) or deployment):
        waited = time.monotonic() - start
        listed: Sequence[Document] = (api.get(pods, labelSelector=selector) or {}).get("items", [])
        problem = find_problem(found, listed, waited)
        if problem is not None:
            log = f"kubectl -n {placed.settings.namespace} logs -l {selector}"
            raise TargetError(f"the server cannot start: {problem.what}\n{remedy_line(f'see {log}')}")
        if waited > READY_SECONDS:
            raise TargetUnreachable(f"the server was not ready after {READY_SECONDS:.0f} s")
        time.sleep(_POLL_SECONDS)

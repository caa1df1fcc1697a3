"""The REST server of a workspace in a cluster: its objects, as manifests/server.yaml describes them (pure)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from ..compute.kubernetes import workspace_pod
from ..model.document import Document
from .manifests import SERVER_NODE_PORT, read_manifests

if TYPE_CHECKING:
    from ..compute.kubernetes.settings import ClusterSettings

PORT = 8270
"""The port at which the server listens in its pod."""
WORKSPACE = "runner/workspace"
"""The annotation of a pod with the digest of the workspace that it read at its start."""
_PLACEHOLDER = "STORE"


def server_objects(
    settings: ClusterSettings, image: str, *, workspace: str = "", node_port: bool = False
) -> tuple[Document, ...]:
    """Return the objects of the server.

    Args:
        settings: The settings of the target, with the ID of the workspace's store.
        image: The controller's image.
        workspace: The digest of the workspace's files: the pods are replaced when it changes. Default: none.
        node_port: The node has a port for the server. Default: False, it is reached by a port-forward or an Ingress.

    """
    text = json.dumps(read_manifests("server")).replace(_PLACEHOLDER, settings.store_id)
    found: tuple[Document, ...] = tuple(json.loads(text))
    for document in found:
        document["metadata"]["namespace"] = settings.namespace
        if document["kind"] == "Deployment":
            template = document["spec"]["template"]
            template["spec"] = _pod(template["spec"], settings, image)
            if workspace:
                template["metadata"]["annotations"] = {WORKSPACE: workspace}
        if document["kind"] == "Service" and node_port:
            document["spec"]["type"] = "NodePort"
            document["spec"]["ports"][0]["nodePort"] = SERVER_NODE_PORT
    return found


def _pod(written: Document, settings: ClusterSettings, image: str) -> Document:
    """Return the pod with the settings of the target: all but the port and the probes is that of every program."""
    made = json.loads(json.dumps(workspace_pod.pod(workspace_pod.SERVER, ("serve",), image, settings)))
    made["containers"] = [{**written["containers"][0], **made["containers"][0]}]
    return made

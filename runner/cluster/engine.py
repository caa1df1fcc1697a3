"""The Docker Engine that kind's nodes run in, through the ``docker`` program, as kind itself does.

The program follows the user's Docker context, which the docker package does not.
"""

from __future__ import annotations

import json

from ..compute.kubernetes.programs import run_program
from ..dataclass import dataclass
from ..model.document import Document
from .manifests import NODE_PORT, SERVER_NODE_PORT


@dataclass(frozen=True)
class Node:
    """The container that is the cluster's node."""

    running: bool
    port: int | None
    """The machine's port that leads to the store; None: no such mapping."""
    server_port: int | None = None
    """The machine's port that leads to a workspace's REST server; None: no such mapping."""


def has_image(reference: str) -> bool:
    """True when the image is in the local Docker."""
    return bool(run_program(["docker", "image", "ls", "--quiet", reference]).strip())


def find_node(cluster: str) -> Node | None:
    """The node of the kind cluster, or None."""
    name = f"{cluster}-control-plane"
    if not run_program(["docker", "ps", "--all", "--quiet", "--filter", f"name=^{name}$"]).strip():
        return None
    return node_of(json.loads(run_program(["docker", "container", "inspect", name]))[0])


def node_of(inspected: Document) -> Node:
    """The facts of interest in what ``docker container inspect`` says."""
    return Node(
        running=bool(inspected["State"]["Running"]),
        port=_host_port(inspected, NODE_PORT),
        server_port=_host_port(inspected, SERVER_NODE_PORT),
    )


def _host_port(inspected: Document, port: int) -> int | None:
    bindings = (inspected["HostConfig"].get("PortBindings") or {}).get(f"{port}/tcp") or ()
    return next((int(binding["HostPort"]) for binding in bindings if binding.get("HostPort")), None)


def start_node(cluster: str) -> None:
    """Start the node's container again: Docker does not after a reboot of the machine."""
    run_program(["docker", "start", f"{cluster}-control-plane"])

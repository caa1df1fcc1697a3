"""The nodes of the test cluster: the one that `runner cluster up` makes, and a worker that tests may stop.

The worker takes only the steps that ask for it, so that stopping it harms nobody else's test. It is there with
RUNNER_ALL_DATA=1 only: each image is copied to every node.
"""

from __future__ import annotations

import json
from contextlib import suppress

from runner.cluster.kind import create_cluster
from runner.cluster.manifests import kind_config, read_kind_config
from runner.compute.kubernetes.programs import run_program
from runner.errors import TargetError
from runner.model.document import Document
from tests.support.examples import ALL_DATA

KEY = "runner-test"
SELECTOR = {KEY: "worker"}
"""The worker's label."""
TOLERATION = {"key": KEY, "operator": "Exists", "effect": "NoSchedule"}
"""Of the worker's taint."""


def with_worker(config: Document) -> Document:
    """The kind configuration with a worker beside its one node, which stays open to all pods."""
    (first,) = config["nodes"]
    return {**config, "nodes": [_open(first), _worker(first["image"])]}


def create_test_cluster(name: str, port: int) -> None:
    """Make the nodes; `runner.cluster.up.up` then finds a cluster to furnish, its store at this port."""
    config = kind_config(read_kind_config(), name, port)
    create_cluster(with_worker(config) if ALL_DATA else config)
    run_program(["docker", "exec", f"{name}-control-plane", "sed", "-i", _ALONE, *_ELECTED])


def load_image(name: str, image: str) -> None:
    """Put an image onto all nodes, which may have no way to a registry; they pull one that this machine lacks."""
    with suppress(TargetError):
        run_program(["kind", "load", "docker-image", image, "--name", name], seconds=120)


_ELECTED = [f"/etc/kubernetes/manifests/kube-{name}.yaml" for name in ("controller-manager", "scheduler")]
_ALONE = "s/--leader-elect=true/--leader-elect=false/"
"""There is one of each. Else both would end themselves whenever the API server is away for ten seconds, and be started
again later and later."""


def _open(node: Document) -> Document:
    """kind opens a control plane to all pods only where it is the only node."""
    return {**node, "kubeadmConfigPatches": [_registration("InitConfiguration", [])]}


def _worker(image: str) -> Document:
    taints = [{"key": KEY, "value": "worker", "effect": "NoSchedule"}]
    patches = [_registration("JoinConfiguration", taints)]
    return {"role": "worker", "image": image, "labels": SELECTOR, "kubeadmConfigPatches": patches}


def _registration(kind: str, taints: list[dict[str, str]]) -> str:
    return json.dumps({"kind": kind, "nodeRegistration": {"taints": taints}})

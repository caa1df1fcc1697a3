"""The ``kind`` program: making, deleting and feeding local clusters.

The user's own kubeconfig is never touched: kind is always given another file.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from ..compute.kubernetes.programs import run_program
from ..errors import TargetError, remedy_line
from ..model.document import Document

_CREATE_SECONDS = 1200
"""The node image may have to be pulled first."""


def create_cluster(config: Document) -> None:
    """Make the cluster. Interrupted or failing, it leaves none behind. Raises TargetError."""
    name = config["name"]
    command = ["kind", "create", "cluster", "--name", name, "--config", "-"]
    try:
        with tempfile.TemporaryDirectory() as folder:
            kubeconfig = ["--kubeconfig", str(Path(folder, "kubeconfig"))]
            run_program([*command, *kubeconfig], given=json.dumps(config), seconds=_CREATE_SECONDS)
    except KeyboardInterrupt:
        delete_cluster(name)
        raise


def delete_cluster(name: str) -> None:
    """Delete the cluster with all it holds; an absent one is no error."""
    with tempfile.TemporaryDirectory() as folder:
        kubeconfig = str(Path(folder, "kubeconfig"))
        run_program(["kind", "delete", "cluster", "--name", name, "--kubeconfig", kubeconfig], seconds=180)


def read_kubeconfig(name: str) -> Document:
    """The administrator's kubeconfig. Raises TargetError when the cluster is not whole."""
    import yaml

    try:
        return yaml.safe_load(run_program(["kind", "get", "kubeconfig", "--name", name]))
    except TargetError as error:
        raise TargetError(
            f"the kind cluster {name} is there but was never finished, or is damaged\n"
            + remedy_line(f"runner cluster down --name {name}, then runner cluster up ({error})")
        ) from error


def load_image(name: str, reference: str) -> None:
    """Copy an image from the local Docker into the cluster's nodes, unless they have it."""
    run_program(["kind", "load", "docker-image", reference, "--name", name], seconds=600)

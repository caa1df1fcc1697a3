"""A workspace in a Secret, and the pod of a program that works in it (pure).

The Secret is owned by a ConfigMap, because nobody may change or delete Secrets (`replaceable_secrets`).
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence

from . import conventions as c
from .controller_job import COMPONENT_LABEL
from .json_fields import KubeObject
from .program_pod import Program, program_pod
from .settings import ClusterSettings

FOLDER = "/runner/workspace"
SERVER = "server"
"""The component of a workspace's REST server."""
SERVICE_ACCOUNT = "runner-submitter"
OWN_IMAGE = "RUNNER_OWN_IMAGE"
"""The variable with the image of the pod: controllers that it starts have the same one, and so the same version."""
LARGEST = 1_000_000
"""Bytes of all files: the API server takes a Secret of 1 MiB."""
_GRACE = 30
"""Seconds between SIGTERM and SIGKILL: a submission is brought to its end."""


def object_name(store_id: str) -> str:
    """Return the name of the Secret of a store's workspace, and of the ConfigMap that owns it."""
    return f"runner-workspace-{store_id}"


def server_name(store_id: str) -> str:
    """Return the name of the objects of a workspace's REST server."""
    return f"runner-server-{store_id}"


def labels(store_id: str, component: str) -> dict[str, str]:
    """Return the labels of the objects of a workspace."""
    return {c.MANAGED_BY: c.PRODUCT, c.STORE_LABEL: store_id, COMPONENT_LABEL: component}


def digest(files: Mapping[str, str], store_id: str) -> str:
    """Return a digest that only shows whether the files have changed.

    Everybody who may read ConfigMaps sees it, and some secret may be easy to guess. So it is a slow digest.
    """
    content = json.dumps(dict(files), sort_keys=True).encode()
    return hashlib.scrypt(content, salt=store_id.encode(), n=2**14, r=8, p=1, dklen=16).hex()


def owner(files: Mapping[str, str], settings: ClusterSettings) -> KubeObject:
    """Return the ConfigMap that owns the Secret."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": _metadata(settings),
        "immutable": True,
        "data": {"digest": digest(files, settings.store_id)},
    }


def secret(files: Mapping[str, str], settings: ClusterSettings, *, uid: str) -> KubeObject:
    """Return the Secret with the files of the workspace.

    Args:
        files: The contents by file name.
        settings: The settings of the target.
        uid: The uid of the ConfigMap that owns it.

    """
    name = object_name(settings.store_id)
    owned = {"ownerReferences": [{"apiVersion": "v1", "kind": "ConfigMap", "name": name, "uid": uid}]}
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {**_metadata(settings), **owned},
        "type": "Opaque",
        "data": {name: base64.b64encode(text.encode()).decode() for name, text in sorted(files.items())},
    }


def _metadata(settings: ClusterSettings) -> dict[str, object]:
    name, marks = object_name(settings.store_id), labels(settings.store_id, "workspace")
    return {"name": name, "namespace": settings.namespace, "labels": marks}


def pod(container: str, arguments: Sequence[str], image: str, settings: ClusterSettings) -> dict[str, object]:
    """Return the specification of a pod in which ``runner`` works in the workspace. It is restricted.

    Args:
        container: The name of its container.
        arguments: The arguments of ``runner``.
        image: The controller's image.
        settings: The settings of the target.

    """
    program = Program(
        container=container,
        image=image,
        account=SERVICE_ACCOUNT,
        grace=_GRACE,
        volume="workspace",
        secret=object_name(settings.store_id),
        folder=FOLDER,
        start={"command": ["python3", "-m", "runner", *arguments], "workingDir": FOLDER},
        variables={OWN_IMAGE: image},
    )
    return program_pod(program, settings)

"""The YAML files a cluster is made of, with their few variable parts put in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import deepcopy
from pathlib import Path

from ..errors import BadInput
from ..model.document import Document
from .options import STORAGE_NAMESPACE

NODE_PORT = 30900
"""The port of the store on the node, as in manifests/minio.yaml."""
SERVER_NODE_PORT = 30827
"""The port of a workspace's REST server on the node, as in kind-config.yaml."""

_COLLECTIONS = {
    "Namespace": "/api/v1/namespaces",
    "ServiceAccount": "/api/v1/namespaces/{}/serviceaccounts",
    "Secret": "/api/v1/namespaces/{}/secrets",
    "Service": "/api/v1/namespaces/{}/services",
    "PersistentVolumeClaim": "/api/v1/namespaces/{}/persistentvolumeclaims",
    "Deployment": "/apis/apps/v1/namespaces/{}/deployments",
    "PodDisruptionBudget": "/apis/policy/v1/namespaces/{}/poddisruptionbudgets",
    "DaemonSet": "/apis/apps/v1/namespaces/{}/daemonsets",
    "CSIDriver": "/apis/storage.k8s.io/v1/csidrivers",
    "ClusterRole": "/apis/rbac.authorization.k8s.io/v1/clusterroles",
    "ClusterRoleBinding": "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
    "Role": "/apis/rbac.authorization.k8s.io/v1/namespaces/{}/roles",
    "NetworkPolicy": "/apis/networking.k8s.io/v1/namespaces/{}/networkpolicies",
    "RoleBinding": "/apis/rbac.authorization.k8s.io/v1/namespaces/{}/rolebindings",
}


def collection_path(kind: str, namespace: str = "") -> str:
    """The API path under which objects of a kind lie."""
    return _COLLECTIONS[kind].format(namespace)


def object_path(manifest: Document) -> str:
    """The API path of the object a manifest describes."""
    metadata = manifest["metadata"]
    return f"{collection_path(manifest['kind'], metadata.get('namespace', ''))}/{metadata['name']}"


def read_manifests(name: str) -> tuple[Document, ...]:
    """The documents of ``manifests/<name>.yaml``."""
    import yaml

    return tuple(yaml.safe_load_all(_find(Path("manifests"), f"{name}.yaml").read_text("utf-8")))


def read_kind_config() -> Document:
    """The document of kind-config.yaml."""
    import yaml

    return yaml.safe_load(_find(Path(), "kind-config.yaml").read_text("utf-8"))


def kind_config(document: Document, name: str, port: int, server_port: int | None = None) -> Document:
    """Return the kind configuration of a cluster.

    Args:
        document: The document of kind-config.yaml.
        name: The name of the cluster.
        port: The port of this machine that leads to the store.
        server_port: The port of this machine that leads to a REST server. None: there is none.

    """
    out = deepcopy(document)
    out["name"] = name
    ports = {NODE_PORT: port, SERVER_NODE_PORT: server_port}
    for node in out["nodes"]:
        mappings = node.get("extraPortMappings", ())
        kept = [one for one in mappings if ports.get(one["containerPort"], one["hostPort"]) is not None]
        for mapping in kept:
            mapping["hostPort"] = ports.get(mapping["containerPort"], mapping["hostPort"])
        if mappings:
            node["extraPortMappings"] = kept
    return out


def minio_image(documents: Sequence[Document]) -> str:
    """The image that MinIO's Deployment names; empty when there is none."""
    images = (container["image"] for container in _minio_containers(documents))
    return str(next(images, ""))


def with_minio_image(documents: Sequence[Document], image: str) -> tuple[Document, ...]:
    """The same documents, with that image."""
    out = tuple(deepcopy(document) for document in documents)
    for container in _minio_containers(out):
        container["image"] = image
    return out


def _minio_containers(documents: Sequence[Document]) -> Iterator[Document]:
    for document in documents:
        where = document["metadata"]
        if document["kind"] == "Deployment" and (where["namespace"], where["name"]) == (STORAGE_NAMESPACE, "minio"):
            yield document["spec"]["template"]["spec"]["containers"][0]


def _find(folder: Path, name: str) -> Path:
    package = Path(__file__).resolve().parents[1]
    for path in (package / "_manifests" / name, package.parent / folder / name):
        if path.is_file():
            return path
    raise BadInput(f"{name} is missing from this installation", str(package), "install the package again")

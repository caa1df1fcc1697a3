"""MinIO in the cluster: applied, waited for, and given its bucket and the bucket's user."""

from __future__ import annotations

import time
from collections.abc import Callable
from http.client import OK, HTTPConnection, HTTPException
from urllib.parse import urlsplit

from ..errors import BadInput, Problem, StoreUnreachable, TargetError, TargetUnreachable
from ..model.document import Document
from . import engine, kind
from .api import ClusterApi
from .deployment_status import DeploymentProblem, find_problem, is_ready
from .manifests import collection_path, minio_image, read_manifests, with_minio_image
from .options import STORAGE_NAMESPACE, ClusterOptions

READY_SECONDS = 600.0
"""Enough to pull the image over a slow line; trouble is told at once."""
_POLL_SECONDS = 0.5
_DEPLOYMENT = f"{collection_path('Deployment', STORAGE_NAMESPACE)}/minio"
_PODS = f"/api/v1/namespaces/{STORAGE_NAMESPACE}/pods"


def apply_minio(api: ClusterApi, options: ClusterOptions, notify: Callable[[str], None]) -> None:
    """Make MinIO's objects, its image first where the local Docker has it. Raises TargetError."""
    documents = read_manifests("minio")
    found = api.get(_DEPLOYMENT)
    image = options.minio_image or minio_image([found] if found else documents)
    if found is None or minio_image([found]) != image or not is_ready(found):
        _load_image(options.name, image, notify)
    for document in with_minio_image(documents, image):
        api.apply(document)


def await_minio(api: ClusterApi) -> None:
    """Return when MinIO is ready. Raises TargetError saying why it cannot be."""
    start = time.monotonic()
    while not is_ready(deployment := _deployment(api)):
        waited = time.monotonic() - start
        pods = (api.get(_PODS, labelSelector="app.kubernetes.io/name=minio") or {}).get("items", [])
        problem = find_problem(deployment, pods, waited)
        if problem is not None:
            raise _explained(api, problem, minio_image([deployment]))
        if waited > READY_SECONDS:
            raise TargetUnreachable(f"MinIO was not ready after {READY_SECONDS:.0f} s")
        time.sleep(_POLL_SECONDS)


def check_answers(at: str) -> None:
    """Raise StoreUnreachable unless MinIO itself answers at this endpoint.

    A node's port leads to a new pod a moment after that is ready, and to a lost one's address until then.
    """
    host = urlsplit(at)
    connection = HTTPConnection(host.hostname or "", host.port, timeout=5)
    try:
        connection.request("GET", "/minio/health/ready")
        status = connection.getresponse().status
    except (OSError, HTTPException) as error:
        raise StoreUnreachable(f"MinIO does not answer at {at}: {error}") from error
    finally:
        connection.close()
    if status != OK:
        raise StoreUnreachable(f"MinIO is not ready at {at}: HTTP {status}")


def _deployment(api: ClusterApi) -> Document:
    found = api.get(_DEPLOYMENT)
    if found is None:
        raise TargetError(f"someone deleted the Deployment minio in {STORAGE_NAMESPACE}; run it again")
    return found


def _load_image(cluster: str, image: str, notify: Callable[[str], None]) -> None:
    if not engine.has_image(image):
        notify(f"{image} is not in the local Docker: the cluster pulls it")
        return
    notify(f"loading {image} into the cluster")
    try:
        kind.load_image(cluster, image)
    except TargetError as error:
        # Docker's containerd store keeps one platform of an image that lists several; kind cannot copy that.
        notify(f"it could not be loaded, so the cluster pulls it ({error})")


def _explained(api: ClusterApi, problem: DeploymentProblem, image: str) -> TargetError | BadInput:
    where = f"pod of Deployment minio in namespace {STORAGE_NAMESPACE}"
    if problem.image:
        remedy = "name an image that can be had: runner cluster up --minio-image IMAGE"
        return BadInput(f"MinIO cannot start: {problem.what}", f"{where}, image {image}", remedy)
    said = _log_tail(api, problem.pod) if problem.pod else ""
    remedy = "mend the cause, then: runner cluster up"
    return TargetError(str(Problem(f"MinIO cannot start: {problem.what}{said}", where, remedy)))


def _log_tail(api: ClusterApi, pod: str) -> str:
    try:
        return "\n" + api.text(f"{_PODS}/{pod}/log", tailLines="10").strip()
    except TargetError:
        return ""

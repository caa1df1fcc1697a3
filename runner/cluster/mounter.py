"""The mounter in the cluster: its image, its objects, and the wait for its plugin on every node."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from copy import deepcopy

from ..errors import EnvironmentFailed, TargetError
from ..model.document import Document
from .api import ClusterApi
from .deployment_status import find_problem
from .manifests import collection_path, read_manifests
from .options import CLUSTER_ENDPOINT, MOUNTER_NAMESPACE, ClusterOptions

ENDPOINTS = "ENDPOINTS"
"""The variable of the plugin with the endpoints from which it mounts."""
READY_SECONDS = 120.0
_POLL_SECONDS = 0.5
_DAEMON_SET = f"{collection_path('DaemonSet', MOUNTER_NAMESPACE)}/mounter"
_PODS = f"/api/v1/namespaces/{MOUNTER_NAMESPACE}/pods"


def install_mounter(api: ClusterApi, options: ClusterOptions, notify: Callable[[str], None]) -> None:
    """Make the mounter, or make it so, and wait until every node has it.

    Steps of a cluster without it download what they would mount. So a failure is told and raises nothing.
    """
    from ..images.mounter import MounterImage

    try:
        image = MounterImage().on_kind(options.name, notify)
        endpoints = dict.fromkeys((CLUSTER_ENDPOINT, *stated_endpoints(api.get(_DAEMON_SET))))
        for document in with_endpoints(with_image(read_manifests("mounter"), image), tuple(endpoints)):
            api.apply(document)
        problem = _await(api)
    except (EnvironmentFailed, TargetError) as error:
        problem = str(error)
    if problem:
        notify(f"steps cannot mount their inputs and download them (--no-mounter leaves this out): {problem}")


def with_image(documents: Sequence[Document], image: str) -> tuple[Document, ...]:
    """Return the same documents, with that image in the DaemonSet."""
    out = tuple(deepcopy(document) for document in documents)
    for document in out:
        if document["kind"] == "DaemonSet":
            document["spec"]["template"]["spec"]["containers"][0]["image"] = image
    return out


def with_endpoints(documents: Sequence[Document], endpoints: Sequence[str]) -> tuple[Document, ...]:
    """Return the same documents, with those endpoints as the ones from which the DaemonSet mounts."""
    out = tuple(deepcopy(document) for document in documents)
    for document in out:
        if document["kind"] == "DaemonSet":
            for variable in document["spec"]["template"]["spec"]["containers"][0]["env"]:
                if variable["name"] == ENDPOINTS:
                    variable["value"] = " ".join(endpoints)
    return out


def stated_endpoints(daemon_set: Document | None) -> tuple[str, ...]:
    """Return the endpoints that a mounter in the cluster has, some of which its administrator may have added."""
    if daemon_set is None:
        return ()
    variables = daemon_set.get("spec", {}).get("template", {}).get("spec", {}).get("containers", [{}])[0].get("env", [])
    return tuple(
        one for variable in variables if variable["name"] == ENDPOINTS for one in str(variable.get("value", "")).split()
    )


def is_ready(daemon_set: Document) -> bool:
    """Return True when the newest form of the DaemonSet is ready on every node that it is for."""
    status = daemon_set.get("status", {})
    seen = status.get("observedGeneration", 0) >= daemon_set["metadata"].get("generation", 0)
    wanted = status.get("desiredNumberScheduled", 0)
    return bool(seen and wanted) and {status.get(name, 0) for name in ("updatedNumberScheduled", "numberReady")} == {
        wanted
    }


def _await(api: ClusterApi) -> str:
    """Return when the mounter is ready: why it is not. Empty: it is."""
    start = time.monotonic()
    while not is_ready(found := api.get(_DAEMON_SET) or {"metadata": {"generation": 1}, "spec": {}}):
        waited = time.monotonic() - start
        pods = (api.get(_PODS) or {}).get("items", [])
        problem = find_problem(found, pods, waited)
        if problem is not None:
            return f"the mounter cannot start: {problem.what}"
        if waited > READY_SECONDS:
            return f"the mounter was not ready after {READY_SECONDS:.0f} s (kubectl -n {MOUNTER_NAMESPACE} get pods)"
        time.sleep(_POLL_SECONDS)
    return ""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest

from runner.cluster.api import ClusterApi
from runner.cluster.manifests import object_path, read_manifests
from runner.cluster.mounter import install_mounter, is_ready, stated_endpoints, with_endpoints, with_image
from runner.cluster.options import CLUSTER_ENDPOINT, MOUNTER_NAMESPACE, ClusterOptions
from runner.errors import EnvironmentFailed
from runner.images import mounter as image
from runner.model.document import Document
from runner.mounter.services import DRIVER


def of_kind(kind: str) -> Document:
    (found,) = [document for document in read_manifests("mounter") if document["kind"] == kind]
    return found


def container() -> Document:
    return of_kind("DaemonSet")["spec"]["template"]["spec"]["containers"][0]


def test_the_driver_has_one_name() -> None:
    assert of_kind("CSIDriver")["metadata"]["name"] == DRIVER


def test_the_driver_serves_inline_volumes_and_is_asked_again() -> None:
    spec = of_kind("CSIDriver")["spec"]
    assert (spec["attachRequired"], spec["podInfoOnMount"], spec["requiresRepublish"]) == (False, True, True)
    assert spec["volumeLifecycleModes"] == ["Ephemeral"]


def test_the_privileged_pod_has_no_right_in_the_cluster_and_a_namespace_of_its_own() -> None:
    pod = of_kind("DaemonSet")["spec"]["template"]["spec"]
    assert pod["automountServiceAccountToken"] is False
    assert of_kind("DaemonSet")["metadata"]["namespace"] == MOUNTER_NAMESPACE
    named = [subject["name"] for subject in of_kind("ClusterRoleBinding")["subjects"]]
    assert named == ["runner-controller", "runner-submitter"]
    assert of_kind("ClusterRole")["rules"] == [
        {"apiGroups": ["storage.k8s.io"], "resources": ["csinodes"], "verbs": ["list"]}
    ]


def test_its_mounts_outlive_it() -> None:
    pod = of_kind("DaemonSet")["spec"]["template"]["spec"]
    assert (pod["hostPID"], pod["hostNetwork"], pod["dnsPolicy"]) == (True, True, "ClusterFirstWithHostNet")
    mounts = {mount["mountPath"]: mount.get("mountPropagation") for mount in container()["volumeMounts"]}
    assert mounts["/var/lib/kubelet"] == "Bidirectional"


def test_every_object_has_a_path() -> None:
    paths = [object_path(document) for document in read_manifests("mounter")]
    assert "/apis/storage.k8s.io/v1/csidrivers/mounter.runner.dev" in paths
    assert len(set(paths)) == len(paths)


def test_the_image_is_put_in_a_copy() -> None:
    before = container()["image"]
    changed = with_image(read_manifests("mounter"), "runner-mounter:1")
    assert [
        document["spec"]["template"]["spec"]["containers"][0]["image"]
        for document in changed
        if document["kind"] == "DaemonSet"
    ] == ["runner-mounter:1"]
    assert container()["image"] == before


@pytest.mark.parametrize(
    ("status", "ready"),
    [
        ({}, False),
        ({"observedGeneration": 2, "desiredNumberScheduled": 0}, False),
        ({"observedGeneration": 2, "desiredNumberScheduled": 2, "updatedNumberScheduled": 2, "numberReady": 1}, False),
        ({"observedGeneration": 2, "desiredNumberScheduled": 2, "updatedNumberScheduled": 1, "numberReady": 2}, False),
        ({"observedGeneration": 1, "desiredNumberScheduled": 2, "updatedNumberScheduled": 2, "numberReady": 2}, False),
        ({"observedGeneration": 2, "desiredNumberScheduled": 2, "updatedNumberScheduled": 2, "numberReady": 2}, True),
    ],
)
def test_it_is_ready_when_its_newest_form_is_on_every_node(status: Document, *, ready: bool) -> None:
    assert is_ready({"metadata": {"generation": 2}, "spec": {}, "status": status}) is ready


def test_its_image_holds_the_plugin_and_little_else() -> None:
    names = set(image.build_context())
    assert {"Dockerfile", "runner/mounter/__main__.py", "runner/storage/s3/sign.py"} <= names
    assert not [name for name in names if name.startswith(("runner/sdk", "runner/control", "runner/compute"))]
    assert image.tag().startswith("runner-mounter:")


class Image:
    """The image, or no way to make it."""

    problem = ""

    def on_kind(self, _cluster: str, _notify: object) -> str:
        if self.problem:
            raise EnvironmentFailed(self.problem)
        return "runner-mounter:1"


class Api:
    """A cluster in which the plugin becomes ready at once, or cannot start."""

    def __init__(self, *waiting: Document) -> None:
        self.applied: list[Document] = []
        self.mounter: Document = {}
        self._pods = [{"metadata": {"name": "p"}, "status": {"containerStatuses": list(waiting)}}] if waiting else []

    def apply(self, manifest: Document) -> Document:
        self.applied.append(manifest)
        return manifest

    def get(self, path: str, **_: str) -> Document:
        if path.endswith("/pods"):
            return {"items": self._pods}
        counts = dict.fromkeys(("desiredNumberScheduled", "updatedNumberScheduled", "numberReady"), 1)
        return {
            "metadata": {"generation": 1},
            "spec": self.mounter.get("spec", {}),
            "status": {} if self._pods else {"observedGeneration": 1} | counts,
        }


def installed(monkeypatch: pytest.MonkeyPatch, api: Api, problem: str = "") -> list[str]:
    """What is told of an installation."""
    monkeypatch.setattr(image, "MounterImage", Image)
    monkeypatch.setattr(Image, "problem", problem)
    said: list[str] = []
    install_mounter(cast("ClusterApi", api), ClusterOptions(configuration=Path("c.yaml")), said.append)
    return said


def test_it_is_installed_in_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    api = Api()
    assert installed(monkeypatch, api) == []
    assert [document["kind"] for document in api.applied if document["kind"] == "DaemonSet"]


def test_the_clusters_store_is_its_endpoint_and_those_of_the_administrator_stay(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    api = Api()
    installed(monkeypatch, api)
    (made,) = [document for document in api.applied if document["kind"] == "DaemonSet"]
    assert stated_endpoints(made) == (CLUSTER_ENDPOINT,)

    added = ("http://lake:9000", CLUSTER_ENDPOINT)
    again = Api()
    (again.mounter,) = [one for one in with_endpoints([made], added) if one["kind"] == "DaemonSet"]
    installed(monkeypatch, again)
    (made,) = [document for document in again.applied if document["kind"] == "DaemonSet"]
    assert stated_endpoints(made) == (CLUSTER_ENDPOINT, "http://lake:9000")


def test_the_manifest_states_no_endpoint_and_tells_the_plugin_its_nodes_address() -> None:
    assert stated_endpoints(of_kind("DaemonSet")) == ()
    assert stated_endpoints(None) == ()
    fields = {
        one["name"]: one["valueFrom"]["fieldRef"]["fieldPath"] for one in container()["env"] if "valueFrom" in one
    }
    assert fields == {"NODE_NAME": "spec.nodeName", "HOST_IP": "status.hostIP"}


def test_a_cluster_without_it_is_of_use_and_the_reason_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    api = Api()
    (said,) = installed(monkeypatch, api, "no package index answers")
    assert "no package index answers" in said
    assert "--no-mounter" in said
    assert not api.applied
    waiting = {"state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off"}}}
    (said,) = installed(monkeypatch, Api(waiting))
    assert "its container does not start: CrashLoopBackOff" in said

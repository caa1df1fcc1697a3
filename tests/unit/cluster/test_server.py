"""The objects of a server in the cluster."""

from __future__ import annotations

from typing import Any

from runner.cluster import manifests, server
from runner.compute.kubernetes.settings import ClusterSettings

SETTINGS = ClusterSettings(store_id="s1")


def of_kind(kind: str, settings: ClusterSettings = SETTINGS, *, node_port: bool = False) -> Any:
    made = server.server_objects(settings, "runner-controller:1", node_port=node_port)
    return next(document for document in made if document["kind"] == kind)


def test_the_manifest_is_what_is_applied_with_the_usual_settings() -> None:
    """The manifest is complete for a reader, and for one who applies it by hand."""
    written = manifests.read_manifests("server")
    made = server.server_objects(ClusterSettings(store_id="STORE"), "runner-controller:1")
    assert list(made) == list(written)


def test_its_objects_have_names_of_their_own_for_each_workspace() -> None:
    made = server.server_objects(SETTINGS, "image")
    assert {document["metadata"]["name"] for document in made} == {"runner-server-s1"}
    assert {document["metadata"]["labels"]["runner/store"] for document in made} == {"s1"}
    assert "STORE" not in str(made)
    assert len({manifests.object_path(document) for document in made}) == len(made) == 4


def test_the_settings_of_the_target_hold() -> None:
    settings = ClusterSettings(
        store_id="s1", namespace="ml", run_as=2000, node_selector={"pool": "small"}, authorities="-----BEGIN…"
    )
    deployment = of_kind("Deployment", settings)
    pod = deployment["spec"]["template"]["spec"]
    assert deployment["metadata"]["namespace"] == "ml"
    assert (pod["securityContext"]["runAsUser"], pod["nodeSelector"]) == (2000, {"pool": "small"})
    assert any(volume["name"] == "ca" for volume in pod["volumes"])
    assert pod["containers"][0]["readinessProbe"]["httpGet"] == {"path": "/readyz", "port": "http"}
    assert of_kind("NetworkPolicy", settings)["metadata"]["namespace"] == "ml"


def test_the_selectors_find_the_pods_of_this_server_alone() -> None:
    labels = of_kind("Deployment")["spec"]["template"]["metadata"]["labels"]
    assert labels["runner/store"] == "s1"
    for found in (
        of_kind("Deployment")["spec"]["selector"]["matchLabels"],
        of_kind("Service")["spec"]["selector"],
        of_kind("PodDisruptionBudget")["spec"]["selector"]["matchLabels"],
        of_kind("NetworkPolicy")["spec"]["podSelector"]["matchLabels"],
    ):
        assert found == labels


def test_a_changed_workspace_makes_new_pods() -> None:
    made = server.server_objects(SETTINGS, "image", workspace="digest")
    (deployment,) = (document for document in made if document["kind"] == "Deployment")
    assert deployment["spec"]["template"]["metadata"]["annotations"] == {server.WORKSPACE: "digest"}


def test_a_drain_leaves_one_server() -> None:
    assert of_kind("PodDisruptionBudget")["spec"]["minAvailable"] < of_kind("Deployment")["spec"]["replicas"]


def test_the_ports_lead_to_the_container() -> None:
    port = of_kind("Service")["spec"]["ports"][0]
    container = of_kind("Deployment")["spec"]["template"]["spec"]["containers"][0]["ports"][0]
    assert (port["targetPort"], container["containerPort"], port["port"]) == ("http", server.PORT, server.PORT)
    assert of_kind("Service")["spec"]["type"] == "ClusterIP"
    opened = of_kind("Service", node_port=True)["spec"]
    assert (opened["type"], opened["ports"][0]["nodePort"]) == ("NodePort", manifests.SERVER_NODE_PORT)

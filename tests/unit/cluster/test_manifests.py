from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from runner.cluster import manifests
from runner.cluster.options import STEPS_NAMESPACE, STORAGE_NAMESPACE
from runner.compute.kubernetes import schedules, workspace_pod
from runner.compute.kubernetes.controller_job import SERVICE_ACCOUNT
from runner.compute.kubernetes.preflight import GANGS, NEEDED
from runner.compute.kubernetes.responses import BATCH
from runner.model.document import Document

ALL = [document for name in ("namespace", "rbac", "minio") for document in manifests.read_manifests(name)]


def _one(kind: str, name: str) -> Document:
    return next(document for document in ALL if (document["kind"], document["metadata"]["name"]) == (kind, name))


def test_every_manifest_has_a_place_in_the_api() -> None:
    paths = [manifests.object_path(document) for document in ALL]
    assert len(set(paths)) == len(ALL)
    assert manifests.object_path(_one("Namespace", "runner")) == "/api/v1/namespaces/runner"
    assert (
        manifests.object_path(_one("Deployment", "minio"))
        == "/apis/apps/v1/namespaces/runner-storage/deployments/minio"
    )


@pytest.mark.parametrize("namespace", [STEPS_NAMESPACE, STORAGE_NAMESPACE])
def test_namespaces_enforce_restricted_pods(namespace: str) -> None:
    labels = _one("Namespace", namespace)["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"


def granted(role: str) -> set[tuple[str, str, str]]:
    return {
        (group, resource, verb)
        for rule in _one("Role", role)["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }


@pytest.mark.parametrize(
    ("role", "needed"), [("runner-controller", (*NEEDED, *GANGS)), ("runner-schedules", schedules.NEEDED)]
)
def test_a_role_says_exactly_what_is_needed(role: str, needed: Iterable[tuple[str, str]]) -> None:
    assert granted(role) == {("batch" if resource in BATCH else "", resource, verb) for resource, verb in needed}


@pytest.mark.parametrize(
    ("role", "accounts"),
    [
        ("runner-controller", [SERVICE_ACCOUNT, workspace_pod.SERVICE_ACCOUNT]),
        ("runner-schedules", [SERVICE_ACCOUNT]),  # the pods of schedules and of the server place none
    ],
)
def test_the_accounts_that_a_role_is_bound_to(role: str, accounts: list[str]) -> None:
    assert [subject["name"] for subject in _one("RoleBinding", role)["subjects"]] == accounts
    for name in accounts:
        assert _one("ServiceAccount", name)["automountServiceAccountToken"] is False


def test_nothing_is_granted_cluster_wide() -> None:
    assert not [document for document in ALL if document["kind"].startswith("Cluster")]


def test_no_manifest_holds_a_password() -> None:
    assert not [document for document in ALL if document["kind"] == "Secret"]
    container = _one("Deployment", "minio")["spec"]["template"]["spec"]["containers"][0]
    passwords = {item["name"]: item["value"] for item in container["env"] if "PASSWORD" in item["name"]}
    assert passwords == {"MINIO_ROOT_PASSWORD_FILE": "/run/secrets/minio/secret_key"}


def test_minio_image_is_replaced_in_a_copy() -> None:
    documents = manifests.read_manifests("minio")
    before = manifests.minio_image(documents)
    changed = manifests.with_minio_image(documents, "mirror.example/minio:1")
    assert manifests.minio_image(changed) == "mirror.example/minio:1"
    assert manifests.minio_image(documents) == before != ""


def test_minio_image_of_other_documents_is_empty() -> None:
    assert not manifests.minio_image(manifests.read_manifests("rbac"))


def test_minio_listens_at_the_port_that_kind_maps() -> None:
    port = _one("Service", "minio")["spec"]["ports"][0]
    mapping = manifests.read_kind_config()["nodes"][0]["extraPortMappings"][0]
    assert port["nodePort"] == mapping["containerPort"] == manifests.NODE_PORT


def test_a_cluster_has_a_port_for_the_server_if_that_is_wanted() -> None:
    original = manifests.read_kind_config()
    made = manifests.kind_config(original, "other", 9123, 8271)
    ports = [(each["containerPort"], each["hostPort"]) for each in made["nodes"][0]["extraPortMappings"]]
    assert ports == [(30900, 9123), (manifests.SERVER_NODE_PORT, 8271)]


def test_kind_config_gets_name_and_port_and_keeps_its_node_image() -> None:
    original = manifests.read_kind_config()
    made = manifests.kind_config(original, "other", 9123)
    assert made["name"] == "other"
    assert made["nodes"][0]["extraPortMappings"] == [
        {"containerPort": 30900, "hostPort": 9123, "listenAddress": "127.0.0.1", "protocol": "TCP"}
    ]
    assert made["nodes"][0]["image"] == "kindest/node:v1.34.0"
    assert original["name"] == "runner"


def test_the_whole_of_minio_is_a_restricted_pod() -> None:
    spec = _one("Deployment", "minio")["spec"]["template"]["spec"]
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert spec["automountServiceAccountToken"] is False
    inner = spec["containers"][0]["securityContext"]
    assert inner["allowPrivilegeEscalation"] is False
    assert inner["capabilities"] == {"drop": ["ALL"]}


def test_an_installed_package_has_its_files_inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "runner"
    (package / "_manifests").mkdir(parents=True)
    (package / "_manifests" / "rbac.yaml").write_text("kind: Role\n")
    monkeypatch.setattr(manifests, "__file__", str(package / "cluster" / "manifests.py"))
    assert manifests.read_manifests("rbac") == ({"kind": "Role"},)

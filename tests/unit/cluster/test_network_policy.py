"""The network policies of step pods and of the pods of `runner doctor`."""

from __future__ import annotations

import ipaddress
from pathlib import Path

import pytest

from runner.cluster import manifests
from runner.cluster.network_policy import DOCTOR, GANGS, METADATA, STEPS, destination, with_destinations
from runner.cluster.options import CLUSTER_ENDPOINT, STEPS_NAMESPACE, STORAGE_NAMESPACE, ClusterOptions
from runner.compute.kubernetes.conventions import STEP_LABEL, STORE_LABEL, WORKERS_LABEL
from runner.errors import BadInput
from runner.model.document import Document
from runner.model.workers import WorkerKind

ALL = manifests.read_manifests("network-policy")


def policy(name: str, documents: tuple[Document, ...] = ALL) -> Document:
    return next(document["spec"] for document in documents if document["metadata"]["name"] == name)


def blocks(spec: Document) -> list[Document]:
    return [peer["ipBlock"] for rule in spec["egress"] for peer in rule["to"] if "ipBlock" in peer]


def reaches(spec: Document, address: str, port: int = 80) -> bool:
    at = ipaddress.ip_address(address)
    for rule in spec["egress"]:
        tcp = [one for one in rule.get("ports", ()) if one["protocol"] == "TCP"]
        if "ports" in rule and not any(one["port"] <= port <= one.get("endPort", one["port"]) for one in tcp):
            continue
        for block in (peer["ipBlock"] for peer in rule["to"] if "ipBlock" in peer):
            excepted = any(at in ipaddress.ip_network(one) for one in block.get("except", ()))
            if at in ipaddress.ip_network(block["cidr"]) and not excepted:
                return True
    return False


def test_the_policies_lie_beside_the_steps_and_have_a_place_in_the_api() -> None:
    assert {document["metadata"]["namespace"] for document in ALL} == {STEPS_NAMESPACE}
    paths = [manifests.object_path(document) for document in ALL]
    assert paths[0] == "/apis/networking.k8s.io/v1/namespaces/runner/networkpolicies/runner-steps"


def test_a_pod_has_one_of_the_two_policies() -> None:
    exists, apart = policy(STEPS)["podSelector"]["matchExpressions"]
    assert exists == {"key": STEP_LABEL, "operator": "Exists"}
    assert apart == {"key": STORE_LABEL, "operator": "NotIn", "values": ["doctor"]}
    assert policy(DOCTOR)["podSelector"] == {"matchLabels": {STORE_LABEL: "doctor"}}


@pytest.mark.parametrize(("name", "tcp"), [(STEPS, {("TCP", 53)}), (DOCTOR, set())])
def test_dns_and_the_store_are_reached_and_nobody_connects_to_a_step(name: str, tcp: set[tuple[str, int]]) -> None:
    spec = policy(name)
    assert spec["policyTypes"] == ["Ingress", "Egress"]
    assert spec["ingress"] == []
    dns, store = spec["egress"][:2]
    assert {(one["protocol"], one["port"]) for one in dns["ports"]} == {("UDP", 53), *tcp}
    assert CLUSTER_ENDPOINT.endswith(f".{STORAGE_NAMESPACE}.svc:{store['ports'][0]['port']}")
    labels = store["to"][0]["namespaceSelector"]["matchLabels"]
    assert labels == {"kubernetes.io/metadata.name": STORAGE_NAMESPACE}


def test_the_workers_of_a_gang_reach_each_other_and_nothing_else_by_that() -> None:
    spec, gang = policy(GANGS), {"podSelector": {"matchLabels": {WORKERS_LABEL: WorkerKind.GANG.value}}}
    assert {"podSelector": spec["podSelector"]} == gang
    assert (spec["ingress"], spec["egress"]) == ([{"from": [gang]}], [{"to": [gang]}])
    assert policy(GANGS, with_destinations(ALL, ["10.0.0.0/8"])) == spec


@pytest.mark.parametrize("name", [STEPS, DOCTOR])
@pytest.mark.parametrize("port", [53, 80, 443])
def test_no_metadata_service_is_reached(name: str, port: int) -> None:
    for address in ("169.254.169.254", "100.100.100.200", "192.0.0.192", "168.63.129.16", "fd00:ec2::254"):
        assert not reaches(policy(name), address, port)


@pytest.mark.parametrize("name", [STEPS, DOCTOR])
def test_steps_reach_all_other_addresses_unless_some_are_stated(name: str) -> None:
    assert reaches(policy(name), "93.184.216.34")
    assert reaches(policy(name), "2606:4700::1")
    stated = policy(name, with_destinations(ALL, ["10.0.0.0/8", "192.168.1.5"]))
    assert reaches(stated, "10.1.2.3")
    assert reaches(stated, "192.168.1.5")
    assert not reaches(stated, "192.168.1.6")
    assert not reaches(stated, "93.184.216.34")
    assert blocks(policy(name)) != blocks(stated)
    assert with_destinations(ALL, ()) == ALL


def test_the_trial_does_not_reach_its_name_server_over_tcp() -> None:
    assert reaches(policy(STEPS), "10.96.0.10", 53)
    assert not reaches(policy(DOCTOR), "10.96.0.10", 53)
    assert reaches(policy(DOCTOR), "10.96.0.10", 54)


@pytest.mark.parametrize("wide", ["0.0.0.0/0", "169.0.0.0/8", "::/0", "0.0.0.0/1", "128.0.0.0/1"])
def test_a_wide_destination_leaves_metadata_services_out(wide: str) -> None:
    stated = policy(STEPS, with_destinations(ALL, [wide]))
    for network in METADATA:
        assert not reaches(stated, str(ipaddress.ip_network(network)[0]))


def test_the_manifest_leaves_out_what_the_code_does() -> None:
    assert blocks(policy(STEPS, with_destinations(ALL, ["0.0.0.0/0", "::/0"])))[-2:] == blocks(policy(STEPS))[-2:]


@pytest.mark.parametrize("text", ["", "host.example", "10.0.0.1/8", "169.254.169.254", "fd00:ec2::254"])
def test_what_is_no_destination_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        destination(text)
    with pytest.raises(BadInput):
        ClusterOptions(configuration=Path("c.yaml"), destinations=(text,))

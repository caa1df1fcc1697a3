from __future__ import annotations

import json
from pathlib import Path

import pytest

from runner.compute.kubernetes.config import KubernetesConfig
from runner.compute.registry import to_entry
from runner.datastores import BucketConfig
from runner.errors import BadInput
from runner.model.credentials import Credentials
from runner.model.store_endpoint import BucketEndpoint, StepStores
from runner.wiring.controller_spec import ControllerSpec, read, to_text

SETTINGS = KubernetesConfig(
    store=BucketConfig(
        bucket="b",
        endpoint="http://near:1",
        cluster_endpoint="http://far:2",
        prefix="p",
        credentials="/home/me/keys.json",
    ),
    namespace="ns",
    kubeconfig="/home/me/.kube/config",
    context="c",
    kind_cluster="k",
    registry="r",
    node_selector={"pool": "small"},
)
STORES = StepStores(
    BucketEndpoint(bucket="b", endpoint="http://far:2", prefix="p/", credentials=Credentials("ak", "sk")),
    {},
    {"token": "t0p"},
)
TOLD = ControllerSpec(
    run="run-1",
    job="controller-run-1-beef",
    store_id="store-1",
    target="kind",
    settings=to_entry(SETTINGS.controllers(str).inside()),
    stores=STORES,
    version="1.2",
)


def test_nothing_of_this_machine_is_handed_over() -> None:
    within = TOLD.config
    assert isinstance(within, KubernetesConfig)
    assert (within.kubeconfig, within.context, within.kind_cluster, within.registry) == ("", "", "", "")
    assert (within.store.endpoint, within.store.credentials) == ("http://far:2", "")
    assert (within.namespace, within.node_selector) == ("ns", {"pool": "small"})
    assert "/home/me" not in to_text(TOLD)


def test_a_store_that_pods_reach_as_we_do() -> None:
    assert KubernetesConfig(store=BucketConfig(bucket="b", endpoint="http://one:1")).controllers(
        str
    ).inside().store == BucketConfig(bucket="b", endpoint="http://one:1")


def test_it_is_read_as_it_was_written(tmp_path: Path) -> None:
    file = tmp_path / "handover.json"
    file.write_text(to_text(TOLD))
    assert read(file, "1.2") == TOLD


def test_no_key_is_shown() -> None:
    assert not any(word in repr(TOLD) for word in ("sk", "t0p"))


def test_another_version_says_what_to_do(tmp_path: Path) -> None:
    file = tmp_path / "handover.json"
    file.write_text(json.dumps({"version": "1.1", "new field": "sk"}))
    with pytest.raises(BadInput, match=r"handed over by runner 1\.1") as raised:
        read(file, "1.2")
    assert "build the image anew" in str(raised.value)
    assert "sk" not in str(raised.value)


@pytest.mark.parametrize("text", ["", "[]", '"sk"'])
def test_what_is_no_handover(tmp_path: Path, text: str) -> None:
    file = tmp_path / "handover.json"
    file.write_text(text)
    with pytest.raises(BadInput) as raised:
        read(file, "1.2")
    assert "sk" not in str(raised.value)


def test_there_is_none(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="FileNotFoundError"):
        read(tmp_path / "absent", "1.2")

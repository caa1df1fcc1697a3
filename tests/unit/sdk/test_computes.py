"""Compute targets in v1's words."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from runner.sdk import AmlCompute, ComputeTarget, Workspace
from runner.sdk.base.exceptions import ComputeTargetException, NotOffered
from runner.sdk.computes.attached import (
    AksCompute,
    BatchCompute,
    ComputeInstance,
    DatabricksCompute,
    DataFactoryCompute,
    KubernetesCompute,
    RemoteCompute,
)
from tests.support.fake_session import FakeSession


def find_or_create(ws: Workspace) -> tuple[str, ComputeTarget]:
    """v1's idiom."""
    try:
        return "found", ComputeTarget(workspace=ws, name="cpu-cluster")
    except ComputeTargetException:
        asked = AmlCompute.provisioning_configuration(vm_size="STANDARD_D2_V2", max_nodes=4)
        return "created", ComputeTarget.create(ws, "cpu-cluster", asked)


def test_where_nothing_is_configured_every_name_is_found(ws: Workspace) -> None:
    word, compute = find_or_create(ws)
    assert (word, compute.name, type(compute), compute.vm_size) == ("found", "cpu-cluster", AmlCompute, "")
    assert list(ws.compute_targets) == ["cpu-cluster"]
    assert type(DataFactoryCompute(ws, "copies")) is DataFactoryCompute


def test_a_created_name_has_its_settings_where_nothing_is_configured(ws: Workspace) -> None:
    ComputeTarget.create(ws, "cpu-cluster", AmlCompute.provisioning_configuration("STANDARD_D2_V2", max_nodes=3))
    assert find_or_create(ws)[1].scale_settings.maximum_node_count == 3


def test_where_targets_are_configured_the_idiom_creates_once_and_finds_then(
    ws: Workspace, session: FakeSession
) -> None:
    session.targets = ("kind",)
    found = [find_or_create(ws) for _ in range(2)]
    assert [word for word, _ in found] == ["created", "found"]
    for _, compute in found:
        assert type(compute) is AmlCompute
        assert compute.get_status().serialize()["scaleSettings"] == {"minNodeCount": 0, "maxNodeCount": 4}
    with pytest.raises(ComputeTargetException, match="known: kind"):
        AmlCompute(ws, "gpu")


def test_all_targets_by_name(ws: Workspace, session: FakeSession) -> None:
    ComputeTarget.create(ws, "cpu", AmlCompute.provisioning_configuration("STANDARD_D2_V2"))
    assert "cpu" in ws.compute_targets
    assert "gpu" not in ws.compute_targets
    assert ws.compute_targets["gpu"].name == "gpu"
    assert [target.name for target in ComputeTarget.list(ws)] == ["gpu", "cpu"]
    session.targets = ("kind",)
    assert list(ws.compute_targets) == ["kind", "cpu"]
    with pytest.raises(KeyError, match="known: kind, cpu"):
        ws.compute_targets["gpu"]


def test_node_counts_may_be_text_and_are_checked(ws: Workspace) -> None:
    asked = AmlCompute.provisioning_configuration(vm_size="D2", min_nodes="1", max_nodes="4")
    assert (asked.min_nodes, asked.max_nodes, asked.vm_size) == (1, 4, "D2")
    for least, most in ((0, 0), (3, 2), (0, "-1")):
        with pytest.raises(ComputeTargetException, match="max_nodes"):
            AmlCompute.provisioning_configuration(min_nodes=least, max_nodes=most)
    with pytest.raises(ComputeTargetException, match="max_nodes is 'many'"):
        AmlCompute.provisioning_configuration(max_nodes="many")


def test_a_target_can_be_updated_and_deleted(ws: Workspace) -> None:
    made = ComputeTarget.create(ws, "cpu", AmlCompute.provisioning_configuration("D2", max_nodes=1))
    made.update(max_nodes=3)
    assert ComputeTarget(ws, "cpu").scale_settings.maximum_node_count == 3
    assert made.serialize()["type"] == "AmlCompute"
    made.delete()
    assert not ws.compute_targets


def test_what_cannot_be_created(ws: Workspace) -> None:
    with pytest.raises(ComputeTargetException, match="cannot name"):
        ComputeTarget.create(ws, "a/b", AmlCompute.provisioning_configuration())
    with pytest.raises(ComputeTargetException, match="from a dict"):
        ComputeTarget.create(ws, "a", {})  # type: ignore[arg-type]
    with pytest.raises(NotOffered, match="cannot be attached"):
        ComputeTarget.attach(ws, "a", object())


def test_other_types_keep_theirs(ws: Workspace) -> None:
    adf = ComputeTarget.create(ws, "adf", DataFactoryCompute.provisioning_configuration())
    assert (type(adf), adf.type) == (DataFactoryCompute, "DataFactory")
    assert type(ComputeTarget(ws, "adf")) is DataFactoryCompute
    one = ComputeTarget.create(ws, "one", ComputeInstance.provisioning_configuration(vm_size="D2"))
    assert type(one) is ComputeInstance
    assert one.scale_settings.maximum_node_count == 1
    assert type(KubernetesCompute(ws, "k")) is KubernetesCompute


@pytest.mark.parametrize("service", [AksCompute, RemoteCompute, DatabricksCompute, BatchCompute])
def test_services_are_refused_in_one_line(ws: Workspace, service: type[AksCompute]) -> None:
    def construct() -> object:
        return service(ws, "x")

    uses: tuple[Callable[[], object], ...] = (
        construct,
        service.attach_configuration,
        service.provisioning_configuration,
    )
    for use in uses:
        with pytest.raises(NotOffered, match="needs an Azure service") as refused:
            use()
        assert "\n" not in refused.value.message

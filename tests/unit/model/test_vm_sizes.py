"""Sizes of machines, and what steps ask of a node where a pipeline file names one."""

from __future__ import annotations

import pytest

from runner.model.compute import ComputeSettings, VmSize
from runner.model.resources import Resources
from runner.model.vm_sizes import listed, resources_of, size_named, size_note


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("STANDARD_D2_V2", VmSize(2, "7Gi")),
        ("Standard_DS3_v2", VmSize(4, "14Gi")),
        ("standard_d2_v2", VmSize(2, "7Gi")),
        ("D4s_v3", VmSize(4, "16Gi")),
        ("STANDARD_D8ADS_V5", VmSize(8, "32Gi")),
        ("STANDARD_E4S_V3", VmSize(4, "32Gi")),
        ("STANDARD_F4S_V2", VmSize(4, "8Gi")),
        ("STANDARD_NC6", VmSize(6, "56Gi", 1)),
        ("STANDARD_NC24RS_V3", VmSize(24, "448Gi", 4)),
    ],
)
def test_known_sizes(name: str, size: VmSize) -> None:
    assert size_named(name, {}) == size


@pytest.mark.parametrize("name", ["", "STANDARD_XX9", "STANDARD_D7_V2", "D", "big"])
def test_unknown_sizes(name: str) -> None:
    assert size_named(name, {}) is None


def test_the_configured_size_goes_first() -> None:
    own = {"standard_d2_v2": VmSize(1, "1Gi")}
    assert size_named("STANDARD_D2_V2", own) == VmSize(1, "1Gi")


def test_every_size_of_the_table_is_found_by_its_name() -> None:
    assert all(size_named(name, {}) == size for name, size in listed())


def test_a_size_is_a_ceiling_and_no_request() -> None:
    asked = resources_of(ComputeSettings(vm_size="STANDARD_NC24"), {})
    assert asked == Resources(memory_limit="224Gi")
    assert (asked.cpu, asked.memory, asked.gpu) == (Resources().cpu, Resources().memory, 0)


def test_strict_asks_for_the_whole_machine() -> None:
    asked = resources_of(ComputeSettings(vm_size="STANDARD_NC6", strict=True), {})
    assert asked == Resources(cpu="6", memory="56Gi", memory_limit="56Gi", gpu=1)
    assert resources_of(ComputeSettings(vm_size="STANDARD_NC6", strict=True, gpu=0), {}).gpu == 0


def test_what_is_configured_is_asked_for() -> None:
    asked = resources_of(ComputeSettings(cpu=0.5, memory="1Gi", gpu=2), {})
    assert asked == Resources(cpu="0.5", memory="1Gi", memory_limit="1Gi", gpu=2)


def test_nothing_known_asks_for_nothing() -> None:
    assert resources_of(ComputeSettings(vm_size="STANDARD_XX9"), {}) == Resources()


def test_what_needs_saying_is_said() -> None:
    assert "'STANDARD_XX9' is unknown here" in size_note("c", ComputeSettings(vm_size="STANDARD_XX9"), {})
    assert "computes: {c: {gpu: 1}}" in size_note("c", ComputeSettings(vm_size="STANDARD_NC6"), {})
    told = ComputeSettings(vm_size="XX9", memory="1Gi")
    for quiet in (told, ComputeSettings(), ComputeSettings(vm_size="D2"), ComputeSettings(vm_size="NC6", gpu=0)):
        assert size_note("c", quiet, {}) == ""

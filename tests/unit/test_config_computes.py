"""Computes, sizes and secrets in the configuration."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.config import Config
from runner.errors import BadInput
from runner.model.compute import ComputeSettings, VmSize
from runner.model.secret import SecretSource
from runner.wiring.configuration import load


def loaded(tmp_path: Path, own: str, machine: str = "") -> Config:
    (tmp_path / "w").mkdir()
    (tmp_path / "w" / "runner.yaml").write_text(own)
    (tmp_path / "machine.yaml").write_text(machine)
    return load(tmp_path / "w", {"RUNNER_CONFIG": str(tmp_path / "machine.yaml")})


def test_all_of_it(tmp_path: Path) -> None:
    own = """
computes: {cpu: {target: kind, cpu: 2, memory: 7Gi, gpu: 1, max_nodes: 4, strict: true, vm_size: D2}}
vm_sizes: {XX9: {cpu: 0.5, memory: 1Gi, gpu: 2}}
secrets: {db: {file: db.txt}, api: {env: API}}
"""
    found = loaded(tmp_path, own)
    assert found.computes == {
        "cpu": ComputeSettings(target="kind", vm_size="D2", cpu=2, memory="7Gi", gpu=1, max_nodes=4, strict=True)
    }
    assert found.vm_sizes == {"XX9": VmSize(0.5, "1Gi", 2)}
    assert found.secrets == {"db": SecretSource(file=str(tmp_path / "w" / "db.txt")), "api": SecretSource(env="API")}


def test_the_workspace_goes_before_the_machine_name_by_name(tmp_path: Path) -> None:
    machine = "computes: {a: {max_nodes: 1}, b: {max_nodes: 2}}\nsecrets: {x: {file: /m}, y: {file: m}}\n"
    found = loaded(tmp_path, "computes: {a: {max_nodes: 9}}\nsecrets: {x: {env: X}}\n", machine)
    assert {name: one.max_nodes for name, one in found.computes.items()} == {"a": 9, "b": 2}
    assert found.secrets == {"x": SecretSource(env="X"), "y": SecretSource(file=str(tmp_path / "m"))}


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("computes: {a: {memory: 7}}", "memory 7 is no amount"),
        ("computes: {a: {nodes: 7}}", "unknown field 'nodes'"),
        ("computes: {a: {max_nodes: 0}}", "0 is out of range"),
        ("vm_sizes: {a: {cpu: many, memory: 1Gi}}", "cpu 'many'"),
        ("secrets: {a: {}}", "exactly one of"),
        ("secrets: {'a b': {env: X}}", "cannot name a secret"),
    ],
)
def test_faults_are_named(tmp_path: Path, text: str, fault: str) -> None:
    with pytest.raises(BadInput, match=fault) as refused:
        loaded(tmp_path, text)
    assert "runner.yaml" in str(refused.value)

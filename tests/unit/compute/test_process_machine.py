from __future__ import annotations

from pathlib import Path

import pytest

from runner.compute.process import machine
from runner.model.check import is_well


def test_this_machine_can_run_steps(tmp_path: Path) -> None:
    found = tuple(machine.checks(tmp_path / "not" / "yet"))
    assert is_well(found)
    assert [check.name for check in found] == ["sh", "workspace's disk", "temporary disk", "cores"]
    assert found[1].detail.endswith(f"GiB free at {tmp_path}")


def test_what_a_machine_may_lack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(machine, "ROOM", 1 << 60)
    shell, disk, *_ = machine.checks(tmp_path)
    assert (shell.ok, shell.remedy) == (False, "install a POSIX shell")
    assert (disk.ok, "free some disk" in disk.remedy) == (False, True)

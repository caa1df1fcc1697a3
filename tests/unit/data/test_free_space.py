from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from runner.data.free_space import LEAST, without_room
from runner.operations.listing import status
from runner.runs.head import Head
from tests.support import sample_run as sample


def disk(monkeypatch: pytest.MonkeyPatch, **facts: int) -> None:
    whole = {"f_bfree": 1 << 20, "f_bavail": 1 << 20, "f_frsize": 4096, "f_files": 1000, "f_ffree": 10, **facts}
    monkeypatch.setattr(os, "statvfs", lambda _: SimpleNamespace(**whole))


def test_a_disk_with_room_is_not_mentioned(tmp_path: Path) -> None:
    assert without_room(tmp_path / "not" / "there") == ""


def test_a_full_disk_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    disk(monkeypatch, f_bfree=LEAST // 4096 - 1, f_bavail=0)
    assert without_room(tmp_path) == f"no room is left on the disk of {tmp_path}: make room there"


def test_what_root_alone_may_use_is_no_room_for_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    disk(monkeypatch, f_bavail=0)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert "no room is left" in without_room(tmp_path)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert without_room(tmp_path) == ""


def test_a_disk_without_inodes_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    disk(monkeypatch, f_ffree=0)
    assert "can hold no more files" in without_room(tmp_path)
    disk(monkeypatch, f_ffree=0, f_files=0)  # file systems without a table of inodes, such as Btrfs
    assert without_room(tmp_path) == ""


def test_a_silent_controller_on_a_full_disk_is_not_called_stopped() -> None:
    seen = Head(number=3, status=sample.view().state.status.RUNNING, time=sample.at(0))
    assert status(seen, sample.at(1000)) == "stopped"
    assert status(seen, sample.at(1000), full=True) == "running"

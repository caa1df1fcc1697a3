"""Mounts of buckets on this machine: what they leave behind, and what happens where they fail."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from runner.compute.process import local_mounts
from runner.compute.process.local_mounts import LocalMounts, is_mounted
from runner.model.data import Mode
from runner.model.delivery import Delivery
from runner.model.store_endpoint import BucketEndpoint
from runner.model.task import Task
from tests.support import builders as b
from tests.support.needs import needs_mounts
from tests.support.small_s3 import CANARY, SmallS3, small_s3


@pytest.fixture
def bucket() -> Iterator[BucketEndpoint]:
    with small_s3(SmallS3({"own/raw/a.txt": b"aa", "own/other": b"o"})) as endpoint:
        yield replace(endpoint, prefix="own/")


def mounts(folder: Path, bucket: BucketEndpoint) -> LocalMounts:
    return LocalMounts(folder=folder / "mo unts", buckets=lambda: {"lake": bucket}, folders=lambda: ("shared",))


def a_task(datastore: str = "lake") -> Task:
    ref = replace(b.ref("raw"), datastore=datastore)
    given = replace(b.binding("files", ref=ref), delivery=Delivery(Mode.MOUNT, 2, "as asked", "raw"))
    return b.task(inputs=(given,))


def processes(folder: Path) -> list[list[bytes]]:
    found = []
    for one in Path("/proc").glob("[0-9]*"):
        try:
            words = (one / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if any(os.fsencode(folder) in word for word in words) and b"mount" in words:
            found.append(words)
    return found


@pytest.mark.parametrize("later", [False, True])
def test_a_mount_is_found_again_and_leaves_nothing(tmp_path: Path, bucket: BucketEndpoint, later: bool) -> None:
    needs_mounts()
    made, task = mounts(tmp_path, bucket), a_task()
    data = made.serve(task, task.inputs[0])
    assert data is not None
    try:
        assert {path.name: path.read_bytes() for path in data.iterdir()} == {"a.txt": b"aa"}
        assert ((data.parent / "keys").stat().st_mode & 0o777, len(processes(tmp_path))) == (0o600, 1)
        assert not any(CANARY.encode() in word for words in processes(tmp_path) for word in words)
        user = mounts(tmp_path, bucket) if later else made
        assert user.serve(task, task.inputs[0]) == data
        assert len(processes(tmp_path)) == 1
    finally:
        user = mounts(tmp_path, bucket) if later else made
        user.end(task.id)
        user.finish(task.id.run)
    assert (is_mounted(data), list((tmp_path / "mo unts").rglob("*"))) == (False, [])


def test_a_mount_whose_server_was_killed_is_taken_away(tmp_path: Path, bucket: BucketEndpoint) -> None:
    needs_mounts()
    made, task = mounts(tmp_path, bucket), a_task()
    data = made.serve(task, task.inputs[0])
    assert data is not None
    (process,) = made._serving.values()
    process.kill()
    process.wait()
    with pytest.raises(OSError, match="not connected"):
        os.statvfs(data)
    assert made.serve(task, task.inputs[0]) == data  # it is not replaced under a script
    made.finish(task.id.run)
    assert (is_mounted(data), list((tmp_path / "mo unts").rglob("*"))) == (False, [])


@pytest.mark.parametrize("script", ["exit 1", "sleep 60"])
def test_where_no_mount_comes_up_nothing_is_left(
    tmp_path: Path, bucket: BucketEndpoint, monkeypatch: pytest.MonkeyPatch, script: str
) -> None:
    program = tmp_path / "rclone"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setattr(local_mounts, "missing", str)
    monkeypatch.setattr(local_mounts, "_SECONDS", 0.3)
    monkeypatch.setattr(shutil, "which", lambda name: str(program) if name == "rclone" else None)
    made, task = mounts(tmp_path, bucket), a_task()
    assert made.serve(task, task.inputs[0]) is None
    assert (list((tmp_path / "mo unts").rglob("keys")), dict(made._serving)) == ([], {})


def test_a_folder_is_not_mounted(tmp_path: Path, bucket: BucketEndpoint) -> None:
    made, task = mounts(tmp_path, bucket), a_task("shared")
    assert made.serve(task, task.inputs[0]) is None
    assert not (tmp_path / "mo unts").exists()


def test_its_access_tells_what_lies_where(
    tmp_path: Path, bucket: BucketEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local_mounts, "missing", lambda: "rclone")
    access = mounts(tmp_path, bucket).access
    assert (access.mounts, access.problem) == (False, "this machine has no rclone")
    assert (set(access.at_hand), set(access.unreadable)) == ({"shared"}, {"lake"})
    assert replace(mounts(tmp_path, bucket), direct=True).access.unreadable == frozenset()
    assert subprocess.list2cmdline(local_mounts.command(bucket, "raw", tmp_path)).count(CANARY) == 0

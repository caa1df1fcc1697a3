"""What the plugin asks of Linux, as far as an unprivileged process may."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from runner.images.mounter import build_context
from runner.mounter import mounts
from runner.mounter.cgroups import GROUP, ControlGroups
from runner.mounter.processes import Process


def sleeper() -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])


def test_a_process_is_known_by_its_start_and_killed() -> None:
    child = sleeper()
    process = Process.of(child.pid)
    assert process.lives()
    assert not Process(child.pid, "1").lives()
    assert process.kill(10)
    assert not process.lives()
    child.returncode = 0  # reaped by `lives`


def test_another_process_of_the_same_id_is_left_alone() -> None:
    child = sleeper()
    assert Process(child.pid, "1").kill(0)
    assert child.poll() is None
    child.kill()
    child.wait()


def test_a_stopped_process_is_killed_too() -> None:
    child = sleeper()
    child.send_signal(signal.SIGSTOP)
    assert Process.of(child.pid).kill(10)
    child.returncode = 0


def test_a_process_that_never_was_does_not_live() -> None:
    assert not Process.of(2**22 + 1).lives()


def test_mounts_are_found_by_their_path() -> None:
    found = mounts.mount_at(Path("/proc"))
    assert found is not None
    assert found[1] == "proc"
    assert mounts.mount_at(Path("/proc/self")) is None


def test_only_a_file_system_that_answers_answers(tmp_path: Path) -> None:
    assert mounts.answers(tmp_path, 20)
    assert not mounts.answers(tmp_path / "absent", 20)


def test_a_refused_mount_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="absent"):
        mounts.mount_frame(tmp_path / "absent")


def hierarchy(folder: Path, *, settings: dict[str, str]) -> Path:
    folder.mkdir(parents=True)
    (folder / "cgroup.procs").touch()
    for name, value in settings.items():
        (folder / name).write_text(value)
    return folder


def test_each_hierarchy_of_version_1_takes_the_process(tmp_path: Path) -> None:
    hierarchy(tmp_path / "memory", settings={})
    cpuset = hierarchy(tmp_path / "cpuset", settings={"cpuset.cpus": "0-1\n", "cpuset.mems": "0\n"})
    (tmp_path / "cpu").symlink_to("cpuset")
    for group in (cpuset / GROUP, cpuset / GROUP / "csi-1"):
        group.mkdir()
        (group / "cpuset.cpus").write_text("\n")
        (group / "cpuset.mems").touch()
    groups = ControlGroups(tmp_path)
    groups.move(42, "csi-1")
    for name in ("memory", "cpuset"):
        assert (tmp_path / name / GROUP / "csi-1" / "cgroup.procs").read_text() == "42"
    assert (cpuset / GROUP / "csi-1" / "cpuset.cpus").read_text() == "0-1"


def test_groups_of_volumes_that_are_gone_are_swept(tmp_path: Path) -> None:
    (tmp_path / "cgroup.controllers").touch()
    for name in ("csi-1", "csi-2"):
        (tmp_path / GROUP / name).mkdir(parents=True)
    ControlGroups(tmp_path).sweep({"csi-1"})
    assert [path.name for path in (tmp_path / GROUP).iterdir() if path.is_dir()] == ["csi-1"]


def test_the_image_has_all_that_the_plugin_imports(tmp_path: Path) -> None:
    for name, data in build_context().items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    assert shutil.which("rclone", path=str(tmp_path)) is None
    done = subprocess.run(
        [sys.executable, "-c", "import runner.mounter.__main__ as main; print(main.__file__)"],
        cwd=tmp_path,
        capture_output=True,
        check=False,
        text=True,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(tmp_path)},
    )
    assert done.stdout.startswith(str(tmp_path)), done.stderr

"""Views in which the originals of inputs are read-only, as the kernel makes them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from runner.compute.process import view
from tests.support.needs import needs_namespaces

ESCAPES = (
    'mount -o remount,rw,bind "$0"',
    'umount "$0"; umount -l "$0"',
    'mv "$0" "$0.old"; mkdir "$0"; cp "$0.old/f" "$0"',
    'unshare --user --map-root-user --mount sh -c \'mount -o remount,rw,bind "$0"; echo x >> "$0/f"\' "$0"',
    'echo x >> "/proc/$PPID/root$0/f"',
    'chmod -R 777 "$0"; rm -f "$0/f"',
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    needs_namespaces()
    made = tmp_path / "in put\\s"
    made.mkdir()
    (made / "f").write_text("kept")
    return made


def run_in_view(protected: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*view.command([protected]), *command], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("escape", ESCAPES)
def test_no_script_gets_out_of_it(folder: Path, escape: str) -> None:
    run_in_view(folder, "/bin/sh", "-c", f'{escape}; echo x >> "$0/f"', str(folder))
    assert (folder / "f").read_text() == "kept"


def test_all_else_is_as_outside(folder: Path, tmp_path: Path) -> None:
    script = 'cat "$0/f"; echo own > "$1/beside"; id -u; exit 7'
    ended = run_in_view(folder, "/bin/sh", "-c", script, str(folder), str(tmp_path))
    assert (ended.returncode, ended.stdout, ended.stderr) == (7, f"kept{os.geteuid()}\n", "")
    assert (tmp_path / "beside").read_text() == "own\n"
    (folder / "f").write_text("changed outside")


def test_a_link_leads_to_what_is_protected(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(folder)
    run_in_view(tmp_path / "link", "/bin/sh", "-c", 'echo x >> "$0/f"', str(folder))
    assert (folder / "f").read_text() == "kept"


def test_what_cannot_be_protected_does_not_start(folder: Path, tmp_path: Path) -> None:
    ended = run_in_view(folder / "absent", "/bin/sh", "-c", f"touch {tmp_path}/started")
    assert (ended.returncode, (tmp_path / "started").exists()) == (126, False)
    assert "its inputs cannot be made read-only" in ended.stderr
    assert run_in_view(folder, "/nowhere/python").returncode == 126

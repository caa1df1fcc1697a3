from __future__ import annotations

import mmap
import os
import shutil
import stat
from pathlib import Path

import pytest

from runner.compute.process import folder_users, spare_folders
from runner.compute.process.folder_users import FolderUsers
from runner.compute.process.spare_folders import FILE_LIMIT, SPARE, SpareFolders

pytestmark = pytest.mark.skipif(spare_folders._umask() is None, reason="this system does not tell the umask")
LASTING = {"code", "code/outputs", "code/logs", "step", "step/reports"}


def other_group() -> int:
    """Return a group that this user may give to a file."""
    if os.geteuid() == 0:
        return 12345
    groups = set(os.getgroups()) - {os.getegid()}
    return groups.pop() if groups else pytest.skip("this user has one group")


@pytest.fixture
def pool(tmp_path: Path) -> SpareFolders:
    return SpareFolders(tmp_path / "spare", 2)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The work folder of an attempt that has ended."""
    made = tmp_path / "run" / "step.1"
    for name in (*LASTING, "code/package", "inputs/raw/deep"):
        (made / name).mkdir(parents=True, exist_ok=True)
    for name in (
        "state",
        "inputs.json",
        "code/step.py",
        "code/package/a.py",
        "inputs/raw/deep/x",
        "code/outputs/model",
    ):
        (made / name).write_text(name)
    return made


def below(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def test_a_folder_comes_back_with_nothing_in_its_place(pool: SpareFolders, folder: Path, tmp_path: Path) -> None:
    before = {path.stat().st_ino for path in (folder, *folder.rglob("*"))}
    for file in (folder / "code" / "step.py", folder / "code"):
        file.chmod(0o700)
    pool.keep(folder)
    assert not folder.exists()
    again = tmp_path / "run" / "another.1"
    assert pool.take(again)
    spare = {name for name in below(again) if name.startswith(f"{SPARE}/")}
    assert below(again) - spare == LASTING | {"state", "inputs", SPARE}
    assert len(spare) == 8, "five files and three folders"
    assert all(name.count("/") == 1 for name in spare)
    assert before < {path.stat().st_ino for path in (again, *again.rglob("*"))}
    plain = tmp_path / "plain"
    plain.touch()
    modes = {stat.S_IMODE(path.stat().st_mode) for path in again.rglob("*") if path.is_file()}
    assert modes == {stat.S_IMODE(plain.stat().st_mode)}
    assert not pool.take(tmp_path / "third")
    pool.keep(again)
    assert pool.take(folder)
    assert {name for name in below(folder) if name.startswith(f"{SPARE}/")} == spare, "what was spare stays so"


@pytest.mark.parametrize("what", ["large", "linked", "symbolic", "pipe", "many", "closed", "setuid", "sticky", "group"])
def test_what_is_not_small_and_ordinary_is_deleted(pool: SpareFolders, folder: Path, tmp_path: Path, what: str) -> None:
    stray = folder / "code" / "stray"
    if what == "large":
        with stray.open("wb") as file:
            file.truncate(FILE_LIMIT + 1)
    elif what == "linked":
        os.link(folder / "inputs/raw/deep/x", tmp_path / "kept")
    elif what == "symbolic":
        stray.symlink_to(tmp_path)
    elif what == "pipe":
        os.mkfifo(stray)
    elif what == "many":
        for number in range(100):
            stray.with_name(str(number)).touch()
    elif what == "setuid":
        (folder / "code/step.py").chmod(0o4644)
    elif what == "sticky":
        (folder / "code").chmod(0o1755)
    elif what == "group":
        shutil.chown(folder / "code", group=other_group())
    else:
        stray.mkdir()
        shutil.chown(stray, 12345) if os.geteuid() == 0 else stray.chmod(0)
    pool.keep(folder)
    assert not pool.take(tmp_path / "next")
    if what != "closed":
        assert not folder.exists()
    if what == "linked":
        assert (tmp_path / "kept").read_text() == "inputs/raw/deep/x"


def test_no_more_are_kept_than_can_be_used(pool: SpareFolders, tmp_path: Path) -> None:
    for number in range(4):
        (tmp_path / "run" / f"step.{number}").mkdir(parents=True)
        pool.keep(tmp_path / "run" / f"step.{number}")
    assert len(list(pool.root.iterdir())) == 2
    assert list((tmp_path / "run").iterdir()) == []


def test_a_system_that_does_not_tell_its_umask_keeps_none(
    pool: SpareFolders, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spare_folders, "_umask", lambda: None)
    pool.keep(folder)
    assert not folder.exists()
    assert list(pool.root.iterdir()) == []


def test_a_folder_that_is_gone_is_none(pool: SpareFolders, tmp_path: Path) -> None:
    pool.keep(tmp_path / "run" / "gone")
    assert not pool.take(tmp_path / "next")


def test_the_content_of_an_earlier_step_is_gone(pool: SpareFolders, folder: Path, tmp_path: Path) -> None:
    """It may be secret, and after a power failure it could come back in place of what was written later."""
    (folder / "code" / "password.txt").write_text("secret")
    pool.keep(folder)
    assert pool.take(tmp_path / "next")
    assert {path.read_bytes() for path in (tmp_path / "next").rglob("*") if path.is_file()} == {b""}


@pytest.mark.parametrize("mode", ["r", "a"])
def test_a_file_that_a_process_has_open_is_never_used_again(
    pool: SpareFolders, folder: Path, tmp_path: Path, mode: str
) -> None:
    with (folder / "code" / "step.py").open(mode):
        pool.keep(folder)
    assert not folder.exists()
    assert not pool.take(tmp_path / "next")


def test_a_file_that_a_process_has_mapped_is_never_used_again(pool: SpareFolders, folder: Path, tmp_path: Path) -> None:
    with (folder / "code" / "step.py").open("r+b") as file:
        mapped = mmap.mmap(file.fileno(), 0)
    pool.keep(folder)
    assert mapped[:] == b"code/step.py"
    mapped.close()
    assert not pool.take(tmp_path / "next")


def test_a_mount_of_a_folder_is_seen(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    users = FolderUsers()
    proc = tmp_path / "mountinfo"
    proc.write_text(f"36 35 98:0 {folder}/code /w rw,noatime - ext4 /dev/root rw\n")
    monkeypatch.setattr(folder_users, "_PROC", str(tmp_path / "proc"))
    assert not users.exist(folder)
    (tmp_path / "proc" / "4711").mkdir(parents=True)
    proc.rename(tmp_path / "proc" / "4711" / "mountinfo")
    assert users.exist(folder)
    assert not users.exist(folder.with_name("another.1"))


def test_extended_attributes_are_not_passed_on(pool: SpareFolders, folder: Path, tmp_path: Path) -> None:
    try:
        os.setxattr(folder / "code", "user.of", b"a")
    except OSError:
        pytest.skip("this file system has no extended attributes")
    pool.keep(folder)
    assert not folder.exists()
    assert not pool.take(tmp_path / "next")


def test_a_controller_with_another_umask_does_not_take_it(pool: SpareFolders, folder: Path, tmp_path: Path) -> None:
    """Its user wants other modes: with umask 077 nobody else must read the files of a step."""
    before = os.umask(0o022)
    try:
        pool.keep(folder)
        os.umask(0o077)
        assert not pool.take(tmp_path / "next")
        os.umask(0o022)
        assert pool.take(tmp_path / "next")
    finally:
        os.umask(before)


def test_an_owner_s_folder_is_not_taken_by_another_user(
    pool: SpareFolders, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool.keep(folder)
    monkeypatch.setattr(os, "geteuid", lambda: 4711)
    assert not pool.take(tmp_path / "next")

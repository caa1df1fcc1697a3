"""Work folders that must not be used again, as other processes see them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from runner.compute.process import spare_folders
from runner.compute.process.spare_folders import SpareFolders

pytestmark = pytest.mark.skipif(spare_folders._umask() is None, reason="this system does not show the umask")


@pytest.fixture
def pool(tmp_path: Path) -> SpareFolders:
    return SpareFolders(tmp_path / "spare", 2)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The work folder of an attempt that has ended."""
    made = tmp_path / "run" / "step.1"
    (made / "code" / "outputs").mkdir(parents=True)
    (made / "state").write_text("task abc\n")
    return made


@pytest.mark.parametrize("script", ["import os; os.chdir({!r})", "import os; os.open({!r}, os.O_RDONLY)"])
@pytest.mark.parametrize("below", ["code", "code/outputs", ""])
def test_a_folder_that_a_process_uses_is_never_used_again(
    pool: SpareFolders, folder: Path, tmp_path: Path, script: str, below: str
) -> None:
    code = f"{script.format(str(folder / below))}; print(flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        pool.keep(folder)
        process.communicate(b"\n")
    assert not folder.exists()
    assert not pool.take(tmp_path / "next")


def test_very_deep_folders_are_deleted(pool: SpareFolders, folder: Path, tmp_path: Path) -> None:
    here = os.open(folder, os.O_RDONLY)
    for _ in range(1500):
        os.mkdir("d", dir_fd=here)
        deeper = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = deeper
    os.close(here)
    pool.keep(folder)
    assert not folder.exists()
    assert not pool.take(tmp_path / "next")

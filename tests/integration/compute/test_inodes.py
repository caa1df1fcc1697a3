"""The inodes that a local run makes and frees: ext4 takes long to make a file where many were freed before."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.support.projects import Project

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="other systems do not tell their umask")
WATCH = Path(__file__).parents[2] / "support" / "inode_watch"
PER_STEP = 8
"""A journal entry, the step's folder, its assignment, log, attempt and commit, its output and the output's folder."""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    (tmp_path / "project").mkdir()
    return Project(tmp_path / "project", tmp_path / "cache")


def inodes(folder: Path) -> set[int]:
    return {path.lstat().st_ino for path in folder.rglob("*")}


def chain(project: Project, length: int) -> tuple[int, int, list[str]]:
    """Run a chain after an edit: how many inodes it made, how many more there are now, and the names of the freed."""
    steps = "".join(
        f"""
    out = data("out{number}")
    steps.append(step("link{number}", "link.py", {"[before]" if number else "()"}, [out]))
    before = out
"""
        for number in range(length)
    )
    project.driver(f"\n    steps = []\n{steps}\n    submit(*steps)\n")
    project.write("steps/link.py", f"# edited: {length}\nimport sys\nopen(sys.argv[-1], 'w').write('x' * {length})\n")
    store = project.folder / ".runner"
    log, before = project.folder.parent / f"log-{length}", inodes(store)
    project.environ = {"PYTHONPATH": str(WATCH), "INODE_WATCH": str(store), "INODE_WATCH_LOG": str(log)}
    ended = project.run("run", "pipeline.py")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    lines = [line.split(" ", 1) for line in log.read_text().splitlines()]
    made = [path for what, path in lines if what == "made"]
    return len(made), len(inodes(store) - before), [Path(path).name for what, path in lines if what == "freed"]


def test_a_step_makes_at_most_eight_inodes_and_frees_none(project: Project) -> None:
    chain(project, 2)  # the first run makes the work folders that the later ones use
    made_3, more_3, freed_3 = chain(project, 3)
    made_7, more_7, freed_7 = chain(project, 7)
    assert made_7 - made_3 <= 4 * PER_STEP
    assert more_7 - more_3 <= 4 * PER_STEP
    runs = sorted(path.name for path in (project.folder / ".runner" / "runs").iterdir())
    for run, freed in zip(runs[1:], (freed_3, freed_7), strict=True):
        assert sorted(freed) == sorted(["head.json", run]), "the summary before, and the run's own work folder"

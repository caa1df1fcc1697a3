"""The program of a NotebookRunnerStep as a process: the ends of a notebook that are no ordinary exceptions."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]


def executed(folder: Path, *cells: str, **work: Any) -> tuple[subprocess.CompletedProcess[str], list[Any]]:
    """Run the program on a notebook of these cells; its end, and the cells of the notebook that it kept."""
    made: list[dict[str, object]] = [
        {"cell_type": "code", "metadata": {}, "source": cell, "outputs": [], "execution_count": None} for cell in cells
    ]
    document = {"nbformat": 4, "nbformat_minor": 2, "metadata": {}, "cells": made}
    (folder / "a.ipynb").write_text(json.dumps(document))
    given = {"notebook": "a.ipynb", "output": "b.ipynb", "parameters": {}, **work}
    ended = subprocess.run(
        [sys.executable, "-m", "runner.step.notebook", json.dumps(given), "kept", "x", "a'b"],
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "HOME": str(folder)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    kept = (folder / "kept" / "b.ipynb").read_text()
    assert (folder / "outputs" / "b.ipynb").read_text() == kept
    return ended, json.loads(kept)["cells"]


def test_a_kernel_that_ends_in_a_cell(tmp_path: Path) -> None:
    ended, cells = executed(tmp_path, "print('first', x)", "import os\nos._exit(3)", "print('never')")
    assert ended.returncode == 1
    assert "the kernel of a.ipynb ended in the middle of a cell" in ended.stderr
    assert "first a'b" in ended.stdout
    assert cells[1]["outputs"][0]["text"] == ["first a'b\n"]
    assert not list(tmp_path.glob(".ipython*")), "the home folder stays clean"


def test_a_cell_over_its_time(tmp_path: Path) -> None:
    ended, cells = executed(tmp_path, "import time\nprint('begun', flush=True)\ntime.sleep(600)", timeout=5)
    assert ended.returncode == 1
    assert "took longer than the handler's timeout of 5 s" in ended.stderr
    assert len(cells) == 2


def test_a_kernel_that_the_environment_lacks(tmp_path: Path) -> None:
    ended, _ = executed(tmp_path, "1", kernel="no-such-kernel")
    assert ended.returncode == 1
    assert "has no Jupyter kernel 'no-such-kernel'" in ended.stderr


def test_the_working_directory_of_the_kernel(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    ended, _ = executed(tmp_path, "import os\nprint('at', os.getcwd())", cwd="sub")
    assert (ended.returncode, f"at {tmp_path / 'sub'}" in ended.stdout) == (0, True), ended.stderr

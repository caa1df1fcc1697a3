"""What a process imports before it does anything: the time of a start without a clock."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from runner.data.step_bundle import PRIVATE, archive

ROOT = Path(__file__).resolve().parents[2]
HEAVY = {
    "asyncio",
    "concurrent",
    "kubernetes",
    "multiprocessing",
    "pandas",
    "requests",
    "rich",
    "unittest",
    "xml",
    "yaml",
}
CLIENTS = {"email", "http", "json", "logging", "socket", "ssl", "subprocess", "tempfile", "threading", "urllib"}
HELP = """
import sys
from runner.cli.main import main
sys.argv = ["runner", "--help"]
try:
    main()
except SystemExit:
    pass
"""


def imported(code: str, path: Path = ROOT) -> set[str]:
    """Return the modules that a process has imported after `code`."""
    program = f"import sys; sys.path.insert(0, {str(path)!r})\n{code}\nprint('', *sys.modules, sep='\\nmodule ')"
    done = subprocess.run([sys.executable, "-I", "-S", "-c", program], capture_output=True, text=True, check=True)
    return {line.removeprefix("module ") for line in done.stdout.splitlines() if line.startswith("module ")}


def packages(modules: set[str]) -> set[str]:
    return {module.partition(".")[0] for module in modules}


@pytest.mark.parametrize(
    ("code", "present", "absent"),
    [
        ("import runner", {"runner"}, HEAVY | CLIENTS | {"argparse", "ast", "dataclasses", "inspect", "pathlib"}),
        (HELP, {"argparse"}, HEAVY | CLIENTS | {"pathlib", "signal"}),
    ],
    ids=["import runner", "runner --help"],
)
def test_a_start_imports_nothing_heavy(code: str, present: set[str], absent: set[str]) -> None:
    found = packages(imported(code))
    assert present <= found
    assert found & absent == set()


def test_import_runner_imports_one_module_of_ours() -> None:
    assert {module for module in imported("import runner") if module.startswith("runner")} == {"runner"}


def test_help_imports_the_command_line_alone() -> None:
    ours = {module.split(".")[1] for module in imported(HELP) if module.startswith("runner.")}
    assert ours <= {"cli", "dataclass", "errors", "override"}


def test_the_bootstrap_imports_neither_the_sdk_nor_anything_heavy(tmp_path: Path) -> None:
    pyz = tmp_path / "step.pyz"
    pyz.write_bytes(archive())
    found = imported(f"import {PRIVATE}.step.bootstrap", pyz)
    assert packages(found) & (HEAVY | {"argparse", "logging", "tempfile"}) == set()
    ours = {module.split(".")[1] for module in found if module.startswith(f"{PRIVATE}.")}
    assert "step" in ours
    assert ours & {"sdk", "plan", "operations", "control"} == set()

from __future__ import annotations

import ast
import io
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from runner.data import carry
from runner.data.carry import PRIVATE, archive, tree
from runner.model.termination import OLD_PYTHON

LIMIT = 950_000
"""Bytes, of which the table of v1's names has 60,000: a ConfigMap holds 1 MiB (https://kubernetes.io/docs/concepts/configuration/configmap/)."""


@pytest.fixture(scope="session")
def step_pyz(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("carried") / "step.pyz"
    path.write_bytes(archive())
    return path


def names(data: bytes) -> list[str]:
    with zipfile.ZipFile(io.BytesIO(data)) as found:
        return found.namelist()


def test_it_fits_a_config_map_many_times_over() -> None:
    assert len(archive()) < LIMIT


def test_it_is_the_same_every_time() -> None:
    first = archive()
    archive.cache_clear()
    assert archive() == first
    assert names(first) == sorted(names(first))


def test_it_carries_what_a_step_needs_and_nothing_else() -> None:
    held = names(archive())
    assert {f"{PRIVATE}/step/bootstrap.py", "azureml/core/__init__.py", "runner/__init__.py", "__main__.py"} <= set(
        held
    )
    tops = {name.split("/")[1].removesuffix(".py") for name in held if name.startswith(PRIVATE)}
    assert not tops & {"cli", "cluster", "compute", "images", "compat", "_manifests"}
    assert [name for name in held if not name.endswith(".py")] == [f"{PRIVATE}/sdk/v1_table.txt"]
    assert {f"{PRIVATE}/cli/main.py"} <= set(names(archive(whole=True)))


def is_module(name: str) -> bool:
    return name.endswith(".py")


def imports_of(name: str, text: str) -> Iterator[str]:
    """Where in the archive each module may lie that another one of ours imports, wherever it does so."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom) and (node.level or (node.module or "").startswith(PRIVATE)):
            above = name.split("/")[: -node.level] if node.level else []
            base = [*above, *(node.module or "").split(".")] if node.module else above
            yield "/".join(base)
            yield from ("/".join((*base, alias.name)) for alias in node.names)


def test_no_module_it_carries_needs_one_that_it_does_not() -> None:
    """Also not within a function, where nobody would notice before a user's script comes there."""
    with zipfile.ZipFile(io.BytesIO(archive())) as held, zipfile.ZipFile(io.BytesIO(archive(whole=True))) as whole:
        absent = set(whole.namelist()) - set(held.namelist())
        missing = {
            (name, module)
            for name in filter(is_module, held.namelist())
            for module in imports_of(name, held.read(name).decode())
            if {f"{module}.py", f"{module}/__init__.py"} & absent
        }
    assert missing == set()


def isolated(step_pyz: Path, code: str) -> str:
    """Run `code` with the standard library, the archive, and nothing else."""
    program = f"import sys; sys.path.insert(0, {str(step_pyz)!r})\n{code}"
    done = subprocess.run([sys.executable, "-S", "-I", "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_module_of_the_bootstrap_imports_with_the_standard_library_alone(step_pyz: Path) -> None:
    modules = [
        name.removesuffix(".py").replace("/", ".").removesuffix(".__init__")
        for name in names(archive())
        if is_module(name) and name.startswith((f"{PRIVATE}/step/", f"{PRIVATE}/sdk/", "azureml/"))
    ]
    isolated(step_pyz, "import importlib\n" + "\n".join(f"importlib.import_module({name!r})" for name in modules))


@pytest.mark.parametrize(
    "line",
    [
        "from azureml.core import Run",
        "from runner import Run",
        "from runner import *",
        "from azureml.core.run import Run",
    ],
)
def test_a_script_finds_its_run(step_pyz: Path, line: str) -> None:
    assert isolated(step_pyz, f"{line}\nprint(Run.__module__.split('.')[0])").strip() == PRIVATE


def test_the_bootstrap_begins(step_pyz: Path) -> None:
    """Far enough to miss what only a pod has."""
    done = subprocess.run(
        [sys.executable, "-S", "-I", str(step_pyz)], capture_output=True, text=True, check=False, env={}
    )
    assert done.returncode != 0
    assert "RUNNER_" in done.stderr
    assert "No module named" not in done.stderr


def test_the_tree_is_made_once(tmp_path: Path) -> None:
    first = tree(tmp_path)
    stamp = (first / "__main__.py").stat().st_mtime_ns
    assert tree(tmp_path) == first
    assert (first / "__main__.py").stat().st_mtime_ns == stamp
    assert (first / PRIVATE / "errors.py").is_file()
    assert [path.name for path in tmp_path.iterdir()] == [first.name]


def test_two_processes_may_make_the_tree_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    final = tree(tmp_path)
    hidden = final.rename(tmp_path / "elsewhere")

    def late(data: bytes, into: Path) -> None:
        (into / "x").touch()
        hidden.rename(final)

    monkeypatch.setattr(carry, "unpack", late)
    assert tree(tmp_path) == final
    assert [path.name for path in tmp_path.iterdir()] == [final.name]


def test_many_threads_may_make_the_tree_at_once(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = set(pool.map(lambda _: tree(tmp_path), range(8)))
    (only,) = made
    assert [path.name for path in tmp_path.iterdir()] == [only.name]
    assert (only / PRIVATE / "errors.py").is_file()


def test_a_tree_that_cannot_be_made_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(data: bytes, into: Path) -> None:
        (into / "x").touch()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(carry, "unpack", full)
    with pytest.raises(OSError, match="No space"):
        tree(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_pods_archive_is_made_once_and_its_bytecode_is_used(tmp_path: Path) -> None:
    data = carry.step_archive(tmp_path)
    assert carry.step_archive(tmp_path) == data
    (kept,) = tmp_path.glob("step-*.pyz")
    for damage in (b"", data[:1000]):
        kept.write_bytes(damage)
        assert len(carry.step_archive(tmp_path)) > 1000
        (kept,) = tmp_path.glob("step-*.pyz")
    pyz = tmp_path / "step.pyz"
    pyz.write_bytes(data)
    assert len(data) < LIMIT
    code = f"import sys; sys.path.insert(0, {str(pyz)!r}); import _runner_step.step.bootstrap as b; print(b.__file__)"
    shown = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip().endswith("bootstrap.pyc")


def test_a_python_that_is_too_old_says_so_and_loads_nothing(tmp_path: Path) -> None:
    log = tmp_path / "log"
    code = carry._MAIN.replace("/dev/termination-log", str(log))
    old = "import sys\nsys.version_info, sys.version = (3, 8), '3.8.10 (default)'\n"
    done = subprocess.run([sys.executable, "-c", old + code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert log.read_text() == done.stderr.strip() == f"{OLD_PYTHON}: 3.8.10"

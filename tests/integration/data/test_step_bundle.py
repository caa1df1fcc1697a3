from __future__ import annotations

import ast
import io
import os
import shutil
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import runner
from runner.data import step_bundle
from runner.data.step_bundle import PRIVATE, archive, tree
from runner.images.controller import build_context
from runner.model.digest import digest_of_bytes
from runner.model.termination import OLD_PYTHON

LIMIT = 500_000
"""Bytes: a ConfigMap holds 1 MiB (https://kubernetes.io/docs/concepts/configuration/configmap/)."""
ROOT = Path(__file__).resolve().parents[3]
PYTHONS = Path("~/.pyenv/versions").expanduser()


@pytest.fixture(scope="session")
def step_pyz(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("carried") / "step.pyz"
    path.write_bytes(archive())
    return path


def names(data: bytes) -> list[str]:
    with zipfile.ZipFile(io.BytesIO(data)) as found:
        return found.namelist()


def test_it_fits_a_config_map_twice() -> None:
    assert len(zlib.compress(archive(), 9)) < LIMIT


def made_by(python: Path, *options: str, folder: Path = ROOT, **variables: str) -> str:
    """Return the digest of the archive that another process makes from the package in `folder`."""
    code = "import hashlib\nfrom runner.data.step_bundle import archive\nprint(hashlib.sha256(archive()).hexdigest())"
    environ = {"PYTHONDONTWRITEBYTECODE": "1", **variables}
    done = subprocess.run(
        [str(python), *options, "-c", code], cwd=folder, env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_it_is_the_same_whoever_makes_it(tmp_path: Path) -> None:
    """Another checkout with other times and modes, another hash seed, locale and optimization."""
    ignored = shutil.ignore_patterns("__pycache__")
    elsewhere = Path(shutil.copytree(ROOT / "runner", tmp_path / "there" / "runner", ignore=ignored))
    for path in elsewhere.rglob("*.py"):
        os.utime(path, (1, 1))
        path.chmod(0o755)
    other = made_by(
        Path(sys.executable), "-OO", folder=elsewhere.parent, PYTHONHASHSEED="7", LC_ALL="C", TZ="Asia/Tokyo"
    )
    assert other == digest_of_bytes(archive())
    assert names(archive()) == sorted(names(archive()))


@pytest.mark.parametrize("version", ["3.10", "3.11", "3.12", "3.13"])
def test_it_is_the_same_under_every_python(version: str) -> None:
    if not (found := sorted(PYTHONS.glob(f"{version}.*/bin/python"))):
        pytest.skip(f"Python {version} is not installed")
    assert made_by(found[-1]) == digest_of_bytes(archive())


def test_it_is_not_compressed_as_versions_of_zlib_differ() -> None:
    with zipfile.ZipFile(io.BytesIO(archive())) as held:
        assert {info.compress_type for info in held.infolist()} == {zipfile.ZIP_STORED}


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
    """Where in the archive each module may lie that another one of ours imports, wherever it does so when it runs."""
    tree = ast.parse(text)
    typing = [node for node in ast.walk(tree) if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)]
    unused = {id(below) for branch in typing for node in branch.body for below in ast.walk(node)}
    for node in ast.walk(tree):
        if (
            id(node) not in unused
            and isinstance(node, ast.ImportFrom)
            and (node.level or (node.module or "").startswith(PRIVATE))
        ):
            above = name.split("/")[: -node.level] if node.level else []
            base = [*above, *(node.module or "").split(".")] if node.module else above
            yield "/".join(base)
            yield from ("/".join((*base, alias.name)) for alias in node.names)


def test_the_archive_of_all_modules_has_every_file_that_they_read() -> None:
    """A driver beside files with our names runs from it, and so does a detached controller."""
    package = Path(runner.__file__).parent
    ours = {path.relative_to(package).as_posix() for path in package.rglob("*") if _is_ours(path)}
    files_of_pages = {name for name in ours if name.startswith("pages/") and not name.endswith(".py")}
    carried = {name.removeprefix(f"{PRIVATE}/") for name in names(archive(whole=True))}
    assert ours - files_of_pages - carried == set()
    assert ours - {name.removeprefix("runner/") for name in build_context()} == set()


def _is_ours(path: Path) -> bool:
    return path.is_file() and path.name != "py.typed" and not {"__pycache__", "_manifests"} & set(path.parts)


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


def isolated(step_pyz: Path, code: str, python: str = sys.executable) -> str:
    """Run `code` with the standard library, the archive, and nothing else."""
    program = f"import sys; sys.path.insert(0, {str(step_pyz)!r})\n{code}"
    done = subprocess.run([python, "-S", "-I", "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("version", ["3.8", "3.9"])
def test_every_module_it_carries_imports_under_old_pythons(step_pyz: Path, version: str) -> None:
    if not (found := sorted(PYTHONS.glob(f"{version}.*/bin/python"))):
        pytest.skip(f"Python {version} is not installed")
    modules = [
        name[: -len(".py")].replace("/", ".") for name in names(archive()) if is_module(name) and name != "__main__.py"
    ]
    code = f"""import importlib
for name in {modules!r}:
    try:
        importlib.import_module(name.rpartition(".__init__")[0] or name)
    except ImportError as error:  # of pandas, YAML, azureml.dataprep …, which the environment may have
        if error.name is None or error.name.split(".")[0] in ({PRIVATE!r}, "azureml", "runner"):
            raise
print(len({modules!r}))"""
    assert isolated(step_pyz, code, str(found[-1])).strip() == str(len(modules))


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

    monkeypatch.setattr(step_bundle, "unpack", late)
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

    monkeypatch.setattr(step_bundle, "unpack", full)
    with pytest.raises(OSError, match="No space"):
        tree(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_pods_archive_is_kept_and_a_damaged_one_is_made_again(tmp_path: Path) -> None:
    assert step_bundle.step_archive(tmp_path) == archive()
    (kept,) = tmp_path.glob("step-*.pyz")
    for damage in (b"", archive()[:1000]):
        kept.write_bytes(damage)
        assert step_bundle.step_archive(tmp_path) == archive()
        assert list(tmp_path.iterdir()) == [kept]
        assert kept.read_bytes() == archive()


def test_a_python_that_is_too_old_says_so_and_loads_nothing(tmp_path: Path) -> None:
    log = tmp_path / "log"
    code = step_bundle._MAIN.replace("/dev/termination-log", str(log))
    old = "import sys\nsys.version_info, sys.version = (3, 7), '3.7.10 (default)'\n"
    done = subprocess.run([sys.executable, "-c", old + code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert log.read_text() == done.stderr.strip() == f"{OLD_PYTHON}: 3.7.10"

"""The rules of ARCHITECTURE.md and CONTRIBUTING.md that can be read off the source itself."""

from __future__ import annotations

import ast
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted((ROOT / "runner").rglob("*.py"))
COMPAT = ROOT / "runner" / "compat"
CARRIED = ("errors", "override", "ports", "model", "processes", "data", "storage", "runs", "step", "sdk")
"""What step.pyz carries, or what that stands on: importable with the standard library alone."""
LONGEST_FILE = 400
LONGEST_FUNCTION = 60


def names(paths: list[Path]) -> list[str]:
    return [path.relative_to(ROOT).as_posix() for path in paths]


def imports(nodes: Iterator[ast.AST]) -> Iterator[tuple[str, ast.Import | ast.ImportFrom]]:
    """Top-level names of what is imported absolutely."""
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from ((alias.name.partition(".")[0], node) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield (node.module or "").partition(".")[0], node


def running(tree: ast.AST, *, functions: bool) -> Iterator[ast.AST]:
    """Nodes that can run: not what is for type checkers alone; what runs later in `functions`, if asked for."""
    for child in ast.iter_child_nodes(tree):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) and not functions:
            continue
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            for branch in child.orelse:
                yield branch
                yield from running(branch, functions=functions)
            continue
        yield child
        yield from running(child, functions=functions)


@cache
def parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def is_third_party(name: str) -> bool:
    return name not in sys.stdlib_module_names and name not in {"runner", "azureml", "typing_extensions"}


def architecture_table() -> dict[str, set[str]]:
    lines = iter((ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8").splitlines())
    table: dict[str, set[str]] = {}
    for line in lines:
        if re.fullmatch(r"\|\s*package\s*\|\s*file\s*\|", line.strip()):
            next(lines)
            break
    for line in lines:
        cells = [cell.strip().replace("`", "") for cell in line.strip().strip("|").split("|")]
        if len(cells) != 2:
            break
        table[cells[0]] = {place.strip() for place in cells[1].split(",")}
    return table


def lies_in(path: str, places: set[str]) -> bool:
    return any(path == place or (place.endswith("/") and path.startswith(place)) for place in places)


def test_third_parties_are_imported_where_the_architecture_says() -> None:
    table = architecture_table()
    found: dict[str, set[str]] = defaultdict(set)
    for path, name in zip(SOURCES, names(SOURCES), strict=True):
        for package, _ in imports(running(parse(path), functions=True)):
            if is_third_party(package):
                found[package].add(name)
    strays = {
        f"{path} imports {package}"
        for package, paths in found.items()
        for path in paths
        if not lies_in(path, table.get(package, set()))
    }
    idle = {
        f"ARCHITECTURE.md says that {place} imports {package}"
        for package, places in table.items()
        for place in places
        if not any(lies_in(path, {place}) for path in found[package])
    }
    assert strays | idle == set()


@pytest.mark.parametrize("path", SOURCES, ids=names(SOURCES))
def test_file_and_functions_are_short(path: Path) -> None:
    tree = parse(path)
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    long = [node.name for node in functions if (node.end_lineno or 0) - node.lineno + 1 > LONGEST_FUNCTION]
    assert long == []
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST_FILE


@pytest.mark.parametrize("path", SOURCES, ids=names(SOURCES))
def test_own_imports_are_relative(path: Path) -> None:
    if path.is_relative_to(COMPAT):
        return
    own = [f"line {node.lineno}" for name, node in imports(ast.walk(parse(path))) if name == "runner"]
    assert own == []


def carried() -> list[Path]:
    folder = ROOT / "runner"
    return [path for path in SOURCES if path.relative_to(folder).parts[0].removesuffix(".py") in CARRIED]


@pytest.mark.parametrize("path", carried(), ids=names(carried()))
def test_what_a_step_carries_imports_only_the_standard_library(path: Path) -> None:
    foreign = [f"{name}, line {node.lineno}" for name, node in imports(running(parse(path), functions=False))]
    assert [item for item in foreign if is_third_party(item.partition(",")[0])] == []

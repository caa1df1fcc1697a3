"""The rules of ARCHITECTURE.md and CONTRIBUTING.md that can be read off the source itself."""

from __future__ import annotations

import ast
import io
import re
import sys
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from runner.data.step_bundle import PRIVATE, archive

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted((ROOT / "runner").rglob("*.py"))
COMPAT = ROOT / "runner" / "compat"
LONGEST_FILE = 400
LONGEST_FUNCTION = 60
MOST_POSITIONAL = 5
"""Dataclasses of so many fields take keywords only."""


def names(paths: list[Path]) -> list[str]:
    return [path.relative_to(ROOT).as_posix() for path in paths]


NAMED = list(zip(SOURCES, names(SOURCES), strict=True))
"""Each source file with its path from the root."""


def imports(nodes: Iterator[ast.AST]) -> Iterator[tuple[str, ast.Import | ast.ImportFrom]]:
    """Top-level names of what is imported absolutely."""
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from ((alias.name.partition(".")[0], node) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield (node.module or "").partition(".")[0], node


def running(tree: ast.AST, *, functions: bool) -> Iterator[ast.AST]:
    """Nodes that can run: not what is for type checkers alone; what runs later in `functions`, if asked for."""
    waiting = list(ast.iter_child_nodes(tree))
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) and not functions:
            continue
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            waiting += node.orelse
            continue
        yield node
        waiting += ast.iter_child_nodes(node)


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


def lines_of(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Return the number of lines without the docstring: twenty parameters of v1's need as many lines of it."""
    first = function.body[0]
    documented = (first.end_lineno or 0) - first.lineno + 1 if ast.get_docstring(function, clean=False) else 0
    return (function.end_lineno or 0) - function.lineno + 1 - documented


def test_files_and_functions_are_short() -> None:
    assert [name for path, name in NAMED if len(path.read_text(encoding="utf-8").splitlines()) > LONGEST_FILE] == []
    long = [
        f"{name}: {node.name}"
        for path, name in NAMED
        for node in ast.walk(parse(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and lines_of(node) > LONGEST_FUNCTION
    ]
    assert long == []


def test_own_imports_are_relative() -> None:
    own = [
        f"{name}, line {node.lineno}"
        for path, name in NAMED
        if not path.is_relative_to(COMPAT)
        for package, node in imports(ast.walk(parse(path)))
        if package == "runner"
    ]
    assert own == []


def carried() -> list[Path]:
    """Return the modules in the step bundle, which a step imports with the standard library alone."""
    with zipfile.ZipFile(io.BytesIO(archive())) as bundle:
        held = set(bundle.namelist())
    folder = ROOT / "runner"
    return [path for path in SOURCES if f"{PRIVATE}/{path.relative_to(folder).as_posix()}" in held]


def test_what_a_step_carries_imports_only_the_standard_library() -> None:
    foreign = [
        f"{path.relative_to(ROOT)}, line {node.lineno}: {package}"
        for path in carried()
        for package, node in imports(running(parse(path), functions=False))
        if is_third_party(package)
    ]
    assert foreign == []


def pure() -> list[Path]:
    """Return the files of the import contract "pure", and with them what they may not call."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    block = text[text.index('id = "pure"') :]
    modules = re.findall(r'"(runner\.[\w.]+)"', block[: block.index("forbidden_modules")])
    wanted = [ROOT / module.replace(".", "/") for module in modules]
    return [path for path in SOURCES if path.with_suffix("") in wanted or any(path.is_relative_to(w) for w in wanted)]


CLOCKS_AND_SURROUNDINGS = {
    "datetime.now", "datetime.utcnow", "datetime.today", "date.today",
    "os.environ", "os.getenv", "os.getcwd", "os.stat", "os.listdir", "os.getpid",
}  # fmt: skip


def effects(tree: ast.AST) -> Iterator[str]:
    """Calls that read the clock, a file or the environment, or print, though they need no import of their own."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            of_a_file = node.attr in {"read_text", "read_bytes", "write_text", "write_bytes", "stat", "iterdir"}
            if of_a_file or ast.unparse(node) in CLOCKS_AND_SURROUNDINGS:
                yield f"line {node.lineno}: {ast.unparse(node)}"
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in {"open", "print", "input"}
        ):
            yield f"line {node.lineno}: {node.func.id}()"


def test_values_and_decisions_have_no_effects() -> None:
    paths = pure()
    assert len(paths) > 60
    strays = {name: list(effects(parse(path))) for path, name in zip(paths, names(paths), strict=True)}
    assert {name: found for name, found in strays.items() if found} == {}


def dataclass_decorator(node: ast.ClassDef) -> ast.expr | None:
    for each in node.decorator_list:
        name = each.func if isinstance(each, ast.Call) else each
        if getattr(name, "attr", getattr(name, "id", "")) == "dataclass":
            return each
    return None


def test_dataclasses_of_five_fields_take_keywords_only() -> None:
    """A new field of a long dataclass shifts no value."""
    positional = []
    for path in SOURCES:
        for node in ast.walk(parse(path)):
            decorator = dataclass_decorator(node) if isinstance(node, ast.ClassDef) else None
            if not isinstance(node, ast.ClassDef) or decorator is None:
                continue
            fields = [
                each for each in node.body if isinstance(each, ast.AnnAssign) and "ClassVar" not in ast.unparse(each)
            ]
            options = {each.arg for each in decorator.keywords} if isinstance(decorator, ast.Call) else set()
            if len(fields) >= MOST_POSITIONAL and "kw_only" not in options:
                positional.append(f"{path.relative_to(ROOT)}: {node.name}")
    assert positional == []

"""Docstrings of the public API: `help(PythonScriptStep)` has to be enough to write a step."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
RUNNER = ROOT / "runner"

Function = ast.FunctionDef | ast.AsyncFunctionDef

DOCUMENTED = {
    **{
        f"sdk/{folder.name}": sorted(folder.rglob("*.py"))
        for folder in sorted((RUNNER / "sdk").iterdir())
        if folder.is_dir()
    },
    "sdk": sorted((RUNNER / "sdk").glob("*.py")),
    "cli/commands": sorted((RUNNER / "cli" / "commands").rglob("*.py")),
    "ports": [RUNNER / "ports.py"],
}
"""The public API by package."""

CLAUSE = re.compile(r"(Who|Whom|What|Whose|How|Where|Whether|Which|When|Why|Whatever|Whoever|Wherever|Whenever)\b")
"""A first line that begins so is a clause, not a sentence or a noun."""


@dataclass(frozen=True)
class Definition:
    """A public class, function or method and the docstrings that may describe it."""

    name: str
    node: ast.ClassDef | Function
    doc: str
    function: Function | None
    """The signature to describe: of a class, its own constructor."""
    owner: ast.ClassDef | None = None


@cache
def parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def is_public(node: ast.AST) -> bool:
    return isinstance(node, ast.ClassDef | Function) and not node.name.startswith("_")


def decorators(node: Function) -> set[str]:
    return {ast.unparse(item).partition("(")[0].rpartition(".")[2] for item in node.decorator_list}


def definitions(path: Path) -> Iterator[Definition]:
    for node in parse(path).body:
        if not is_public(node):
            continue
        if isinstance(node, Function):
            yield Definition(node.name, node, ast.get_docstring(node) or "", node)
        elif isinstance(node, ast.ClassDef):
            yield of_class(node)
            yield from methods(node)


def of_class(node: ast.ClassDef) -> Definition:
    constructors = [
        child for child in node.body if isinstance(child, Function) and child.name in ("__init__", "__new__")
    ]
    docs = [ast.get_docstring(item) or "" for item in (node, *constructors)]
    return Definition(node.name, node, "\n\n".join(docs), constructors[-1] if constructors else None)


def methods(owner: ast.ClassDef) -> Iterator[Definition]:
    """Yield the public methods of a class.

    Overloads carry no docstring, a setter shares its property's, and an override without one inherits it.
    """
    for node in owner.body:
        if not isinstance(node, Function) or not is_public(node) or decorators(node) & {"overload", "setter"}:
            continue
        doc = ast.get_docstring(node) or ""
        if doc or "override" not in decorators(node):
            yield Definition(f"{owner.name}.{node.name}", node, doc, node, owner)


def parameters(function: Function) -> list[str]:
    """Return the names of a function's parameters.

    Without the first one of a method, and without those that begin with an underscore: v1 has them for itself.
    """
    given = function.args
    named = [item.arg for item in (*given.posonlyargs, *given.args)]
    if named[:1] in (["self"], ["cls"]):
        del named[0]
    rest = [*given.kwonlyargs, *filter(None, (given.vararg, given.kwarg))]
    return [name for name in (*named, *(item.arg for item in rest)) if not name.startswith("_")]


def section(doc: str, title: str) -> str:
    """Return the text of every section of that title, without its indentation; empty if there is none."""
    found = re.findall(rf"^{title}:\n((?:(?:[ ]{{4}}.*)?\n)*)", doc + "\n", flags=re.MULTILINE)
    return "\n".join(re.sub(r"^ {4}", "", text, flags=re.MULTILINE) for text in found)


def entries(text: str) -> set[str]:
    """Return the names that a section explains: ``a: …``, ``a (int): …`` or ``a, b: …``."""
    heads = re.findall(r"^((?:\*{0,2}[\w.]+(?: \([^)]*\))?(?:, )?)+):(?:\s|$)", text, flags=re.MULTILINE)
    names = re.sub(r" \([^)]*\)", "", ", ".join(heads))
    return {name.strip().lstrip("*") for name in names.split(",") if name.strip()}


def returns_a_value(item: Definition) -> bool:
    function = item.function
    if (
        function is None
        or isinstance(item.node, ast.ClassDef)
        or decorators(function) & {"property", "cached_property"}
    ):
        return False
    annotation = ast.unparse(function.returns).strip("'\"") if function.returns else "None"
    if annotation in ("None", "NoReturn", "Self", "Never"):
        return False
    returned = {ast.unparse(node.value) for node in own_nodes(function) if isinstance(node, ast.Return) and node.value}
    return returned != {"self"}


def own_nodes(function: Function) -> Iterator[ast.AST]:
    """Yield the nodes of a function that run when it runs: not those of functions inside it."""
    waiting: list[ast.AST] = list(function.body)
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, Function | ast.Lambda | ast.ClassDef):
            waiting.extend(ast.iter_child_nodes(node))


def raised(function: Function) -> set[str]:
    """Return the exception classes that a function names in its own ``raise`` statements."""
    named = set()
    for node in own_nodes(function):
        if isinstance(node, ast.Raise) and node.exc is not None:
            what = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
            name = ast.unparse(what).rpartition(".")[2]
            named |= {name} if name[:1].isupper() else set()
    return named


def problems(item: Definition) -> Iterator[str]:
    if not item.doc.strip():
        yield f"{item.name}: no docstring"
        return
    if item.function is None:
        return
    unnamed = [name for name in parameters(item.function) if name not in entries(section(item.doc, "Args"))]
    if unnamed:
        yield f"{item.name}: Args lacks {', '.join(unnamed)}"
    described = {name for name in entries(section(item.doc, "Args")) if not name.startswith("_")}
    stale = described - set(parameters(item.function))
    if stale:
        yield f"{item.name}: Args names {', '.join(sorted(stale))}, which is no parameter"
    says = (
        re.match(r"(Return|Yield)\b|.* and return ", item.doc)
        or section(item.doc, "Returns")
        or section(item.doc, "Yields")
    )
    if returns_a_value(item) and not says:
        yield f"{item.name}: says nothing of what it returns"
    silent = raised(item.function) - entries(section(item.doc, "Raises"))
    if silent:
        yield f"{item.name}: Raises lacks {', '.join(sorted(silent))}"


@pytest.mark.parametrize("package", DOCUMENTED)
def test_a_public_docstring_names_parameters_result_and_exceptions(package: str) -> None:
    found = [
        f"{path.relative_to(ROOT)}:{item.node.lineno} {problem}"
        for path in DOCUMENTED[package]
        for item in definitions(path)
        for problem in problems(item)
    ]
    assert found == []


def documented(path: Path) -> Iterator[tuple[int, str]]:
    """Yield line and text of every docstring of a file, those below fields too."""
    for node in ast.walk(parse(path)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield node.lineno, node.value.value


def top_level(path: Path) -> str:
    return path.relative_to(RUNNER).parts[0].removesuffix(".py")


@pytest.mark.parametrize("package", sorted({top_level(path) for path in RUNNER.rglob("*.py")}))
def test_no_docstring_begins_with_a_relative_clause_or_a_question(package: str) -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line} {text.strip().splitlines()[0]}"
        for path in sorted(RUNNER.rglob("*.py"))
        if top_level(path) == package
        for line, text in documented(path)
        if CLAUSE.match(text.strip())
    ]
    assert found == []

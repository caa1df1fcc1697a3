"""The part of our code that a step process can import, computed from the imports in the sources.

Modules are named by their paths in the archive: ``_runner_step/data/packing.py``, ``azureml/core/__init__.py``.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping

_IMPORTERS = frozenset({"import_module", "find_spec"})


def reachable(sources: Mapping[str, str], roots: Iterable[str]) -> dict[str, str]:
    """Return the files that `roots` import, directly or not, also within functions; modules without docstrings."""
    queue, found = list(roots), dict[str, str]()
    while queue:
        name = queue.pop()
        if name not in sources or name in found:
            continue
        found[name] = sources[name]
        if name.endswith(".py"):
            nodes = list(_running(ast.parse(sources[name])))
            found[name] = _without_docstrings(sources[name], nodes)
            queue.extend(_references(name.split("/")[:-1], nodes))
    return found


def _running(tree: ast.Module) -> Iterator[ast.AST]:
    """Yield the nodes that can run: all but the branches for type checkers."""
    stack: list[ast.AST] = [tree]
    while stack:
        node = stack.pop()
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            stack.extend(node.orelse)
        else:
            yield node
            stack.extend(ast.iter_child_nodes(node))


def _without_docstrings(text: str, nodes: Iterable[ast.AST]) -> str:
    """Return the source without its docstrings. The lines keep their numbers, which tracebacks show."""
    lines = text.encode().splitlines(keepends=True)
    strings = [node for node in nodes if isinstance(node, ast.Expr) and _string(node.value)]
    for node in sorted(strings, key=lambda node: node.lineno, reverse=True):
        first, last = node.lineno - 1, (node.end_lineno or node.lineno) - 1
        before, after = lines[first][: node.col_offset], lines[last][node.end_col_offset :]
        lines[first : last + 1] = [before + b'""' + after, *[b"\n"] * (last - first)]
    return b"".join(lines).decode()


def _references(package: list[str], nodes: list[ast.AST]) -> Iterator[str]:
    """Yield where the modules that a module of `package` imports may lie, and the files that it names."""
    lazy = any(isinstance(node, ast.Name) and node.id in _IMPORTERS for node in nodes)
    for node in nodes:
        if isinstance(node, ast.ImportFrom):
            module = node.module.split(".") if node.module else []
            base = [*package[: len(package) - node.level + 1], *module] if node.level else module
            for target in (base, *([*base, alias.name] for alias in node.names)):
                yield from _files(target)
        elif isinstance(node, ast.Import):
            for alias in node.names:
                yield from _files(alias.name.split("."))
        elif text := _string(node):
            yield "/".join((*package, text))
            if lazy and _is_dotted(text):  # such as a table of names that are imported when asked for
                yield from _files([*package, *text.removeprefix(".").split(".")])


def _files(module: list[str]) -> Iterator[str]:
    """Yield the files of a module: itself, as a file or a package, and each package on the way to it."""
    yield "/".join(module) + ".py"
    yield from ("/".join((*module[: depth + 1], "__init__.py")) for depth in range(len(module)))


def _is_dotted(text: str) -> bool:
    """Tell whether the text may name a module of the own package. One that begins with two dots does not."""
    return all(part.isidentifier() for part in text.removeprefix(".").split("."))


def _string(node: ast.AST) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""

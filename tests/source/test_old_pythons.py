"""The modules that a step carries are written for the oldest Python of a step."""

from __future__ import annotations

import ast
import io
import re
import zipfile
from collections.abc import Collection, Iterator
from pathlib import Path

import pytest

from runner.data.step_bundle import PRIVATE, archive
from runner.model.termination import OLDEST_PYTHON

ROOT = Path(__file__).resolve().parents[2]
GENERATED = ("__main__.py", "runner/__init__.py")
DIFFERENCES = frozenset({"runner/backports.py", "runner/override.py", "runner/model/hints.py"})
"""Modules that ask for the version of Python before they use what is newer."""
GENERIC = frozenset({"dict", "frozenset", "list", "set", "tuple", "type"})
"""Classes that Python 3.8 cannot subscribe when the code runs. In annotations, which are text here, they may be."""
GENERIC_MODULES = frozenset({"collections", "collections.abc", "contextlib", "os", "queue", "re", "subprocess"})
"""Modules whose classes Python 3.8 cannot subscribe. Those of `typing` it can."""
METHODS = frozenset(
    {"bit_count", "hardlink_to", "is_relative_to", "readlink", "removeprefix", "removesuffix", "with_stem"}
)
MODULES = frozenset({"graphlib", "tomllib", "zoneinfo"})
NAMES = {
    "asyncio": {"Runner", "TaskGroup", "timeout", "to_thread"},
    "builtins": {"BaseExceptionGroup", "ExceptionGroup", "aiter", "anext"},
    "contextlib": {"aclosing", "chdir"},
    "dataclasses": {"KW_ONLY"},
    "datetime": {"UTC"},
    "enum": {"StrEnum"},
    "functools": {"cache"},
    "importlib.resources": {"as_file", "files"},
    "itertools": {"batched", "pairwise"},
    "math": {"cbrt", "lcm", "nextafter"},
    "random": {"randbytes"},
    "types": {"EllipsisType", "NoneType", "UnionType"},
    "typing": {
        "Annotated", "Concatenate", "Never", "NotRequired", "ParamSpec", "Required", "Self", "TypeAlias", "TypeGuard",
        "Unpack", "assert_never", "override",
    },
}  # fmt: skip
KEYWORDS = {
    "TemporaryDirectory": {"delete", "ignore_cleanup_errors"},
    "glob": {"root_dir"},
    "iglob": {"root_dir"},
    "md5": {"usedforsecurity"},
    "sha1": {"usedforsecurity"},
    "shutdown": {"cancel_futures"},
    "write_text": {"newline"},
    "zip": {"strict"},
}


def carried() -> dict[str, str]:
    """Return the modules that a step carries, by their paths in the repository, with the text that it carries."""
    with zipfile.ZipFile(io.BytesIO(archive())) as held:
        return {_path(name): held.read(name).decode() for name in held.namelist() if name.endswith(".py")}


def _path(name: str) -> str:
    if name in GENERATED:
        return name
    return name.replace(PRIVATE, "runner", 1) if name.startswith(f"{PRIVATE}/") else f"runner/compat/{name}"


def stated() -> Iterator[tuple[str, re.Pattern[str]]]:
    """Yield the patterns that pyproject.toml lists for the oldest Python, each alternative in braces by itself."""
    text = (ROOT / "pyproject.toml").read_text()
    section = text.partition("[tool.ruff.per-file-target-version]\n")[2].partition("\n[")[0]
    for glob, version in re.findall(r'^"(.+)" = "(\w+)"$', section, re.MULTILINE):
        assert version == "py{}{}".format(*OLDEST_PYTHON)
        match = re.fullmatch(r"(.*)\{(.*)\}(.*)", glob)
        for one in match[2].split(",") if match else [""]:
            path = f"{match[1]}{one}{match[3]}" if match else glob
            yield path, re.compile(re.escape(path).replace(r"\*\*", ".*").replace(r"\*", "[^/]*"))


def newer(text: str) -> list[str]:
    """Return what a module uses that Python 3.8 lacks."""
    tree = ast.parse(text, feature_version=OLDEST_PYTHON)
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module in GENERIC_MODULES]
    generic = GENERIC.union(alias.asname or alias.name for node in imports for alias in node.names)
    return [f"{node.lineno}: {what}" for node in _running(tree) for what in _newer(node, generic)]


def _running(tree: ast.AST) -> Iterator[ast.expr | ast.stmt]:
    """Yield the nodes that run: no annotation, and no branch for type checkers or for one version of Python."""
    for name, value in ast.iter_fields(tree):
        if name in {"annotation", "returns"} or (isinstance(tree, ast.If) and _is_switch(tree.test)):
            continue
        for node in value if isinstance(value, list) else [value]:
            if isinstance(node, ast.AST):
                if isinstance(node, (ast.expr, ast.stmt)):
                    yield node
                yield from _running(node)


def _is_switch(test: ast.expr) -> bool:
    return any(
        (isinstance(node, ast.Name) and node.id == "TYPE_CHECKING")
        or (isinstance(node, ast.Attribute) and node.attr == "version_info")
        for node in ast.walk(test)
    )  # fmt: skip


def _newer(node: ast.AST, generic: Collection[str]) -> Iterator[str]:
    if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) and node.value.id in generic:
        yield f"{node.value.id}[]"
    elif isinstance(node, ast.Attribute):
        if node.attr in METHODS or (isinstance(node.value, ast.Name) and node.attr in NAMES.get(node.value.id, ())):
            yield node.attr
    elif isinstance(node, ast.Name) and node.id in NAMES["builtins"]:
        yield node.id
    elif isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names if alias.name in MODULES)
    elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
        yield from [node.module] if node.module in MODULES else []
        yield from (alias.name for alias in node.names if alias.name in NAMES.get(node.module, ()))
    elif isinstance(node, ast.Call):
        called = getattr(node.func, "attr", getattr(node.func, "id", ""))
        yield from (f"{each.arg}=" for each in node.keywords if each.arg in KEYWORDS.get(called, ()))


def test_every_carried_module_is_written_for_the_oldest_python() -> None:
    found = {path: newer(text) for path, text in carried().items() if path not in DIFFERENCES}
    assert {path: uses for path, uses in found.items() if uses} == {}


def test_ruff_checks_every_carried_module_for_the_oldest_python() -> None:
    patterns = [pattern for _, pattern in stated()]
    missed = [path for path in carried() if path not in GENERATED and not any(p.fullmatch(path) for p in patterns)]
    assert missed == [], "add them to per-file-target-version in pyproject.toml"


def test_pyproject_lists_nothing_that_no_step_carries() -> None:
    paths = list(carried())
    assert [path for path, pattern in stated() if not any(map(pattern.fullmatch, paths))] == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("x = 'a'.removeprefix('b')", "1: removeprefix"),
        ("Pair = tuple[int, int]", "1: tuple[]"),
        ("def f(x: tuple[int, int]) -> dict[str, int]: ...", ""),
        ("x: list[int] = []", ""),
        ("from collections.abc import Mapping\nNames = Mapping[str, int]", "2: Mapping[]"),
        ("from typing import Mapping\nNames = Mapping[str, int]", ""),
        ("from functools import cache", "1: cache"),
        ("import functools\n@functools.cache\ndef f(): ...", "2: cache"),
        ("import zoneinfo", "1: zoneinfo"),
        ("for a, b in zip(x, y, strict=True): ...", "1: strict="),
        ("from typing import Self", "1: Self"),
        ("if TYPE_CHECKING:\n    from typing import Self", ""),
        ("if sys.version_info >= (3, 9):\n    from functools import cache", ""),
        ("raise ExceptionGroup('', [])", "1: ExceptionGroup"),
    ],
)
def test_newer_names_are_found(text: str, found: str) -> None:
    assert ", ".join(newer(text)) == found


@pytest.mark.parametrize("text", ["match x:\n    case 1: ...", "with (a as b, c as d): ..."])
def test_newer_syntax_is_found(text: str) -> None:
    with pytest.raises(SyntaxError):
        newer(text)

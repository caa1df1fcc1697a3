"""YAML as text to nodes: the core schema of YAML 1.2, where ``yes`` is a text and ``1e-3`` a number.

The yaml package reads YAML 1.1, so its rules for scalars are replaced. Duplicate keys, unknown tags and aliases
without end are problems.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING

from ..errors import BadInput
from .nodes import Entry, Items, Leaf, Node, Reading, Table

if TYPE_CHECKING:
    import yaml

TAG = "tag:yaml.org,2002:"
CORE = (
    ("null", r"~|null|Null|NULL|", ("~", "n", "N", "")),
    ("bool", r"true|True|TRUE|false|False|FALSE", tuple("tTfF")),
    ("int", r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", tuple("-+0123456789")),
    (
        "float",
        r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
        tuple("-+.0123456789"),
    ),
    ("merge", r"<<", ("<",)),
)
"""YAML 1.2.2, 10.3.2; the merge key is YAML 1.1's (https://yaml.org/type/merge.html)."""
_MOST_NODES = 200_000
"""Aliases of aliases grow without end; no pipeline is that long."""


def document(text: str, reading: Reading) -> Node:
    """The document that `text` is.

    Args:
        text: YAML; an empty one is a null.
        reading: Takes the problems of single nodes: duplicate keys, tags, numbers that are none.

    Returns:
        The root node, with aliases and merge keys resolved.

    Raises:
        BadInput: It is no YAML, or its aliases make it endless.
    """
    import yaml

    try:
        root = yaml.compose(text, Loader=_loader())
        return _Walk(reading).node(root, ()) if root is not None else Leaf("", None, 1, reading.file)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"{reading.file}:{mark.line + 1}" if mark else reading.file
        what = ", ".join(filter(None, (error.context, error.problem)))
        raise BadInput(f"not valid YAML: {what}", place, "correct the file") from error
    except yaml.YAMLError as error:
        raise BadInput(f"not valid YAML: {error}", reading.file, "correct the file") from error
    except RecursionError as error:
        raise BadInput("not valid YAML: nested too deeply", reading.file, "correct the file") from error


class _Walk:
    """From the package's nodes to ours: aliases and merge keys resolved, keys looked at."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.count = 0

    def node(self, node: yaml.Node, above: tuple[int, ...], path: str = "") -> Node:
        """Our node. Raises BadInput for a document without end."""
        line = node.start_mark.line + 1
        self._check_length(node)
        if id(node) in above:
            raise BadInput("an alias contains itself", f"{self.reading.file}:{line}", "write it out")
        inner = (*above, id(node))
        if isinstance(node.value, str):
            return self._leaf(node, line, path)
        if node.tag == f"{TAG}seq":
            items = (self.node(each, inner, f"{path}[{at}]") for at, each in enumerate(node.value))
            return Items(tuple(items), line, self.reading.file)
        if node.tag != f"{TAG}map":
            self._bad_tag(node, line, path)
            return Leaf("", None, line, self.reading.file)
        own = dict(self._unique(node, path))
        merged = {key: found for each in self._merged(node) for key, found in self._plain(each)} | own
        entries = (
            Entry(key, self.node(value, inner, f"{path}.{key}".strip(".")), at) for key, (value, at) in merged.items()
        )
        return Table(tuple(entries), line, self.reading.file)

    def _check_length(self, node: yaml.Node) -> None:
        """Count what aliases and merge keys make of the document. Raises BadInput beyond all reason."""
        self.count += 1
        if self.count > _MOST_NODES:
            place = f"{self.reading.file}:{node.start_mark.line + 1}"
            raise BadInput("its aliases make it too long", place, "write it out")

    def _leaf(self, node: yaml.Node, line: int, path: str) -> Leaf:
        text: str = node.value
        name = node.tag.removeprefix(TAG)
        try:
            return Leaf(text, _VALUES[name](text), line, self.reading.file)
        except KeyError:
            self._bad_tag(node, line, path)
        except ValueError:
            self.reading.wrong(line, path, f"'{text}' is no {name}")
        return Leaf(text, None, line, self.reading.file)

    def _unique(self, node: yaml.Node, path: str) -> Iterator[tuple[str, tuple[yaml.Node, int]]]:
        first: dict[str, int] = {}
        for key, (value, line) in self._plain(node):
            if key in first:
                what = f"'{key}' is there twice" + (f", first in line {first[key]}" if first[key] != line else "")
                self.reading.wrong(line, path, what, "keep one of them")
                continue
            first[key] = line
            yield key, (value, line)

    def _plain(self, node: yaml.Node) -> Iterator[tuple[str, tuple[yaml.Node, int]]]:
        for key, value in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key.value, str):
                self.reading.wrong(line, "", "a key must be text")
            elif key.tag != f"{TAG}merge":
                yield key.value, (value, line)

    def _merged(self, node: yaml.Node) -> Iterator[yaml.Node]:
        """The mappings that `node` takes in by ``<<``, the weakest first."""
        for key, value in node.value:
            if key.tag != f"{TAG}merge":
                continue
            found = value.value if value.tag == f"{TAG}seq" else [value]
            for each in reversed(found):
                if each.tag == f"{TAG}map":
                    self._check_length(each)
                    yield from self._merged(each)
                    yield each
                else:
                    self.reading.wrong(each.start_mark.line + 1, "", "'<<' takes in mappings only")

    def _bad_tag(self, node: yaml.Node, line: int, path: str) -> None:
        self.reading.wrong(line, path, f"the tag {node.tag.replace(TAG, '!!')} means nothing here", "remove it")


def _int(text: str) -> int:
    return int(text, 0) if text[:2] in ("0o", "0x") else int(text)


def _float(text: str) -> float:
    return float(text.replace(".inf", "inf").replace(".Inf", "inf").replace(".INF", "inf").replace(".nan", "nan")
                 .replace(".NaN", "nan").replace(".NAN", "nan"))  # fmt: skip


_VALUES: Mapping[str, Callable[[str], str | int | float | bool | None]] = {
    "str": str,
    "null": lambda _: None,
    "bool": lambda text: text.lower() == "true",
    "int": _int,
    "float": _float,
    "merge": str,
}


@cache
def _loader() -> type[yaml.SafeLoader]:
    import yaml

    # Not CSafeLoader: the stack of C ends the process where Python's raises RecursionError.
    loader: type[yaml.SafeLoader] = type("Loader", (yaml.SafeLoader,), {"yaml_implicit_resolvers": {}})
    for name, pattern, first in CORE:
        loader.add_implicit_resolver(TAG + name, re.compile(f"(?:{pattern})$"), list(first))
    return loader

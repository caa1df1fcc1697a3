"""YAML as text to nodes: the core schema of YAML 1.2, where ``yes`` is a text and ``1e-3`` a number.

The yaml package reads YAML 1.1, so its rules for scalars are replaced. Duplicate keys, unknown tags and aliases
without end are problems.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from ..backports import without_prefix
from ..errors import BadInput
from ..model.nodes import Items, Leaf, Node, Place, Table
from .decoding import Findings

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
"""Aliases of aliases can grow without end; no pipeline has that many nodes."""


def document(text: str, file: str, findings: Findings) -> Node:
    """Parse YAML.

    Args:
        text: YAML; an empty one is a null.
        file: The name of its file, for problems.
        findings: Takes the problems of single nodes: duplicate keys, tags, invalid numbers.

    Returns:
        The root node, with aliases and merge keys resolved. The value of a key has the line of its key.

    Raises:
        BadInput: It is not YAML, or its aliases make it endless.
    """
    import yaml

    start = Place(file, 1)
    try:
        root = yaml.compose(text, Loader=_loader())
        return _Walk(findings).node(root, (), start) if root is not None else Leaf("", None, start)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"{file}:{mark.line + 1}" if mark else file
        what = ", ".join(filter(None, (error.context, error.problem)))
        raise BadInput(f"not valid YAML: {what}", place, "correct the file") from error
    except yaml.YAMLError as error:
        raise BadInput(f"not valid YAML: {error}", file, "correct the file") from error
    except RecursionError as error:
        raise BadInput("not valid YAML: nested too deeply", file, "correct the file") from error


class _Walk:
    """Converts the package's nodes to runner's: resolves aliases and merge keys, checks keys."""

    def __init__(self, findings: Findings) -> None:
        self.findings = findings
        self.count = 0

    def node(self, node: yaml.Node, above: tuple[int, ...], place: Place) -> Node:
        """Return the node at `place`. Raises BadInput for a document without end."""
        self._check_length(place)
        if id(node) in above:
            raise BadInput("an alias contains itself", _at(place, node), "write it out")
        inner = (*above, id(node))
        if isinstance(node.value, str):
            return self._leaf(node, place)
        if node.tag == f"{TAG}seq":
            items = (
                self.node(each, inner, Place(place.file, each.start_mark.line + 1, f"{place.path}[{at}]"))
                for at, each in enumerate(node.value)
            )
            return Items(items, place)
        if node.tag != f"{TAG}map":
            self._bad_tag(node, place)
            return Leaf("", None, place)
        own = dict(self._unique(node, place))
        merged = {key: found for each in self._merged(node, place) for key, found in self._plain(each, place)}
        merged.update(own)
        return Table({key: self.node(value, inner, at) for key, (value, at) in merged.items()}, place)

    def _check_length(self, place: Place) -> None:
        """Count the nodes that aliases and merge keys produce. Raises BadInput above `_MOST_NODES`."""
        self.count += 1
        if self.count > _MOST_NODES:
            raise BadInput("its aliases make it too long", f"{place.file}:{place.line}", "write it out")

    def _leaf(self, node: yaml.Node, place: Place) -> Leaf:
        text: str = node.value
        name = without_prefix(node.tag, TAG)
        try:
            return Leaf(text, _VALUES[name](text), place)
        except KeyError:
            self._bad_tag(node, place)
        except ValueError:
            self.findings.wrong(place, f"'{text}' is no {name}")
        return Leaf(text, None, place)

    def _unique(self, node: yaml.Node, place: Place) -> Iterator[tuple[str, tuple[yaml.Node, Place]]]:
        first: dict[str, int] = {}
        for key, (value, at) in self._plain(node, place):
            if key in first:
                what = f"'{key}' is there twice" + (f", first in line {first[key]}" if first[key] != at.line else "")
                self.findings.wrong(replace(at, path=place.path), what, "keep one of them")
                continue
            first[key] = at.line
            yield key, (value, at)

    def _plain(self, node: yaml.Node, place: Place) -> Iterator[tuple[str, tuple[yaml.Node, Place]]]:
        for key, value in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key.value, str):
                self.findings.wrong(Place(place.file, line), "a key must be text")
            elif key.tag != f"{TAG}merge":
                yield key.value, (value, Place(place.file, line, f"{place.path}.{key.value}".strip(".")))

    def _merged(self, node: yaml.Node, place: Place) -> Iterator[yaml.Node]:
        """Yield the mappings that `node` takes in by ``<<``, the weakest first."""
        for key, value in node.value:
            if key.tag != f"{TAG}merge":
                continue
            found = value.value if value.tag == f"{TAG}seq" else [value]
            for each in reversed(found):
                if each.tag == f"{TAG}map":
                    self._check_length(place)
                    yield from self._merged(each, place)
                    yield each
                else:
                    self.findings.wrong(Place(place.file, each.start_mark.line + 1), "'<<' takes in mappings only")

    def _bad_tag(self, node: yaml.Node, place: Place) -> None:
        self.findings.wrong(place, f"the tag {node.tag.replace(TAG, '!!')} means nothing here", "remove it")


def _at(place: Place, node: yaml.Node) -> str:
    return f"{place.file}:{node.start_mark.line + 1}"


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


@lru_cache(maxsize=None)
def _loader() -> type[yaml.SafeLoader]:
    import yaml

    # Not CSafeLoader: the stack of C ends the process where Python's raises RecursionError.
    loader: type[yaml.SafeLoader] = type("Loader", (yaml.SafeLoader,), {"yaml_implicit_resolvers": {}})
    for name, pattern, first in CORE:
        loader.add_implicit_resolver(TAG + name, re.compile(f"(?:{pattern})$"), list(first))
    return loader

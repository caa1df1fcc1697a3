"""Pipeline files as YAML: the core schema of YAML 1.2, where ``yes`` is a text and ``1e-3`` a number.

The one place that knows the yaml package. It reads YAML 1.1, so its rules for scalars are replaced.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING

from ..errors import BadInput
from ..override import override
from .forms import Verbatim
from .nodes import Entry, Items, Leaf, Node, Reading, Table
from .pipeline_file import FILE, PipelineFile

if TYPE_CHECKING:
    import yaml

_TAG = "tag:yaml.org,2002:"
_CORE = (
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
_BREAKS = frozenset("\r\x85\u2028\u2029\ufeff")
"""Line breaks of Unicode, which would be read back as spaces (YAML 1.1, 5.4)."""
_WIDTH = 96
"""Columns that a list or mapping may take on one line."""


def from_yaml(text: str, file: str, base: str = "") -> PipelineFile:
    """What the file says; its paths are relative to the folder `base`. Raises BadInput with all problems."""
    reading = Reading(file, base)
    document = _document(text, reading)
    found = FILE.read(document, "", reading)
    if reading.problems or not isinstance(found, PipelineFile):
        raise BadInput(reading.problems)
    return found


def to_yaml(what: PipelineFile) -> str:
    """The file that says it, made to be read and edited by people."""
    import yaml

    written: str = yaml.dump(FILE.write(what), Dumper=_dumper(), sort_keys=False, allow_unicode=True, width=_WIDTH + 4)
    return "\n".join(_aired(written.split("\n")))


def _aired(lines: list[str]) -> Iterator[str]:
    """An empty line before the steps and between them: whatever belongs to a step is indented deeper."""
    steps = lines.index("steps:") if "steps:" in lines else len(lines)
    for at, line in enumerate(lines):
        if at == steps or (at > steps + 1 and line[:2] == "  " and line[2] not in " -#"):
            yield ""
        yield line


def _document(text: str, reading: Reading) -> Node:
    import yaml

    try:
        root = yaml.compose(text, Loader=_loader())
        return _Walk(reading).node(root, ()) if root is not None else Leaf("", None, 1)
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
        self.count += 1
        if id(node) in above or self.count > _MOST_NODES:
            what = "an alias contains itself" if id(node) in above else "its aliases make it too long"
            raise BadInput(what, f"{self.reading.file}:{line}", "write it out")
        inner = (*above, id(node))
        if isinstance(node.value, str):
            return self._leaf(node, line, path)
        if node.tag == f"{_TAG}seq":
            return Items(tuple(self.node(each, inner, f"{path}[{at}]") for at, each in enumerate(node.value)), line)
        if node.tag != f"{_TAG}map":
            self._bad_tag(node, line, path)
            return Leaf("", None, line)
        own = dict(self._unique(node, path))
        merged = {key: found for each in self._merged(node) for key, found in self._plain(each)} | own
        entries = (
            Entry(key, self.node(value, inner, f"{path}.{key}".strip(".")), at) for key, (value, at) in merged.items()
        )
        return Table(tuple(entries), line)

    def _leaf(self, node: yaml.Node, line: int, path: str) -> Leaf:
        text: str = node.value
        name = node.tag.removeprefix(_TAG)
        try:
            return Leaf(text, _VALUES[name](text), line)
        except KeyError:
            self._bad_tag(node, line, path)
        except ValueError:
            self.reading.wrong(line, path, f"'{text}' is no {name}")
        return Leaf(text, None, line)

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
            elif key.tag != f"{_TAG}merge":
                yield key.value, (value, line)

    def _merged(self, node: yaml.Node) -> Iterator[yaml.Node]:
        """The mappings that `node` takes in by ``<<``, the weakest first."""
        for key, value in node.value:
            if key.tag != f"{_TAG}merge":
                continue
            found = value.value if value.tag == f"{_TAG}seq" else [value]
            for each in reversed(found):
                if each.tag == f"{_TAG}map":
                    yield from self._merged(each)
                    yield each
                else:
                    self.reading.wrong(each.start_mark.line + 1, "", "'<<' takes in mappings only")

    def _bad_tag(self, node: yaml.Node, line: int, path: str) -> None:
        self.reading.wrong(line, path, f"the tag {node.tag.replace(_TAG, '!!')} means nothing here", "remove it")


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
    for name, pattern, first in _CORE:
        loader.add_implicit_resolver(_TAG + name, re.compile(f"(?:{pattern})$"), list(first))
    return loader


@cache
def _dumper() -> type[yaml.SafeDumper]:
    import yaml

    class Dumper(yaml.SafeDumper):
        """Writes short lists and mappings on one line, long texts as blocks, and never an alias."""

        @override
        def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 - none is worth one
            return True

        @override
        def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002 - lists stand in
            super().increase_indent(flow, indentless=False)

        @override
        def represent_data(self, data: object) -> yaml.Node:
            node = super().represent_data(data)
            if isinstance(node, yaml.CollectionNode):
                node.flow_style = _fits(node)
            return node

        @override
        def represent(self, data: object) -> None:
            """The first level is always written out, and so is each step."""
            node = self.represent_data(data)
            for block in (node, *_values(node), *(step for each in _values(node, "steps") for step in _values(each))):
                if isinstance(block, yaml.MappingNode) and block.value:
                    block.flow_style = False
            self.serialize(node)

    def text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
        if isinstance(value, Verbatim):
            return dumper.represent_scalar(f"{_TAG}int", str(value))
        return dumper.represent_scalar(f"{_TAG}str", value, _style(value))

    for kind in (str, Verbatim):
        Dumper.add_representer(kind, text)
    for name, pattern, first in _CORE:  # beside those of YAML 1.1, for readers that know nothing else
        Dumper.add_implicit_resolver(_TAG + name, re.compile(f"(?:{pattern})$"), list(first))
    return Dumper


def _values(node: yaml.Node, *keys: str) -> list[yaml.Node]:
    pairs = node.value if node.tag == f"{_TAG}map" else ()
    return [value for key, value in pairs if not keys or key.value in keys]


def _style(value: str) -> str | None:
    if _BREAKS.intersection(value):
        return '"'
    return "|" if "\n" in value and value[0] not in " \n" and value[-2:] != "\n\n" else None


def _fits(node: yaml.Node) -> bool:
    """Whether a list or a small mapping is short enough for one line."""
    import yaml

    if isinstance(node, yaml.MappingNode):
        parts = [part for pair in node.value for part in pair]
        if len(parts) > 6 or not all(isinstance(part, yaml.ScalarNode) for part in parts):
            return False
    else:
        parts = node.value
        if not all(isinstance(part, yaml.ScalarNode) or part.flow_style for part in parts):
            return False
    return not any("\n" in piece for piece in _pieces(parts)) and sum(len(p) + 2 for p in _pieces(parts)) < _WIDTH - 16


def _pieces(nodes: list[yaml.Node]) -> Iterator[str]:
    import yaml

    for node in nodes:
        if isinstance(node, yaml.ScalarNode):
            yield node.value
        elif isinstance(node, yaml.SequenceNode):
            yield from _pieces(node.value)
        else:
            yield from (f"{part.value} " for pair in node.value for part in pair)

"""Pipeline files as YAML."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from ..documents import yamltext
from ..documents.decoding import Findings
from ..documents.yamltext import CORE, TAG
from ..errors import BadInput
from ..override import override
from .pipeline_file import PipelineFile, from_node
from .short_form import Verbatim, short_form

if TYPE_CHECKING:
    import yaml

_BREAKS = frozenset("\r\x85\u2028\u2029\ufeff")
"""Line breaks of Unicode, which would be read back as spaces (YAML 1.1, 5.4)."""
_WIDTH = 96
"""Columns that a list or mapping may take on one line."""


def from_yaml(text: str, file: str, base: str = "") -> PipelineFile:
    """Return the pipeline that a file describes.

    Args:
        text: Its content.
        file: Its name, for messages.
        base: Its folder: its paths are relative to it. Default: the working folder.

    Raises:
        BadInput: With all problems, each with its line and path.

    """
    findings = Findings()
    found = from_node(yamltext.document(text, file, findings), base, findings)
    if found is None or findings.problems:
        raise BadInput(findings.problems)
    return found


def to_yaml(what: PipelineFile) -> str:
    """Return the file that describes a pipeline, made to be read and edited by people.

    Raises:
        BadInput: `from_yaml` would refuse a value: a number for an environment variable.

    """
    import yaml

    written: str = yaml.dump(short_form(what), Dumper=_dumper(), sort_keys=False, allow_unicode=True, width=_WIDTH + 4)
    return "\n".join(_aired(written.split("\n")))


def _aired(lines: list[str]) -> Iterator[str]:
    """Return the text with an empty line before the steps and between them."""
    steps = lines.index("steps:") if "steps:" in lines else len(lines)
    for at, line in enumerate(lines):
        if at == steps or (at > steps + 1 and line[:2] == "  " and line[2] not in " -#"):
            yield ""
        yield line


@lru_cache(maxsize=None)
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
            """Write the first level, and each step, on lines of their own."""
            node = self.represent_data(data)
            for block in (node, *_values(node), *(step for each in _values(node, "steps") for step in _values(each))):
                if isinstance(block, yaml.MappingNode) and block.value:
                    block.flow_style = False
            self.serialize(node)

    def text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
        if isinstance(value, Verbatim):
            return dumper.represent_scalar(f"{TAG}int", str(value))
        return dumper.represent_scalar(f"{TAG}str", value, _style(value))

    for kind in (str, Verbatim):
        Dumper.add_representer(kind, text)
    for name, pattern, first in CORE:  # beside those of YAML 1.1, for readers that know nothing else
        Dumper.add_implicit_resolver(TAG + name, re.compile(f"(?:{pattern})$"), list(first))
    return Dumper


def _values(node: yaml.Node, *keys: str) -> list[yaml.Node]:
    pairs = node.value if node.tag == f"{TAG}map" else ()
    return [value for key, value in pairs if not keys or key.value in keys]


def _style(value: str) -> str | None:
    if _BREAKS.intersection(value):
        return '"'
    return "|" if "\n" in value and value[0] not in " \n" and value[-2:] != "\n\n" else None


def _fits(node: yaml.Node) -> bool:
    """Return True if a list or a small mapping fits on one line."""
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

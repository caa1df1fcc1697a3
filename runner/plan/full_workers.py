"""The full form of a step's workers in a pipeline file (pure): see `full_form`."""

from __future__ import annotations

from collections.abc import Callable

from ..documents.decoding import Findings
from ..model.nodes import Leaf, Node, Table
from .full_parts import fields

COUNTS = ("nodes", "processes")
WORKERS_FIELDS = ("kind", *COUNTS)
_PARAMETER = ("parameter", "default")


def workers(node: Node, findings: Findings, knows: Callable[[str, Leaf], None]) -> Node:
    """Return the full form of the workers of a step.

    Args:
        node: ``{kind: pool, nodes: 4}``; a number may be ``{parameter: NAME}``.
        findings: Takes all problems.
        knows: Adds a problem if the file does not define a name of a kind.
    """
    given = fields(node, WORKERS_FIELDS, findings)
    if given is None:
        return node
    full: dict[str, Node] = {}
    for key, each in given.items():
        if key in COUNTS and isinstance(each, Table):
            full.update(_parameter(key, each, findings, knows))
        else:
            full[key] = each
    return Table(full, given.place)


def _parameter(key: str, node: Table, findings: Findings, knows: Callable[[str, Leaf], None]) -> dict[str, Node]:
    """Return the fields of a number that a parameter gives."""
    given = fields(node, _PARAMETER, findings) or Table({}, node.place)
    name = given.get("parameter")
    if name is None:
        findings.wrong(node.place, "field 'parameter' is missing", f"write {key}: {{parameter: NAME}}, or a number")
        return {}
    if isinstance(name, Leaf):
        knows("parameter", name)
    return {f"{key}_parameter": name, **({key: given["default"]} if "default" in given else {})}

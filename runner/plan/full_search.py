"""The full form of a search in a pipeline file (pure): see `full_form`."""

from __future__ import annotations

from ..documents.decoding import Findings
from ..model.nodes import Items, Node, Table, kind_of
from ..model.search import ARITY, CHOICE, Search, StoppingRule
from ..model.shapes import fields_of
from .full_parts import entries, fields, leaf

SEARCH_FIELDS = tuple(field.name for field in fields_of(Search))
RULE_FIELDS = tuple(field.name for field in fields_of(StoppingRule))
_EXPECTED = f"{{{CHOICE}: [option, …]}} or {{{next(iter(ARITY))}: [argument, …]}}"


def search(node: Node, findings: Findings) -> Node:
    """Return the full form of a search."""
    given = fields(node, SEARCH_FIELDS, findings)
    if given is None:
        return node
    if "space" in given:
        given["space"] = Table(
            entries(given["space"], lambda _, each: _expression(each, findings), findings), node.place
        )
    if "rule" in given:
        given["rule"] = fields(given["rule"], RULE_FIELDS, findings) or given["rule"]
    return given


def _expression(node: Node, findings: Findings) -> Table | None:
    """Return the full form of ``{kind: arguments}``; one argument needs no list."""
    kind, arguments = next(iter(node.items())) if isinstance(node, Table) and len(node) == 1 else ("", None)
    if arguments is None or isinstance(arguments, Table):
        findings.wrong(node.place, f"expected {_EXPECTED}, found {kind_of(node)}")
        return None
    listed = arguments if isinstance(arguments, Items) else Items([arguments], node.place)
    full: dict[str, Node] = {"kind": leaf(kind, node.place), "arguments": listed}
    return Table(full, node.place)

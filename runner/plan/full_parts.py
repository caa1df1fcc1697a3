"""Parts that the full forms of a pipeline file and of a step share (pure)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ..documents.decoding import Findings, table
from ..model.data import DEFAULT_DATASTORE
from ..model.nodes import Items, Leaf, Node, Place, Table, is_null, kind_of
from ..model.reading import unknown
from ..model.transforms import OPERATIONS, TimestampColumns


def fields(node: Node, known: tuple[str, ...], findings: Findings) -> Table | None:
    """Return the fields of a mapping that are known and not null; None, and a problem, if it is no mapping."""
    if not isinstance(node, Table) and not is_null(node):
        findings.wrong(
            node.place, f"expected a mapping, found {kind_of(node)}", f"write its fields: {', '.join(known)}"
        )
        return None
    given = table(node, findings)
    for key, each in given.items():
        if key not in known:
            findings.wrong(each.place, *unknown("field", key, known))
    return Table({key: each for key, each in given.items() if key in known and not is_null(each)}, node.place)


def entries(
    node: Node | None, read: Callable[[str, Node], Table | None], findings: Findings
) -> Iterator[tuple[str, Table]]:
    """Yield the full forms of the values of a mapping, by their keys."""
    for key, each in table(node, findings, "a mapping of names").items() if node is not None else ():
        found = read(key, each)
        if found is not None:
            yield key, found


def dataset(node: Node, findings: Findings) -> Node:
    """Return the full form of a dataset's definition."""
    if not isinstance(node, Table):
        return node
    paths, transforms = node.at("paths"), node.at("transforms")
    changed: dict[str, Node] = {} if "kind" in node else {"kind": leaf("file", node.place)}
    if paths is None:
        changed["paths"] = Items([], node.place)
    elif isinstance(paths, Items):
        changed["paths"] = Items(map(_path, paths), paths.place)
    if isinstance(transforms, Items):
        changed["transforms"] = Items((_transform(each, findings) for each in transforms), transforms.place)
    return Table({**node, **changed}, node.place)


def registered(node: Leaf) -> Table:
    """Return the definition of a registered dataset: it has no paths until it is looked up."""
    name, colon, version = node.text.rpartition(":")
    if not (colon and name and version.isdecimal()):
        return Table({"name": leaf(node.text, node.place)}, node.place)
    number = Leaf(version, int(version), node.place)
    return Table({"name": leaf(name, node.place), "version": number}, node.place)


def _path(node: Node) -> Node:
    datastore = leaf(DEFAULT_DATASTORE, node.place)
    if isinstance(node, Leaf) and not is_null(node):
        return Table({"datastore": datastore, "path": node}, node.place)
    return Table({"datastore": datastore, **node}, node.place) if isinstance(node, Table) else node


def _transform(node: Node, findings: Findings) -> Node:
    if not isinstance(node, Table) or len(node) != 1:
        findings.wrong(node.place, f"expected {{operation: {{arguments}}}}, found {kind_of(node)}")
        return tagged(TimestampColumns, node.place)
    operation, arguments = next(iter(node.items()))
    if operation not in OPERATIONS:
        findings.wrong(arguments.place, *unknown("operation", operation, OPERATIONS))
        return tagged(TimestampColumns, node.place)
    return Table({**table(arguments, findings), **tagged(OPERATIONS[operation], node.place)}, node.place)


def texts(node: Node) -> Node:
    """Return a mapping in which ``true`` and ``false`` are texts, as in an environment variable."""
    if not isinstance(node, Table):
        return node
    return Table(
        {
            key: leaf(each.text, each.place) if isinstance(each, Leaf) and not is_null(each) else each
            for key, each in node.items()
        },
        node.place,
    )


def leaves(node: Items, findings: Findings) -> Iterator[Leaf]:
    """Yield the texts of a list; anything else in it is a problem."""
    for each in node:
        if isinstance(each, Leaf) and not is_null(each):
            yield leaf(each.text, each.place)
        else:
            findings.wrong(each.place, f"expected text, found {kind_of(each)}")


def keys(node: Node | None) -> tuple[str, ...]:
    """Return the names that a list or a mapping holds."""
    if isinstance(node, Items):
        return tuple(each.text for each in node if isinstance(each, Leaf))
    return tuple(node) if isinstance(node, Table) else ()


def leaf(text: str, place: Place) -> Leaf:
    """Return a text at a place."""
    return Leaf(text, text, place)


def tagged(shape: type, place: Place, **fields: Node) -> Table:
    """Return the full form of one of several dataclasses that fit: it names the class."""
    return Table({"type": leaf(shape.__name__, place), **fields}, place)


def empty(node: Node) -> Table:
    """Return an empty mapping at the place of a node."""
    return Table({}, node.place)

"""Readers of the sections of a configuration document. They add all problems to the findings."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from ..datastores import BucketConfig, DatastoreConfig, DatastoreLocation, FolderConfig, WorkspaceConfig, name_misfit
from ..documents.decoding import Findings, decoded, table
from ..model.access import Access
from ..model.compute import ResourceRequest
from ..model.nodes import Leaf, Node, Table, is_null
from ..model.policy import StepPolicy
from ..model.policy_overrides import field_readers, parsed
from ..model.reading import Readers, Wrong, checked
from ..model.secret import SecretSource, source_misfits
from . import rules
from .target import TargetConfig, TargetTypes

T = TypeVar("T")
DATASTORES: Mapping[str, type[DatastoreLocation]] = {
    "folder": FolderConfig,
    "bucket": BucketConfig,
    "workspace": WorkspaceConfig,
}
_V1_NAMES = ("account", "container")
_OVERRIDES = field_readers(StepPolicy, ResourceRequest, Access)
"""Fields that are written and checked as those of a step are."""
_CHECKED = {key: checked(check) for key, check in rules.CHECKS.items()}
_READERS = Readers({**_CHECKED, **_OVERRIDES})


def named(shape: type[T], node: Node | None, findings: Findings) -> dict[str, T]:
    """Return the entries of a section by their names."""
    found: dict[str, T] = {}
    for key, each in _entries(node, findings):
        one = decoded(shape, each, findings, _READERS)
        if one is not None:
            found[key] = one
    return found


def targets(node: Node | None, types: TargetTypes, findings: Findings) -> dict[str, TargetConfig]:
    """Return the entries of ``targets:`` by name, each as the class in `types` that its ``type:`` names."""
    found: dict[str, TargetConfig] = {}
    for key, each in _entries(node, findings):
        one = _target(each, types, findings)
        if one is not None:
            found[key] = one
    return found


def datastores(node: Node | None, findings: Findings) -> dict[str, DatastoreConfig]:
    """Return ``datastores:`` by name; a relative path is seen from the folder of the file that holds it."""
    found: dict[str, DatastoreConfig] = {}
    for key, each in _entries(node, findings):
        wrong = name_misfit(key)
        if wrong:
            findings.wrong(each.place, *wrong)
        one = _datastore(each, findings)
        if one is not None:
            found[key] = one
    return found


def secrets(node: Node | None, findings: Findings) -> dict[str, SecretSource]:
    """Return ``secrets:`` by name; a relative path is seen from the folder of the file that holds it."""
    found = named(SecretSource, node, findings)
    for key, each in _entries(node, Findings()):
        source = found.get(key)
        for what, remedy in source_misfits(key, source) if source else ():
            findings.wrong(each.place, what, remedy)
        if source and source.file:
            found[key] = replace(source, file=_absolute(source.file, _field(each, "file")))
    return found


def access(node: Node | None, findings: Findings) -> Access:
    """Return ``access:`` of the workspace."""
    return (decoded(Access, node, findings, _READERS) if node is not None else None) or Access()


def name(node: Node | None, findings: Findings) -> str:
    """Return the name that a node holds; empty if there is none."""
    return _text(node, rules.name, findings)


def date(node: Node | None, findings: Findings) -> str:
    """Return the date that a node holds; empty if there is none."""
    return _text(node, rules.date, findings)


def _text(node: Node | None, check: Callable[[str], Wrong | None], findings: Findings) -> str:
    found = decoded(str, node, findings, _READERS) if node is not None else None
    wrong = check(found) if found is not None else None
    if node is not None and wrong is not None:
        findings.wrong(node.place, f"{found!r} {wrong[0]}", wrong[1])
    return found or ""


def _entries(node: Node | None, findings: Findings) -> Iterator[tuple[str, Node]]:
    """Yield the entries of a section that are not null and have a valid name."""
    if node is None:
        return
    section = table(node, findings, "a mapping of names")
    for key, each in section.items():
        wrong = rules.name(key)
        if wrong:
            findings.wrong(replace(each.place, path=section.place.path), f"the name {key!r} {wrong[0]}", wrong[1])
        elif not is_null(each):
            yield key, each


def _shape(node: Node, shapes: Mapping[str, type[T]], what: str, findings: Findings) -> type[T] | None:
    """Return the dataclass that ``type:`` names."""
    kind = node.at("type") if isinstance(node, Table) else None
    found = shapes.get(kind.text) if isinstance(kind, Leaf) else None
    if found is None:
        place = replace((kind or node).place, path=node.place.path)
        findings.wrong(place, f"{what} needs 'type': one of {', '.join(shapes)}", "write it, or correct it")
    return found


def _target(node: Node, types: TargetTypes, findings: Findings) -> TargetConfig | None:
    shape = _shape(node, types, "a target", findings)
    if shape is None or not isinstance(node, Table):
        return None
    own = {key: checked(check) for key, check in shape.rules().items()}
    tolerations = {(shape, "tolerations"): parsed("tolerations")}
    readers = Readers({**_CHECKED, **_OVERRIDES, **tolerations, **own})
    return decoded(shape, _without(node, "type"), findings, readers)


def _datastore(node: Node, findings: Findings) -> DatastoreConfig | None:
    shape = _shape(node, DATASTORES, "a datastore", findings)
    if shape is None or not isinstance(node, Table):
        return None
    account, container = (name(node.at(key), findings) for key in _V1_NAMES)
    location = decoded(shape, _without(node, "type", *_V1_NAMES), findings, _READERS)
    if location is None:
        return None
    if isinstance(location, FolderConfig):
        location = replace(location, path=_absolute(location.path, _field(node, "path")))
    elif isinstance(location, BucketConfig) and location.credentials:
        location = replace(location, credentials=_absolute(location.credentials, _field(node, "credentials")))
    return DatastoreConfig(location, account, container, f"{node.place.file}: {node.place.path}")


def _without(node: Table, *keys: str) -> Table:
    return Table({key: each for key, each in node.items() if key not in keys}, node.place)


def _field(node: Node, key: str) -> Node:
    return (node.at(key) if isinstance(node, Table) else None) or node


def _absolute(path: str, node: Node) -> str:
    """Return the path as seen from the folder of the file that holds it."""
    return str((Path(node.place.file).parent / Path(path).expanduser()).resolve())

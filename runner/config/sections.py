"""Readers of the sections of a configuration document. They add all problems to the findings."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from ..datastores import WorkspaceConfig, name_misfit
from ..documents.decoding import Findings, decoded, table
from ..model.access import Access
from ..model.compute import ResourceRequest
from ..model.nodes import Leaf, Node, Table, is_null
from ..model.policy import StepPolicy
from ..model.policy_overrides import field_readers, parsed
from ..model.reading import Readers, Wrong, checked
from ..model.secret import SecretSource, source_misfits
from . import rules, serve_rules
from .serve import ServeConfig
from .settings import KeepConfig
from .store import DatastoreConfig, DatastoreLocation, StoreConfig, StoreTypes
from .target import TargetConfig, TargetTypes

T = TypeVar("T")
_WORKSPACE = "workspace"
"""The type of datastore that is no store of its own, but a part of another one."""
V1_NAMES = ("account", "container")
"""Fields of every datastore, for v1 code. A store that has such fields itself reads them itself."""
_OVERRIDES = field_readers(StepPolicy, ResourceRequest, Access)
"""Fields that are written and checked as those of a step are."""
_CHECKED = {key: checked(check) for key, check in {**rules.CHECKS, **serve_rules.CHECKS}.items()}
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


def datastores(node: Node | None, types: StoreTypes, findings: Findings) -> dict[str, DatastoreConfig]:
    """Return ``datastores:`` by name, each as the class in `types` that its ``type:`` names.

    A relative path is seen from the folder of the file that holds it.
    """
    found: dict[str, DatastoreConfig] = {}
    for key, each in _entries(node, findings):
        wrong = name_misfit(key)
        if wrong:
            findings.wrong(each.place, *wrong)
        one = _datastore(each, types, findings)
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


def keep(node: Node | None, findings: Findings) -> KeepConfig:
    """Return ``keep:``."""
    return (decoded(KeepConfig, node, findings, _READERS) if node is not None else None) or KeepConfig()


def switch(node: Node | None, findings: Findings) -> bool:
    """Return the truth value that a node holds; False if there is none."""
    return bool(decoded(bool, node, findings, _READERS)) if node is not None else False


def serve(node: Node | None, findings: Findings) -> ServeConfig:
    """Return ``serve:``."""
    return (decoded(ServeConfig, node, findings, _READERS) if node is not None else None) or ServeConfig()


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


def _kind(node: Node, kinds: Collection[str], what: str, findings: Findings) -> str:
    """Return the ``type:`` of an entry, which is one of `kinds`; empty if it is none."""
    kind = node.at("type") if isinstance(node, Table) else None
    if isinstance(kind, Leaf) and kind.text in kinds:
        return kind.text
    place = replace((kind or node).place, path=node.place.path)
    findings.wrong(place, f"{what} needs 'type': one of {', '.join(kinds)}", "write it, or correct it")
    return ""


def _target(node: Node, types: TargetTypes, findings: Findings) -> TargetConfig | None:
    kind = _kind(node, types, "a target", findings)
    if not kind or not isinstance(node, Table):
        return None
    shape = types[kind]
    own = {key: checked(check) for key, check in shape.rules().items()}
    tolerations = {(shape, "tolerations"): parsed("tolerations")}
    readers = Readers({**_CHECKED, **_OVERRIDES, **tolerations, **own})
    return decoded(shape, _without(node, "type"), findings, readers)


def _datastore(node: Node, types: StoreTypes, findings: Findings) -> DatastoreConfig | None:
    kind = _kind(node, (*types, _WORKSPACE), "a datastore", findings)
    if not kind or not isinstance(node, Table):
        return None
    shape = WorkspaceConfig if kind == _WORKSPACE else types[kind]
    v1_names = [key for key in V1_NAMES if key not in shape.__dataclass_fields__]
    account, container = (name(node.at(key), findings) if key in v1_names else "" for key in V1_NAMES)
    bare = _without(node, "type", *v1_names)
    if kind == _WORKSPACE:
        place: DatastoreLocation | None = decoded(WorkspaceConfig, bare, findings, _READERS)
    else:
        place = _store(types[kind], bare, findings)
    where = f"{node.place.file}: {node.place.path}"
    if place is None:
        return None
    return DatastoreConfig(place=place, account=account, container=container, where=where, kind=kind)


def _store(shape: type[StoreConfig], node: Table, findings: Findings) -> StoreConfig | None:
    """Return the settings of a store; a relative path in them is seen from the folder of the file that holds it."""
    readers = Readers({**_CHECKED, **{key: checked(check) for key, check in shape.rules().items()}})
    found = decoded(shape, node, findings, readers)
    if found is None:
        return None
    paths = {key: getattr(found, key) for key in shape.paths()}
    return replace(found, **{key: _absolute(path, _field(node, key)) for key, path in paths.items() if path})


def _without(node: Table, *keys: str) -> Table:
    return Table({key: each for key, each in node.items() if key not in keys}, node.place)


def _field(node: Node, key: str) -> Node:
    return (node.at(key) if isinstance(node, Table) else None) or node


def _absolute(path: str, node: Node) -> str:
    """Return the path as seen from the folder of the file that holds it."""
    return str((Path(node.place.file).parent / Path(path).expanduser()).resolve())

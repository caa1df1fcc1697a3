"""The sections of a configuration document as settings; all problems go to the findings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from ..datastores import BucketConfig, DatastoreConfig, FolderConfig, Place, WorkspaceConfig, name_misfit
from ..documents.fitting import Findings, fit, table, value
from ..documents.nodes import Entry, Leaf, Node, Table, kind_of, plain, unknown
from ..model.access import Access
from ..model.compute import Wish
from ..model.policy import StepPolicy
from ..model.secret import SecretSource, source_misfits
from ..model.stated import Stated, fields_of, stated
from . import rules
from .settings import KubernetesConfig, ProcessConfig, TargetConfig

T = TypeVar("T")
TARGETS: Mapping[str, type[ProcessConfig | KubernetesConfig]] = {
    "process": ProcessConfig,
    "kubernetes": KubernetesConfig,
}
DATASTORES: Mapping[str, type[Place]] = {"folder": FolderConfig, "bucket": BucketConfig, "workspace": WorkspaceConfig}
_GROUPS: Mapping[str, type] = {"policy": StepPolicy, "resources": Wish, "access": Access}
_WORDS = (*_GROUPS, "tolerations")
"""Fields of a target that are written and checked as the words of a step are."""
_V1_NAMES = ("account", "container")


def named(shape: type[T], node: Node | None, path: str, findings: Findings) -> dict[str, T]:
    """The entries of a section by their names."""
    found: dict[str, T] = {}
    for entry in _entries(node, path, findings):
        one = fit(shape, entry.node, f"{path}.{entry.key}", findings, rules.CHECKS)
        if one is not None:
            found[entry.key] = one
    return found


def targets(node: Node | None, findings: Findings) -> dict[str, TargetConfig]:
    """``targets:``, by name."""
    found: dict[str, TargetConfig] = {}
    for entry in _entries(node, "targets", findings):
        one = _target(entry.node, f"targets.{entry.key}", findings)
        if one is not None:
            found[entry.key] = one
    return found


def datastores(node: Node | None, findings: Findings) -> dict[str, DatastoreConfig]:
    """``datastores:``, by name; a relative path is seen from the folder of the file that says it."""
    found: dict[str, DatastoreConfig] = {}
    for entry in _entries(node, "datastores", findings):
        path = f"datastores.{entry.key}"
        wrong = name_misfit(entry.key)
        if wrong:
            findings.wrong(entry.node, path, *wrong)
        one = _datastore(entry.node, path, findings)
        if one is not None:
            found[entry.key] = one
    return found


def secrets(node: Node | None, findings: Findings) -> dict[str, SecretSource]:
    """``secrets:``, by name; a relative path is seen from the folder of the file that says it."""
    found = named(SecretSource, node, "secrets", findings)
    for entry in _entries(node, "secrets", Findings()):
        source = found.get(entry.key)
        for what, remedy in source_misfits(entry.key, source) if source else ():
            findings.wrong(entry.node, f"secrets.{entry.key}", what, remedy)
        if source and source.file:
            found[entry.key] = replace(source, file=_absolute(source.file, _field(entry.node, "file")))
    return found


def access(node: Node | None, path: str, findings: Findings) -> Access:
    """``access:`` of the workspace."""
    return (
        _stated(Table((Entry("access", node, node.line),), node.line, node.file), path, findings).access
        if node
        else Access()
    )


def words(node: Node | None, path: str, findings: Findings) -> str:
    """A text of the document itself: a name."""
    if node is None:
        return ""
    found = value(str, node, path, findings, rules.CHECKS)
    wrong = rules.name(found) if isinstance(found, str) else None
    if wrong:
        findings.wrong(node, path, f"{found!r} {wrong[0]}", wrong[1])
    return found if isinstance(found, str) else ""


def _entries(node: Node | None, path: str, findings: Findings) -> tuple[Entry, ...]:
    """The entries that say something, whose names are good ones."""
    if node is None:
        return ()
    found = []
    for entry in table(node, path, findings, "a mapping of names").entries:
        wrong = rules.name(entry.key)
        if wrong:
            findings.wrong(entry.node, path, f"the name {entry.key!r} {wrong[0]}", wrong[1])
        elif not (isinstance(entry.node, Leaf) and entry.node.value is None):
            found.append(entry)
    return tuple(found)


def _shape(node: Node, path: str, shapes: Mapping[str, type[T]], what: str, findings: Findings) -> type[T] | None:
    """The dataclass that ``type:`` names."""
    kind = node.get("type") if isinstance(node, Table) else None
    found = shapes.get(kind.text) if isinstance(kind, Leaf) else None
    if found is None:
        findings.wrong(
            kind or node, path, f"{what} needs 'type': one of {', '.join(shapes)}", "write it, or correct it"
        )
    return found


def _target(node: Node, path: str, findings: Findings) -> TargetConfig | None:
    shape = _shape(node, path, TARGETS, "a target", findings)
    if shape is None or not isinstance(node, Table):
        return None
    known = fields_of(shape)
    own = [entry for entry in node.entries if entry.key in _WORDS and entry.key in known]
    rest = tuple(entry for entry in node.entries if entry.key != "type" and entry not in own)
    target = fit(shape, replace(node, entries=rest), path, findings, rules.CHECKS)
    said = _stated(replace(node, entries=tuple(own)), path, findings)
    if target is None:
        return None
    if isinstance(target, KubernetesConfig):
        if target.store.read_only:
            findings.wrong(node, f"{path}.store.read_only", "runs are written to the store", "remove read_only")
        target = replace(target, resources=said.wish, tolerations=said.placement.tolerations)
    return replace(target, policy=said.policy, access=said.access)


def _stated(node: Table, path: str, findings: Findings) -> Stated:
    """What a target says of its steps, which is written as everywhere else."""
    flat: dict[str, Entry] = {}
    places: dict[str, str] = {}
    for entry in node.entries:
        group = _GROUPS.get(entry.key)
        place = f"{path}.{entry.key}".strip(".")
        inner = (entry,) if group is None else _inside(entry.node, fields_of(group), place, findings)
        flat |= {each.key: each for each in inner}
        places |= {each.key: place if group is None else f"{place}.{each.key}" for each in inner}

    def where(name: str) -> str:
        return f"{flat[name].node.file}:{flat[name].node.line}: {places[name]}"

    said, problems = stated({name: plain(entry.node) for name, entry in flat.items()}, where)
    findings.add(node, problems)
    return said


def _inside(node: Node, known: tuple[str, ...], path: str, findings: Findings) -> tuple[Entry, ...]:
    if not isinstance(node, Table):
        findings.wrong(
            node, path, f"expected a mapping, found {kind_of(node)}", f"write its fields: {', '.join(known)}"
        )
        return ()
    for entry in node.entries:
        if entry.key not in known:
            findings.wrong(entry.node, f"{path}.{entry.key}", *unknown("field", entry.key, known))
    return tuple(entry for entry in node.entries if entry.key in known)


def _datastore(node: Node, path: str, findings: Findings) -> DatastoreConfig | None:
    shape = _shape(node, path, DATASTORES, "a datastore", findings)
    if shape is None or not isinstance(node, Table):
        return None
    names = {key: words(node.get(key), f"{path}.{key}", findings) for key in _V1_NAMES}
    rest = tuple(entry for entry in node.entries if entry.key not in ("type", *names))
    place = fit(shape, replace(node, entries=rest), path, findings, rules.CHECKS)
    if place is None:
        return None
    if isinstance(place, FolderConfig):
        place = replace(place, path=_absolute(place.path, _field(node, "path")))
    elif isinstance(place, BucketConfig) and place.credentials:
        place = replace(place, credentials=_absolute(place.credentials, _field(node, "credentials")))
    return DatastoreConfig(place, names["account"], names["container"], f"{node.file}: {path}")


def _field(node: Node, name: str) -> Node:
    return (node.get(name) if isinstance(node, Table) else None) or node


def _absolute(path: str, node: Node) -> str:
    """The path as seen from the folder of the file that says it."""
    return str((Path(node.file).parent / Path(path).expanduser()).resolve())

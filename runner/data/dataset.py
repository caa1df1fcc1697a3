"""Pin a dataset: from its definition to the files it means now."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath

from ..errors import BadInput
from ..model.data import DataPath, DataRef, DatasetDefinition, Entry, Kind, Manifest
from ..ports import ObjectInfo, ObjectStore
from . import manifest as manifests
from .transfer import PINNED

Datastores = Callable[[str], ObjectStore]
"""The store of a datastore's name. Raises BadInput for an unknown one."""


def pin(workspace: ObjectStore, datastores: Datastores, paths: tuple[DataPath, ...], what: str) -> DataRef:
    """The files that `paths` mean now, kept as a manifest in the workspace store.

    `what` names the data in errors. Raises BadInput when no file is there, or when the paths lie
    in several datastores.
    """
    names = sorted({path.datastore for path in paths})
    if len(names) != 1:
        raise BadInput(f"{what} spans the datastores {', '.join(names)}", remedy="use one datastore per dataset")
    store = datastores(names[0])
    entries = tuple(sorted(_all_entries(store, paths), key=lambda entry: entry.path))
    if not entries:
        listed = ", ".join(f"{path.datastore}/{path.path}" for path in paths)
        raise BadInput(f"{what} has no files: nothing lies at {listed}", remedy="upload the data first")
    lone = len(paths) == 1 and len(entries) == 1 and entries[0].key == paths[0].path.strip("/")
    if lone:
        entries = (Entry("", entries[0].size, entries[0].digest, entries[0].key),)
    pinned = Manifest(Kind.FILE if lone else Kind.FOLDER, entries)
    key = paths[0].path.strip("/") if len(paths) == 1 else ""
    return DataRef(names[0], key, manifests.save(workspace, pinned), len(entries), pinned.bytes)


def pin_dataset(workspace: ObjectStore, datastores: Datastores, definition: DatasetDefinition) -> DataRef:
    """`pin` for a dataset's definition."""
    name = f"dataset '{definition.name}'" if definition.name else "the dataset"
    return pin(workspace, datastores, definition.paths, name)


def match(store: ObjectStore, pattern: str) -> Iterator[tuple[str, ObjectInfo]]:
    """(path below the fixed part of `pattern`, object) of all it means: a file, a folder's files, or a glob's."""
    plain = pattern.strip("/")
    fixed = fixed_part(plain)
    if fixed == plain:
        yield from _file_or_folder(store, plain)
        return
    rule = glob_rule(plain)
    start = f"{fixed}/" if fixed else ""
    for info in store.list(start):
        if rule.fullmatch(info.key):
            yield info.key[len(start) :], info


def fixed_part(pattern: str) -> str:
    """The folders of a pattern before its first wildcard."""
    parts: list[str] = []
    for part in PurePosixPath(pattern).parts:
        if any(char in part for char in "*?["):
            break
        parts.append(part)
    return "/".join(parts)


def glob_rule(pattern: str) -> re.Pattern[str]:
    """A glob as a regular expression over keys: ``*`` stays in a folder, ``**`` does not."""
    out = ""
    for piece in re.split(r"(\*\*/|\*\*|\*|\?)", pattern):
        out += {"**/": "(?:[^/]+/)*", "**": ".*", "*": "[^/]*", "?": "[^/]"}.get(piece) or re.escape(piece)
    return re.compile(out)


def _file_or_folder(store: ObjectStore, plain: str) -> Iterator[tuple[str, ObjectInfo]]:
    lone = store.stat(plain) if plain else None
    if lone is not None:
        yield plain.rsplit("/", 1)[-1], lone
        return
    start = f"{plain}/" if plain else ""
    for info in store.list(start):
        yield info.key[len(start) :], info


def _all_entries(store: ObjectStore, paths: tuple[DataPath, ...]) -> Iterator[Entry]:
    seen: set[str] = set()
    for path in paths:
        for relative, info in match(store, path.path):
            if info.key not in seen:
                seen.add(info.key)
                yield Entry(relative if len(paths) == 1 else info.key, info.size, PINNED + info.etag, info.key)

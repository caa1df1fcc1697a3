"""Registered models in the workspace store: ``registry/models/<name>/<version, 8 digits>``, record and files."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from ..dataclass import dataclass, field
from ..errors import ObjectMissing
from ..model.context import STEP_VARIABLE, StepContext
from ..model.digest import canonical_json
from ..model.document import from_document, to_document
from ..model.names import REGISTRY
from ..model.stored import read_document
from .exceptions import ModelNotFoundException, UserErrorException
from .plain_values import texts

if TYPE_CHECKING:
    from ..ports import ObjectStore

_PREFIX = f"{REGISTRY}models/"
_FORBIDDEN = frozenset('/\\:*?"<>|#%\n')


@dataclass(frozen=True)
class ModelRecord:
    """One version of a registered model."""

    name: str
    version: int
    created: datetime
    files: tuple[str, ...] = ()
    """Paths below the version's folder; the first part is the name of the file or folder registered."""
    tags: Mapping[str, str] = field(default_factory=dict)
    properties: Mapping[str, str] = field(default_factory=dict)
    description: str = ""
    framework: str = ""
    framework_version: str = ""
    run: str = ""
    """The run that made it, if any."""
    experiment: str = ""
    datasets: tuple[tuple[str, str], ...] = ()
    """(what for, dataset id)."""


@dataclass(frozen=True)
class Draft:
    """What a user says of a model that is to be registered, as it was said."""

    name: str
    tags: Mapping[str, object] | None = None
    properties: Mapping[str, object] | None = None
    description: str | None = None
    datasets: object = None
    """Pairs of what for and a dataset."""
    framework: str | None = None
    framework_version: str | None = None
    run: str = ""
    experiment: str = ""

    def record(self, now: datetime) -> ModelRecord:
        """The first version of it. Raises UserErrorException for a name that is none."""
        if not self.name or len(self.name) > 255 or not _FORBIDDEN.isdisjoint(self.name):
            raise UserErrorException(
                f"{self.name!r} cannot name a model", remedy="use letters, digits, dash, underscore and dot"
            )
        return ModelRecord(
            self.name,
            1,
            now,
            tags=texts(self.tags),
            properties=texts(self.properties),
            description=self.description or "",
            framework=self.framework or "",
            framework_version=self.framework_version or "",
            run=self.run,
            experiment=self.experiment,
            datasets=tuple(_dataset_pairs(self.datasets)),
        )


def save(store: ObjectStore, draft: ModelRecord, files: Mapping[str, Path]) -> ModelRecord:
    """Upload the files, then claim the next version by put-if-absent: a version seen is whole."""
    from dataclasses import replace

    version = max((number for _name, number in versions(store, draft.name)), default=0)
    while True:
        version += 1
        if store.stat(_key(draft.name, version)) is not None:
            continue
        for name, path in files.items():
            store.upload(f"{_folder(draft.name, version)}/{name}", path)
        record = replace(draft, version=version, files=tuple(files))
        if store.put_if_absent(_key(draft.name, version), canonical_json(to_document(record))):
            return record


def rewrite(store: ObjectStore, record: ModelRecord) -> None:
    """Keep what was changed of a version: tags, properties, the description."""
    store.put(_key(record.name, record.version), canonical_json(to_document(record)))


def find(store: ObjectStore, name: str, version: int | None) -> ModelRecord:
    """A version's record, the newest if None. Raises ModelNotFoundException."""
    number = version or max((number for _name, number in versions(store, name)), default=0)
    try:
        return read_document(ModelRecord, store.get(_key(name, number)), _key(name, number))
    except ObjectMissing as error:
        shown = f" version {version}" if version else ""
        known = ", ".join(dict.fromkeys(known for known, _number in versions(store, None))) or "none"
        raise ModelNotFoundException(
            f"model {name!r}{shown} is not registered in this workspace (registered: {known})", error
        ) from error


def versions(store: ObjectStore, name: str | None) -> list[tuple[str, int]]:
    """(name, version) of every registered model, newest version first within a name."""
    found = []
    for info in store.list(f"{_PREFIX}{name}/" if name else _PREFIX):
        parts = info.key[len(_PREFIX) :].split("/")
        if len(parts) == 2 and parts[1].endswith(".json"):
            found.append((parts[0], int(parts[1].removesuffix(".json"))))
    return sorted(found, key=lambda pair: (pair[0], -pair[1]))


def remove(store: ObjectStore, record: ModelRecord) -> None:
    """Remove a version: first it is no longer seen, then its files go."""
    store.delete(_key(record.name, record.version))
    for name in record.files:
        store.delete(f"{_folder(record.name, record.version)}/{name}")


def download(store: ObjectStore, record: ModelRecord, into: Path) -> str:
    """Copy a version's files below `into`; the path of the file or folder that was registered."""
    for name in record.files:
        target = into / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)
        store.download(f"{_folder(record.name, record.version)}/{name}", target)
    return str(into / record.files[0].partition("/")[0]) if record.files else str(into)


def may_be_registered(source: Path) -> bool:
    """Whether a path lies below the current folder, or in what this step was given to read or write.

    v1's releases but the last take any path, and projects made for those register a model from the
    folder that another step has made; the last one refuses what lies outside the current folder.
    """
    found = {Path(os.path.abspath(source)), source.resolve()}  # noqa: PTH100 - an input may be a link: not resolved
    return any(path.is_relative_to(place) for path in found for place in (Path.cwd().resolve(), *_given()))


def _given() -> Iterator[Path]:
    if STEP_VARIABLE not in os.environ:
        return
    document = json.loads((Path(os.environ[STEP_VARIABLE]) / "context.json").read_bytes())
    context = from_document(StepContext, document)
    yield from (Path(staged.path) for staged in context.inputs.values())
    yield from map(Path, context.outputs.values())


def files_of(source: Path, child_paths: Iterable[str] | None = None) -> dict[str, Path]:
    """A file, or a folder's files, by their paths in the registered model; `child_paths` choose among a folder's."""
    if source.is_file():
        return {source.name: source}
    root = source.resolve()
    chosen = [root / path for path in child_paths] if child_paths else [root]
    found = sorted({file for path in chosen for file in ((path,) if path.is_file() else path.rglob("*"))})
    return {f"{root.name}/{path.relative_to(root).as_posix()}": path for path in found if path.is_file()}


def _dataset_pairs(datasets: object) -> Iterable[tuple[str, str]]:
    for pair in datasets if isinstance(datasets, (list, tuple)) else ():
        purpose, dataset = pair
        yield str(purpose), str(getattr(dataset, "id", dataset))


def _folder(name: str, version: int) -> str:
    return f"{_PREFIX}{name}/{version:08d}"


def _key(name: str, version: int) -> str:
    return f"{_folder(name, version)}.json"

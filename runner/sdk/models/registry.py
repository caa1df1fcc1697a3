"""Registered models in the workspace store: ``registry/models/<name>/<version, 8 digits>``, record and files."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from ...backports import is_below
from ...data.registered_models import ModelRecord, folder_of, key_of, versions
from ...dataclass import dataclass
from ...errors import ObjectMissing
from ...model.context import STEP_VARIABLE
from ...model.digest import canonical_json
from ...model.document import to_document
from ...model.inside import check_inside
from ...model.stored_documents import read_document
from ..base.exceptions import ModelNotFoundException, UserErrorException
from ..base.plain_values import texts
from ..base.step_folder import step_context

if TYPE_CHECKING:
    from ...ports import ObjectStore

_FORBIDDEN = frozenset('/\\:*?"<>|#%\n')


@dataclass(frozen=True, kw_only=True)
class Draft:
    """The facts of a model that is to be registered, as the user gave them."""

    name: str
    tags: Mapping[str, object] | None = None
    properties: Mapping[str, object] | None = None
    description: str | None = None
    datasets: object = None
    """Pairs of a scenario and a dataset."""
    framework: str | None = None
    framework_version: str | None = None
    run: str = ""
    experiment: str = ""

    def record(self, now: datetime) -> ModelRecord:
        """Return the record of its first version.

        Args:
            now: The time of the registration, in UTC.

        Raises:
            UserErrorException: The name is invalid.

        """
        if not self.name or len(self.name) > 255 or not _FORBIDDEN.isdisjoint(self.name):
            raise UserErrorException(
                f"{self.name!r} cannot name a model", remedy="use letters, digits, dash, underscore and dot"
            )
        return ModelRecord(
            name=self.name,
            version=1,
            created=now,
            tags=texts(self.tags),
            properties=texts(self.properties),
            description=self.description or "",
            framework=self.framework or "",
            framework_version=self.framework_version or "",
            run=self.run,
            experiment=self.experiment,
            datasets=tuple(dataset_pairs(self.datasets)),
        )


def save(store: ObjectStore, draft: ModelRecord, files: Mapping[str, Path]) -> ModelRecord:
    """Upload the files, then claim the next version by put-if-absent: a version that can be seen is complete.

    Args:
        store: The workspace store.
        draft: The record without its version.
        files: Paths of files by their names in the model.

    Returns:
        The record with its version.

    """
    from dataclasses import replace

    version = max((number for _name, number in versions(store, draft.name)), default=0)
    while True:
        version += 1
        if store.stat(key_of(draft.name, version)) is not None:
            continue
        for name, path in files.items():
            store.upload(f"{folder_of(draft.name, version)}/{name}", path)
        record = replace(draft, version=version, files=tuple(files))
        if store.put_if_absent(key_of(draft.name, version), canonical_json(to_document(record))):
            return record


def rewrite(store: ObjectStore, record: ModelRecord) -> None:
    """Store the changed tags, properties or description of a version.

    Args:
        store: The workspace store.
        record: The record.

    """
    store.put(key_of(record.name, record.version), canonical_json(to_document(record)))


def find(store: ObjectStore, name: str, version: int | None) -> ModelRecord:
    """Return the record of a version.

    Args:
        store: The workspace store.
        name: The name.
        version: The version. None: the newest.

    Raises:
        ModelNotFoundException: There is none.

    """
    number = version or max((number for _name, number in versions(store, name)), default=0)
    try:
        return read_document(ModelRecord, store.get(key_of(name, number)), key_of(name, number))
    except ObjectMissing as error:
        shown = f" version {version}" if version else ""
        known = ", ".join(dict.fromkeys(known for known, _number in versions(store, None))) or "none"
        raise ModelNotFoundException(
            f"model {name!r}{shown} is not registered in this workspace (registered: {known})", error
        ) from error


def remove(store: ObjectStore, record: ModelRecord) -> None:
    """Remove a version: first its record, then its files.

    Args:
        store: The workspace store.
        record: The record.

    """
    store.delete(key_of(record.name, record.version))
    for name in record.files:
        store.delete(f"{folder_of(record.name, record.version)}/{name}")


def download(store: ObjectStore, record: ModelRecord, into: Path) -> str:
    """Copy the files of a version.

    Args:
        store: The workspace store.
        record: The record.
        into: The folder.

    Returns:
        The path of the file or folder that was registered.

    Raises:
        BadInput: A name in the record would leave the folder. Nothing is copied then.

    """
    check_inside(record.files)
    for name in record.files:
        target = into / name
        target.parent.mkdir(parents=True, exist_ok=True)
        # Several processes of a step may download at once, while one of them reads the file already.
        draft = target.with_name(f".{target.name}-{os.getpid()}-{os.urandom(4).hex()}")
        try:
            store.download(f"{folder_of(record.name, record.version)}/{name}", draft)
            draft.replace(target)
        finally:
            draft.unlink(missing_ok=True)
    return str(into / record.files[0].partition("/")[0]) if record.files else str(into)


def may_be_registered(source: Path) -> bool:
    """Return True if a path lies below the current folder, or in this step's inputs or outputs.

    v1's releases but the last take any path, and projects made for those register a model from the
    folder that another step has made; the last one refuses what lies outside the current folder.

    Args:
        source: The path.

    """
    found = {Path(os.path.abspath(source)), source.resolve()}  # noqa: PTH100 - an input may be a link: not resolved
    return any(is_below(path, place) for path in found for place in (Path.cwd().resolve(), *_given()))


def _given() -> Iterator[Path]:
    if STEP_VARIABLE not in os.environ:
        return
    context = step_context()
    yield from (Path(staged.path) for staged in context.inputs.values())
    yield from map(Path, context.outputs.values())


def files_of(source: Path, child_paths: Iterable[str] | None = None) -> dict[str, Path]:
    """Return a file, or the files of a folder, by their paths in the registered model.

    Args:
        source: The file or folder.
        child_paths: Paths below the folder. None: all.

    """
    if source.is_file():
        return {source.name: source}
    root = source.resolve()
    chosen = [root / path for path in child_paths] if child_paths else [root]
    found = sorted({file for path in chosen for file in ((path,) if path.is_file() else path.rglob("*"))})
    return {f"{root.name}/{path.relative_to(root).as_posix()}": path for path in found if path.is_file()}


def dataset_pairs(datasets: object) -> Iterable[tuple[str, str]]:
    """Yield the pairs of a scenario and a dataset's id.

    Args:
        datasets: A list of pairs of a scenario and a dataset. Anything else: there are none.

    """
    for pair in datasets if isinstance(datasets, (list, tuple)) else ():
        purpose, dataset = pair
        yield str(purpose), str(getattr(dataset, "id", dataset))

"""A dataset's files: listed from the datastore, or found where a step's staging put them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from ..dataclass import dataclass
from ..model.data import DatasetDefinition, Transform
from .dataset_base import chance
from .exceptions import UserErrorException

if TYPE_CHECKING:
    from ..ports import ObjectStore

Item = TypeVar("Item")
_LISTED = ("take", "skip", "sample")


@dataclass(frozen=True)
class RemoteFile:
    """A file on a datastore."""

    datastore: str
    key: str
    relative: str
    """Below the fixed part of the path that found it."""


@dataclass(frozen=True)
class LocalFile:
    """A file at hand."""

    path: Path
    name: str
    """Where it is on the datastore, or below the dataset's staged folder: ``/folder/file.csv``."""


def remote_files(definition: DatasetDefinition, open_store: Callable[[str], ObjectStore]) -> list[RemoteFile]:
    """Every file the definition means now, after take, skip and the like for file datasets."""
    from ..data.dataset import match

    found = [
        RemoteFile(place.datastore, info.key, relative)
        for place in definition.paths
        for relative, info in sorted(match(open_store(place.datastore), place.path), key=lambda pair: pair[0])
    ]
    return chosen(found, definition)


def local_files(definition: DatasetDefinition, staged: Path) -> list[LocalFile]:
    """The staged files, after take, skip and the like for file datasets."""
    if staged.is_file():
        return [LocalFile(staged, f"/{staged.name}")]
    paths = sorted(path for path in staged.rglob("*") if path.is_file())
    files = [LocalFile(path, f"/{path.relative_to(staged).as_posix()}") for path in paths]
    return chosen(files, definition)


def fetch(definition: DatasetDefinition, into: Path) -> list[LocalFile]:
    """Download the dataset's files to `into`. Raises UserErrorException when there are none."""
    from .session import current

    session = current()
    found = remote_files(definition, session.datastore)
    if not found:
        listed = ", ".join(f"{place.datastore}/{place.path}" for place in definition.paths)
        raise UserErrorException(f"the dataset has no files: nothing lies at {listed}", remedy="upload the data first")
    return [_download(session.datastore(file.datastore), file, into) for file in found]


def chosen(files: Sequence[Item], definition: DatasetDefinition) -> list[Item]:
    """A file dataset's operations choose among its files; a tabular one's work on rows."""
    if definition.kind != "file":
        return list(files)
    kept = list(files)
    for transform in definition.transforms:
        if transform.operation in _LISTED:
            kept = list(choose(kept, transform))
    return kept


def choose(items: Iterable[Item], transform: Transform) -> Iterator[Item]:
    """Those of the items that ``take``, ``skip`` or ``sample`` leaves."""
    arguments = transform.arguments
    for index, item in enumerate(items):
        if keeps(transform.operation, arguments, index):
            yield item


def keeps(operation: str, arguments: object, index: int) -> bool:
    """Whether the item of that index is left. Pure."""
    values = arguments if isinstance(arguments, dict) else {}
    match operation:
        case "take":
            return index < int(values["count"])
        case "skip":
            return index >= int(values["count"])
        case _:
            return float(values["low"]) <= chance(int(values["seed"]), index) < float(values["high"])


def _download(store: ObjectStore, file: RemoteFile, into: Path) -> LocalFile:
    path = into / file.datastore / file.key
    path.parent.mkdir(parents=True, exist_ok=True)
    store.download(file.key, path)
    return LocalFile(path, f"/{file.relative}")

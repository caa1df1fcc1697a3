"""Copy files of datastores and runs to this machine."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from pathlib import Path

from ...data.transfers import ranged
from ...data.transfers.progress import SILENT, Progress
from ...dataclass import dataclass
from ...errors import BadInput
from ...model.data import Entry, Kind, Manifest
from ...model.inside import check_inside
from .addresses import parse
from .copied import Copied
from .finding import Stores, found_at
from .same_content import is_same
from .selection import FoundFile, FoundFiles

_MOST = 5
"""The most files that an error names."""


@dataclass(frozen=True, kw_only=True)
class Download:
    """The files that a download makes. Each path is relative to `into`."""

    into: Path
    files: Mapping[str, FoundFile]
    folders: tuple[str, ...] = ()
    """Empty folders."""


def get(stores: Stores, sources: Sequence[str], destination: str, default: str, progress: Progress = SILENT) -> Copied:
    """Copy files to this machine. A file that is there already with the same content stays as it is.

    A call that was interrupted can therefore be repeated: it copies what is missing, and goes on inside large files of
    a bucket. Committed outputs are compared with the digests of their commit.

    Args:
        stores: The workspace.
        sources: Addresses.
        destination: The path of the copy. Sources go below it under their own names if it ends with a slash, is ``.``
            or ``..``, or if there are several; so does a single file if it is an existing folder.
        default: The name of the datastore of sources that name none.
        progress: Receives what is copied.

    Raises:
        BadInput: Nothing lies at a source, or the copies cannot be written. Nothing is copied then.
        DataChanged: A committed file is not what its step committed.
        StoreError: The store cannot be used.

    """
    found = [found_at(stores, parse(source, default), source) for source in sources]
    wanted = plan(found, destination)
    check(wanted)
    try:
        return download(stores, wanted, progress)
    except OSError as error:
        raise BadInput(f"{wanted.into} cannot be written: {error.strerror}", remedy="choose another place") from error


def plan(found: Sequence[FoundFiles], destination: str) -> Download:
    """Return which file goes where (pure but for a look at the destination). Raise BadInput if two go to one path."""
    path = Path(destination)
    inside = len(found) > 1 or destination.endswith("/") or path.name in ("", "..")
    files: dict[str, FoundFile] = {}
    folders: list[str] = []
    into = path
    for each in found:
        below = each.name if inside or (each.lone and path.is_dir()) else ""
        if each.lone and not below:
            into, below = path.parent, path.name
        for file in each.files:
            target = below if each.lone else _joined(below, each.below(file.path))
            if target in files and files[target].key != file.key:
                raise BadInput(f"two files would be copied to {into / target}", remedy="copy one at a time")
            files[target] = file
        folders += [_joined(below, each.below(folder)) for folder in each.folders]
    return Download(into=into, files=files, folders=tuple(folders))


def check(wanted: Download) -> None:
    """Raise BadInput, with all problems, if the copies cannot be written or would leave their folder."""
    check_inside((*wanted.files, *wanted.folders))
    taken = {parent for name in (*wanted.files, *wanted.folders) for parent in _parents(name)} | set(wanted.folders)
    blocked = [f"{wanted.into / name} is a folder" for name in wanted.files if (wanted.into / name).is_dir()]
    blocked += [f"{wanted.into / name} is both a file and a folder" for name in wanted.files if name in taken]
    blocked += [f"{wanted.into / name} is no folder" for name in sorted(taken) if _is_no_folder(wanted.into / name)]
    if _is_no_folder(wanted.into):
        blocked.append(f"{wanted.into} is no folder")
    if blocked:
        more = f", and {len(blocked) - _MOST} more" if len(blocked) > _MOST else ""
        raise BadInput(f"cannot be written: {'; '.join(blocked[:_MOST])}{more}", remedy="choose another place")


def download(stores: Stores, wanted: Download, progress: Progress = SILENT) -> Copied:
    """Copy the files that are not there yet, after a check of the free space. Raise BadInput, OSError, StoreError."""
    missing = {
        target: file
        for target, file in wanted.files.items()
        if not is_same(stores.datastore(file.datastore), file, wanted.into / target)
    }
    total = sum(file.size for file in missing.values())
    _check_space(wanted.into, total)
    progress.begin(len(missing), total)
    for folder in wanted.folders:
        (wanted.into / folder).mkdir(parents=True, exist_ok=True)
    wanted.into.mkdir(parents=True, exist_ok=True)
    for datastore, entries in _by_datastore(missing):
        manifest = Manifest(Kind.FOLDER, tuple(entries))
        ranged.fetch_files(stores.datastore(datastore), "", manifest, wanted.into, progress)
    return Copied(len(missing), total, unchanged=len(wanted.files) - len(missing))


def _by_datastore(files: Mapping[str, FoundFile]) -> Iterable[tuple[str, list[Entry]]]:
    ordered = sorted(files.items(), key=lambda item: (item[1].datastore, item[0]))
    for datastore, items in groupby(ordered, key=lambda item: item[1].datastore):
        yield datastore, [Entry(target, file.size, file.digest, file.key) for target, file in items]


def _check_space(into: Path, needed: int) -> None:
    place = into.absolute()
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    if needed > free:
        raise BadInput(
            f"the disk of {into} has {free} bytes free, and the files have {needed} bytes",
            remedy="make room, or choose another place",
        )


def _joined(folder: str, name: str) -> str:
    return "/".join(part for part in (folder, name) if part)


def _parents(name: str) -> set[str]:
    parts = name.split("/")
    return {"/".join(parts[:at]) for at in range(1, len(parts))}


def _is_no_folder(path: Path) -> bool:
    return path.exists() and not path.is_dir()

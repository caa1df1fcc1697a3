"""Copy files of this machine to a datastore."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence
from pathlib import Path

from ...data.dataset import Datastores
from ...data.manifest import survey
from ...data.transfers import trees
from ...data.transfers.progress import SILENT, Progress
from ...dataclass import dataclass
from ...errors import BadInput, Problem, StoreError
from ...model.data import DEFAULT_DATASTORE, Kind
from ...model.inside import is_inside
from ...model.names import KEY_BYTES, SEGMENT_BYTES, UNFINISHED, reserved_problem
from ...ports import FolderStore, ObjectStore
from .addresses import DatastoreAddress, RunAddress, has_glob, parse
from .copied import Copied
from .finding import file_of
from .listing import no_place
from .same_content import is_same
from .selection import FoundFile

_THREADS = 16
_MOST = 10
"""The most problems that are told."""


@dataclass(frozen=True)
class Upload:
    """The objects that an upload makes."""

    files: Mapping[str, Path]
    """The file of each key."""
    folders: tuple[str, ...] = ()
    """Keys of empty folders."""
    others: tuple[str, ...] = ()
    """Paths that no store can hold, each with its kind: sockets, devices, links that lead nowhere."""


def put(
    datastores: Datastores, sources: Sequence[str], address: DatastoreAddress, progress: Progress = SILENT
) -> Copied:
    """Copy files and folders to a datastore. A file that is there already with the same content is not sent.

    A call that was interrupted can therefore be repeated: it copies what is missing.

    Args:
        datastores: The stores by name.
        sources: Paths of this machine.
        address: The path of the copy: see `destination`. Sources go below it under their own names if it ends with a
            slash, or if there are several.
        progress: Receives what is copied.

    Returns:
        The number of files, and what could not be stored.

    Raises:
        BadInput: A source is missing, or a key is reserved or invalid. Nothing is copied then.
        StoreError: The store cannot be used.

    """
    below = address.below or len(sources) > 1
    places = [(Path(source), _place(address.path, Path(source)) if below else address.path) for source in sources]
    own = address.datastore == DEFAULT_DATASTORE
    return upload(datastores(address.datastore), plan(places), own=own, progress=progress)


def destination(text: str, default: str) -> DatastoreAddress:
    """Return the address of a path that is to be written. Raise BadInput if it cannot be one.

    Args:
        text: The address as the user wrote it.
        default: The name of the datastore of an address that names none.

    """
    address = parse(text, default)
    if isinstance(address, RunAddress):
        remedy = "choose a path in a datastore, such as data/…"
        raise BadInput(f"'{text}' cannot be written: the outputs of runs stay as they are", remedy=remedy)
    if has_glob(address.path):
        raise BadInput(f"'{text}' is a pattern, not the path of a copy", remedy="write a path without wildcards")
    return address


def store_files(store: ObjectStore, source: Path, key: str, *, own: bool = True) -> Copied:
    """Copy a file, or all below a folder, to a key.

    Args:
        store: The store.
        source: The file or folder.
        key: The key; the source goes below it under its own name if it ends with a slash or is empty.
        own: True if this is the workspace store, in which some keys are reserved.

    Raises:
        BadInput: There is no such file, or the key is reserved or invalid.
        StoreError: The store cannot be used.

    """
    place = _place(key, source) if not key or key.endswith("/") else key
    return upload(store, plan([(source, place.strip("/"))]), own=own)


def plan(sources: Sequence[tuple[Path, str]]) -> Upload:
    """Return which file goes to which key. Raise BadInput with all problems.

    Args:
        sources: Files and folders with their keys.

    """
    missing = [
        Problem(f"there is no file or folder {source}", remedy="correct the path")
        for source, _ in sources
        if not source.exists()
    ]
    if missing:
        raise BadInput(missing)
    files: dict[str, Path] = {}
    folders: list[str] = []
    others: list[str] = []
    for source, place in sources:
        tree = survey(source)
        for relative, path in tree.files:
            key = _joined(place, relative)
            if key in files:
                raise BadInput(f"{files[key]} and {path} would both be copied to '{key}'", remedy="copy one at a time")
            files[key] = path
        folders += [_joined(place, folder) for folder in tree.folders]
        if tree.kind is Kind.FOLDER and not tree.files and not tree.folders:
            folders.append(place)
        others += [str(source / other) for other in tree.others]
    return Upload(files, tuple(folders), tuple(others))


def upload(store: ObjectStore, wanted: Upload, *, own: bool, progress: Progress = SILENT) -> Copied:
    """Store the files that are not there yet. Raise BadInput before anything is sent, StoreError.

    Args:
        store: The store.
        wanted: The files.
        own: True if this is the workspace store, in which some keys are reserved.
        progress: Receives what is sent.

    """
    check(wanted, own=own)
    there = _present(store, list(wanted.files))
    sent = {key for key, path in wanted.files.items() if key in there and _is_sent(store, there[key], path)}
    missing = {key: path for key, path in wanted.files.items() if key not in sent}
    sizes = {key: path.stat().st_size for key, path in missing.items()}
    progress.begin(len(missing), sum(sizes.values()))
    trees.send(store, missing, progress)
    _make_folders(store, wanted.folders)
    kept = isinstance(store, FolderStore)
    return Copied(
        len(missing),
        sum(sizes.values()),
        unchanged=len(wanted.files) - len(missing),
        left_out=(*wanted.others, *(() if kept else (f"{folder}/ (an empty folder)" for folder in wanted.folders))),
    )


def check(wanted: Upload, *, own: bool) -> None:
    """Raise BadInput, with all problems, if a file cannot have its key."""
    problems: dict[Problem, None] = {}
    for key in (*wanted.files, *wanted.folders):
        found = reserved_problem(key, workspace=own) or _misfit(key)
        if found:
            problems[found] = None
    if problems:
        raise BadInput(list(problems)[:_MOST])


def _misfit(key: str) -> Problem | None:
    """Return why no store holds an object of that key; None if one can."""
    try:
        whole = key.encode()
    except UnicodeEncodeError:
        return Problem(f"the name {key!r} is no UTF-8 text", remedy="rename the file")
    parts = key.split("/")
    if not is_inside(key):
        return no_place(key).problems[0]
    if parts[0] == UNFINISHED:
        return Problem(f"'{key}' cannot be written: stores keep unfinished files in {UNFINISHED}/", remedy="rename it")
    if len(whole) > KEY_BYTES or max(map(len, whole.split(b"/"))) > SEGMENT_BYTES:
        limits = f"a key has up to {KEY_BYTES} bytes, and {SEGMENT_BYTES} between two slashes"
        return Problem(f"the key {key[:80]!r}… is too long: {limits}", remedy="shorten the name or the path")
    return None


def _present(store: ObjectStore, keys: Sequence[str]) -> Mapping[str, FoundFile]:
    if len(keys) < 2:
        infos = [info for info in map(store.stat, keys) if info]
    else:
        folder, wanted = posixpath.commonpath(keys), frozenset(keys)
        infos = [info for info in store.list(f"{folder}/" if folder else "") if info.key in wanted]
    return {info.key: file_of("", info) for info in infos}


def _is_sent(store: ObjectStore, there: FoundFile, path: Path) -> bool:
    try:
        return is_same(store, there, path)
    except OSError as error:
        raise StoreError(f"cannot read {path}: {error.strerror or error}") from error


def _make_folders(store: ObjectStore, folders: Sequence[str]) -> None:
    if not isinstance(store, FolderStore):
        return
    for folder in folders:
        path = store.path(folder)
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"cannot make the folder {path}: {error.strerror or error}") from error


def _place(folder: str, source: Path) -> str:
    return _joined(folder.strip("/"), source.resolve().name)


def _joined(folder: str, name: str) -> str:
    return "/".join(part for part in (folder, name) if part)

"""Delete files of a datastore."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from ...data import registry
from ...data.dataset import glob_rule
from ...errors import BadInput, Problem
from ...model.data import DEFAULT_DATASTORE, has_wildcard
from ...model.names import reserved_problem
from .addresses import RunAddress, parse
from .finding import Stores, find
from .selection import FoundFile, FoundFiles

_THREADS = 16
_REMEDY = "name other files; old runs are deleted by: runner gc"


def to_remove(stores: Stores, texts: Sequence[str], default: str) -> FoundFiles:
    """Return the files that `remove` may delete.

    Args:
        stores: The workspace.
        texts: Addresses.
        default: The name of the datastore of addresses that name none.

    Raises:
        BadInput: Nothing lies at an address, or files there are reserved: those of runs, and runner's own records.

    """
    problems: dict[Problem, None] = {}
    files: dict[tuple[str, str], FoundFile] = {}
    for text in texts:
        address = parse(text, default)
        if isinstance(address, RunAddress):
            what = f"'{text}' stays: runs keep the outputs that their steps committed"
            problems[Problem(what, remedy=_REMEDY)] = None
            continue
        found = find(stores, address)
        if not found.files:
            problems[Problem(f"nothing lies at '{text}'", remedy="see: runner data ls")] = None
        own = address.datastore == DEFAULT_DATASTORE
        if problem := _reserved(found.files, text, own=own):
            problems[problem] = None
        files.update({(file.datastore, file.key): file for file in found.files})
    if problems:
        raise BadInput(list(problems)[:10])
    return FoundFiles(path="", files=tuple(files.values()))


def _reserved(files: Sequence[FoundFile], text: str, *, own: bool) -> Problem | None:
    """Return why some of the files at an address stay; None if none does."""
    found = [problem for file in files if (problem := reserved_problem(file.key, workspace=own))]
    if not found:
        return None
    more = f" (and {len(found) - 1} more at '{text}')" if len(found) > 1 else ""
    return Problem(f"{found[0].what.replace('written', 'deleted')}{more}", remedy=_REMEDY)


def remove(stores: Stores, files: Sequence[FoundFile]) -> None:
    """Delete files; one that is gone already is no error. Raise StoreError."""
    with ThreadPoolExecutor(_THREADS) as threads:
        list(threads.map(lambda file: stores.datastore(file.datastore).delete(file.key), files))


def datasets_of(stores: Stores, files: Sequence[FoundFile]) -> tuple[str, ...]:
    """Return the names of the registered datasets whose newest version reads one of the files."""
    found: list[str] = []
    for name in registry.names(stores.workspace):
        entry = registry.latest(stores.workspace, name)
        for place in entry.definition.paths if entry else ():
            if any(file.datastore == place.datastore and _reads(place.path, file.key) for file in files):
                found.append(name)
                break
    return tuple(found)


def _reads(path: str, key: str) -> bool:
    plain = path.strip("/")
    if has_wildcard(plain):
        return bool(glob_rule(plain).fullmatch(key))
    return not plain or f"{key}/".startswith(f"{plain}/")

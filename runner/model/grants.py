"""The places in its stores that the keys of one attempt open (pure).

Each store gets two sets of keys. The *own* ones open the places of runs (`OWN_FOLDERS`: journals, records, outputs),
one by one, as far as the attempt needs them. The *shared* ones open what a workspace shares, as in v1: the users' data,
registered models and datasets, child runs; and by their digests, which nobody can list or guess, snapshots, plans and
manifests. The key of a request decides which of the two it uses (`BucketEndpoint.own`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from ..dataclass import dataclass
from .data import DEFAULT_DATASTORE, FILE_DATASTORE, has_wildcard
from .names import PUBLISHED, RUNS_FOLDER, SERVE, attempt_folder, is_of_runs, step_run_id
from .run_request import requests_of
from .task import InputBinding, Task

RUNS_PLACE = f"{RUNS_FOLDER}/"
OWN_FOLDERS = ("index/", "reuse/", "runs/", SERVE, RUNS_PLACE, f"{FILE_DATASTORE}/{RUNS_PLACE}")
"""The places of the workspace store that only own keys open, if any."""
_BY_DIGEST = ("environments/*", "plans/*", "snapshots/*")
"""Everybody may read them who knows their names; no step writes them."""
_ENOUGH = 24
"""Characters of a fingerprint that no other one has."""


@dataclass(frozen=True, kw_only=True)
class Grants:
    """Patterns of keys below a store's prefix; ``*`` stands for any text, ``?`` for one character."""

    reads: tuple[str, ...] = ()
    """Objects to read."""
    writes: tuple[str, ...] = ()
    """Objects to read, write and delete."""
    lists: tuple[str, ...] = ()
    """Prefixes to list."""
    levels: tuple[str, ...] = ()
    """Folders of which one level may be listed: the names that lie in it, not what lies below those."""
    closed: tuple[str, ...] = ()
    """Neither read nor written nor listed, whatever the rest opens."""
    fixed: tuple[str, ...] = ()
    """Neither written nor listed."""
    kept: tuple[str, ...] = ()
    """Not written."""
    unlisted: tuple[str, ...] = ()
    """Not listed."""
    stepwise: tuple[str, ...] = ()
    """Folders with closed ones in them. Their names are listed as one level, and what lies below only by the whole
    name of a folder: the beginning of a closed folder's name would list what lies below it."""


def own_grants(task: Task, datastore: str) -> Grants:
    """Return what opens the places of runs as far as the attempt needs them.

    Args:
        task: The attempt.
        datastore: The datastore; the default one is the workspace store.
    """
    if datastore != DEFAULT_DATASTORE:
        return _outputs_of_runs(task, datastore, "")
    run = f"runs/{task.id.run}"
    # v1: run.parent, and its cancel, tags, metrics and files.
    of_run = (f"{run}/cancelled", f"{run}/annotations/*", f"{run}/files/*")
    requests = f"{requests_of(task.id.run)}{task.id.key}/*"
    reuse = (f"reuse/{task.fingerprint[:_ENOUGH]}*",) if task.fingerprint else ()
    files = _outputs_of_runs(task, FILE_DATASTORE, f"{FILE_DATASTORE}/")
    data = _outputs_of_runs(task, DEFAULT_DATASTORE, "")
    carried = tuple(f"{folder}/*" for folder in (task.carried, *task.readable) if folder)
    return Grants(
        reads=(f"{run}/*", *carried, *data.reads, *files.reads),
        writes=(f"{task.id.folder}/*", *of_run, requests, *reuse, *data.writes, *files.writes),
        lists=(f"{run}/*", *carried, *data.lists, *files.lists),
    )


def shared_grants(datastore: str, *, read_only: bool = False) -> Grants:
    """Return what opens all of a datastore but the places of runs.

    Args:
        datastore: The datastore; the default one is the workspace store.
        read_only: True: nothing may be written. Default: False.
    """
    workspace = datastore == DEFAULT_DATASTORE
    return Grants(
        reads=("*",) if read_only else (),
        writes=() if read_only else ("*",),
        lists=("*/*",),
        levels=("",),
        closed=tuple(f"{folder}*" for folder in own_folders(datastore)),
        fixed=(*_BY_DIGEST, "store.json") if workspace else (),
        kept=(f"{PUBLISHED}*",) if workspace else (),
        unlisted=("manifests/*",) if workspace else (),
        stepwise=levels_above(own_folders(datastore)),
    )


def own_folders(datastore: str) -> tuple[str, ...]:
    """Return the places of runs in a datastore."""
    return OWN_FOLDERS if datastore == DEFAULT_DATASTORE else (RUNS_PLACE,)


def levels_above(folders: Iterable[str]) -> tuple[str, ...]:
    """Return the folders that other folders lie in, with their slashes, without the top level."""
    found = (folder[: end + 1] for folder in folders for end, char in enumerate(folder[:-1]) if char == "/")
    return tuple(dict.fromkeys(found))


def mount_grants(prefixes: Iterable[str], datastore: str) -> Grants:
    """Return what opens the folders that an attempt mounts, to read them.

    Args:
        prefixes: The folders' keys without a trailing slash; empty: the whole datastore, without the places of runs.
        datastore: The datastore.
    """
    places = tuple(dict.fromkeys(prefixes))
    folders = tuple(place for place in places if place)
    reads = tuple(pattern for place in folders for pattern in (place, f"{place}/*"))
    lists = tuple(f"{place}/*" for place in folders)
    if len(folders) == len(places):
        return Grants(reads=reads, lists=lists)
    every = shared_grants(datastore, read_only=True)
    return replace(every, reads=(*every.reads, *reads), lists=(*every.lists, *lists))


def _outputs_of_runs(task: Task, datastore: str, prefix: str) -> Grants:
    """Return the part of the places of outputs: the inputs that other steps made, and the attempt's own outputs."""
    inputs = [one for one in task.inputs if one.ref.datastore == datastore]
    places = [(place, one) for one in inputs for place in _places(one) if is_of_runs(place)]
    read = [pattern for place, one in places if not one.writable for pattern in _around(place, one)]
    written = [pattern for place, one in places if one.writable for pattern in _around(place, one)]
    # Of all attempts: the committed one deletes what killed ones have left.
    folder = attempt_folder(task.step_run, 1)
    writes_here = any(one.datastore == datastore for one in task.outputs)
    own = (f"{folder}/*", f"{folder}.*") if writes_here else ()
    carried = _carried_outputs(task) if writes_here else ()
    return Grants(
        reads=tuple(prefix + pattern for pattern in (*read, *carried)),
        writes=tuple(prefix + pattern for pattern in (*own, *written)),
        lists=tuple(prefix + pattern for pattern in (*own, *carried, *(f"{place}/*" for place, _ in places))),
    )


def _carried_outputs(task: Task) -> tuple[str, ...]:
    """Return what opens the outputs of the pool that the attempt continues: it copies those of finished batches."""
    if not task.carried:
        return ()
    _, run, key = task.carried.split("/")
    folder = attempt_folder(step_run_id(run, key), 1)
    return (f"{folder}/*", f"{folder}.*")


def _places(binding: InputBinding) -> Iterator[str]:
    """Yield the files and folders of an input; the parts of a dataset may lie far from each other."""
    definition = binding.dataset
    if definition is None or binding.ref.key not in ("", RUNS_FOLDER):
        yield binding.ref.key
    if definition is not None:
        yield from (_fixed(path.path) for path in definition.paths if path.datastore == binding.ref.datastore)


def _fixed(pattern: str) -> str:
    """Return the folders of a pattern before its first wildcard."""
    parts: list[str] = []
    for part in pattern.strip("/").split("/"):
        if has_wildcard(part):
            break
        parts.append(part)
    return "/".join(parts)


def _around(place: str, binding: InputBinding) -> tuple[str, ...]:
    """Return what opens a place: a folder, a file, or what may be either."""
    if not place:
        return ("*",)
    folder = f"{place}/*"
    return (folder,) if binding.ref.files > 1 and binding.dataset is None else (place, folder)


def narrowed(patterns: Iterable[str]) -> tuple[str, ...]:
    """Return the patterns, sorted, without those that another one covers."""
    kept: list[str] = []
    for pattern in sorted(set(patterns), key=lambda one: (one.rstrip("*"), not one.endswith("*"))):
        if not (kept and _covers(kept[-1], pattern)):
            kept.append(pattern)
    return tuple(kept)


def _covers(one: str, other: str) -> bool:
    return one.endswith("*") and "*" not in one[:-1] and other.startswith(one[:-1])

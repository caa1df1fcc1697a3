"""The runs of a workspace as listings show them: by one pass over the keys, and no object is read."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field

from ...data.retention import CONDEMNED, KEPT
from ...model.names import is_run_id
from ...ports import ObjectInfo, ObjectStore

RUNS, INDEX, CHILDREN = "runs/", "index/", "logged/children/"
_TAGS = "annotations/tags.jsonl/"
_ENDS = ("attempt-", "worker-")
"""The beginnings of the names of records of attempts, and of their workers."""
_REPORTS = ("facts.jsonl", "properties.jsonl")


@dataclass(kw_only=True)
class ListedRun:
    """One run in the listings."""

    run: str
    index: str = ""
    """The key of its entry in the index; empty: it has none."""
    bytes: int = 0
    objects: int = 0
    modified: float = 0.0
    """The time of the last write of anything, in seconds since the epoch by the store's clock."""
    head: float = 0.0
    """The time of the last write of its head."""
    journaled: float = 0.0
    """The time of the last write of a journal entry."""
    entries: int = 0
    """Number of journal entries."""
    newest: int = 0
    """The greatest number of a journal entry."""
    kept: bool = False
    condemned: bool = False
    tags: list[str] = field(default_factory=list)
    """The keys of the tags that were added from outside."""
    assignments: list[str] = field(default_factory=list)
    records: list[str] = field(default_factory=list)
    """The keys of attempt and commit records."""
    reports: list[str] = field(default_factory=list)
    """The keys of facts and properties that were reported of it and its steps."""

    @property
    def begun(self) -> bool:
        """Return True if the run has a journal. Its submission may be in progress, or may have died."""
        return self.entries > 0


def runs_of(store: ObjectStore) -> dict[str, ListedRun]:
    """Return all runs by their ids, from the index and from the folder of their objects.

    The index is listed first: a run enters it before its journal begins.
    """
    found: dict[str, ListedRun] = {}
    for info in store.list(INDEX):
        run = info.key.split("-", 1)[-1]
        if is_run_id(run):
            known = found.setdefault(run, ListedRun(run=run))
            known.index = info.key
            _count(known, info)
    for info in store.list(RUNS):
        run, _, rest = info.key[len(RUNS) :].partition("/")
        if rest and is_run_id(run):
            _enter(found.setdefault(run, ListedRun(run=run)), info, rest)
    return found


def runs_again(store: ObjectStore, runs: Collection[str], known: Collection[str]) -> dict[str, ListedRun]:
    """Return some runs as they are now, with those that the index has beside the `known` ones."""
    found: dict[str, ListedRun] = {}
    for info in store.list(INDEX):
        run = info.key.split("-", 1)[-1]
        if is_run_id(run) and (run in runs or run not in known):
            found[run] = ListedRun(run=run, index=info.key)
            _count(found[run], info)
    for run in {*runs, *found}:
        for info in store.list(f"{RUNS}{run}/"):
            _enter(found.setdefault(run, ListedRun(run=run)), info, info.key[len(RUNS) + len(run) + 1 :])
    return found


def parents_of(store: ObjectStore) -> dict[str, str]:
    """Return the parent of each run that has one."""
    return dict(_families(store.list(CHILDREN)))


def _families(infos: Iterable[ObjectInfo]) -> Iterator[tuple[str, str]]:
    for info in infos:
        parent, _, entry = info.key[len(CHILDREN) :].partition("/")
        child, top = entry.partition("-")[2], parent.partition(".")[0]
        if is_run_id(child) and is_run_id(top):
            yield child, top


def _count(known: ListedRun, info: ObjectInfo) -> None:
    known.bytes += info.size
    known.objects += 1
    known.modified = max(known.modified, info.modified)


def _enter(known: ListedRun, info: ObjectInfo, rest: str) -> None:
    """Count one object of a run, by its key below the run's folder."""
    if rest == CONDEMNED:
        known.condemned = True
        return  # which is no sign of life
    _count(known, info)
    folder, _, name = rest.partition("/")
    if rest == KEPT:
        known.kept = True
    elif rest == "head.json":
        known.head = info.modified
    elif folder == "journal":
        known.entries += 1
        known.journaled = max(known.journaled, info.modified)
        known.newest = max(known.newest, int(name.partition(".")[0]))
    elif rest.startswith(_TAGS):
        known.tags.append(info.key)
    elif name.startswith("assignment-"):
        known.assignments.append(info.key)
    elif name == "committed.json" or (name.startswith(_ENDS) and "/" not in name):
        known.records.append(info.key)
    elif is_report(rest):
        known.reports.append(info.key)


def is_commit(key: str) -> bool:
    """Return True for the commit record of a step, by its key among those of the run's records."""
    return key.endswith("/committed.json")


def is_report(key: str) -> bool:
    """Return True for facts and properties, which may name the snapshot of `Run.take_snapshot`."""
    return any(f"/{name}" in key for name in _REPORTS)

"""The experiments of a workspace: the names under which runs were submitted. Reads are bounded."""

from __future__ import annotations

from contextlib import suppress
from itertools import islice

from ..dataclass import dataclass
from ..errors import BadInput, StoreError
from ..ports import ObjectStore
from ..runs import index
from .listing import ListedRun, disk_is_full, listed
from .parallel_reads import read_each

LOOKED_AT = 500
"""The newest runs that are counted."""


@dataclass(frozen=True, kw_only=True)
class ExperimentFacts:
    """One experiment."""

    name: str
    runs: int
    """The number of its runs among those that were counted."""
    last: ListedRun | None
    """Its newest run; None: it was never submitted as a whole."""
    users: tuple[str, ...]


@dataclass(frozen=True)
class ExperimentList:
    """The experiments of the newest runs, the one with the newest run first."""

    experiments: tuple[ExperimentFacts, ...]
    counted: int
    """The number of runs that were counted."""
    more: bool
    """True if there are older runs, which were not."""


def experiments(store: ObjectStore, most: int = LOOKED_AT) -> ExperimentList:
    """Return the experiments of the newest runs.

    Args:
        store: The workspace store.
        most: The most runs that are counted.

    Raises:
        StoreError: The store cannot be read.

    """
    places = list(islice(index.places(store), most + 1))
    found: dict[str, list[index.IndexEntry]] = {}
    for entry in read_each(store, lambda place: entry_at(store, place), places[:most]):
        if entry is not None:
            found.setdefault(entry.experiment, []).append(entry)
    now, full = store.now(), disk_is_full(store)
    newest = [entries[0] for entries in found.values()]
    last = read_each(store, lambda entry: listed(store, entry, now, full=full), newest)
    made = [
        ExperimentFacts(
            name=name,
            runs=len(entries),
            last=run,
            users=tuple(dict.fromkeys(each.user for each in entries if each.user)),
        )
        for (name, entries), run in zip(found.items(), last, strict=True)
    ]
    return ExperimentList(tuple(made), min(len(places), most), len(places) > most)


def experiment_runs(store: ObjectStore, experiment: str, most: int, looked_at: int) -> tuple[tuple[str, ...], bool]:
    """Return the ids of the newest runs of an experiment, and True if there may be older ones.

    Args:
        store: The workspace store.
        experiment: The experiment's name.
        most: The most runs.
        looked_at: The most index entries that are read.

    Raises:
        StoreError: The store cannot be read.

    """
    places = list(islice(index.places(store), looked_at + 1))
    found: list[str] = []
    for start in range(0, min(len(places), looked_at), 128):
        part = places[start : min(start + 128, looked_at)]
        entries = read_each(store, lambda place: entry_at(store, place), part)
        found += [entry.run for entry in entries if entry is not None and entry.experiment == experiment]
        if len(found) > most:
            return tuple(found[:most]), True
    return tuple(found), len(places) > looked_at


def entry_at(store: ObjectStore, place: str) -> index.IndexEntry | None:
    """Return the entry at a place of the index; None if it was deleted meanwhile, or is damaged.

    Args:
        store: The workspace store.
        place: The place.

    """
    with suppress(StoreError, BadInput):
        return index.at(store, place)
    return None

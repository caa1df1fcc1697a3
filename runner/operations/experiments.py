"""The experiments of a workspace: the names under which runs were submitted. Reads are bounded."""

from __future__ import annotations

from ..dataclass import dataclass
from ..ports import ObjectStore
from .listing import ListedRun
from .run_pages import RunFilter, page

LOOKED_AT = 500
"""The newest runs that are counted."""
_PAGES = 4
"""The most pages of the list of runs that are read for one experiment."""


@dataclass(frozen=True, kw_only=True)
class ExperimentFacts:
    """One experiment."""

    name: str
    runs: int
    """The number of its runs among those that were counted."""
    last: ListedRun
    """Its newest run."""
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
    newest = page(store, RunFilter(), limit=most)
    found: dict[str, list[ListedRun]] = {}
    for run in newest.runs:
        found.setdefault(run.experiment, []).append(run)
    made = [
        ExperimentFacts(
            name=name, runs=len(runs), last=runs[0], users=tuple(dict.fromkeys(run.user for run in runs if run.user))
        )
        for name, runs in found.items()
    ]
    return ExperimentList(tuple(made), len(newest.runs), bool(newest.cursor))


def experiment_runs(store: ObjectStore, experiment: str, most: int) -> tuple[tuple[str, ...], bool]:
    """Return the ids of the newest runs of an experiment, and True if there may be older ones.

    Args:
        store: The workspace store.
        experiment: The experiment's name.
        most: The most runs.

    Raises:
        StoreError: The store cannot be read.

    """
    found: list[str] = []
    cursor = ""
    for _ in range(_PAGES):
        known = page(store, RunFilter(experiment=experiment), cursor=cursor, limit=most - len(found))
        found += [run.run for run in known.runs]
        cursor = known.cursor
        if not cursor or len(found) >= most:
            break
    return tuple(found), bool(cursor)

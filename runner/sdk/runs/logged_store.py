"""Runs that are no DAG, in the workspace store: what ``start_logging`` and ``child_run`` make.

=====================================================  ==============================================================
key                                                    what
=====================================================  ==============================================================
``logged/runs/<run>/run.json``                         the run's `LoggedRecord`, once
``logged/runs/<run>/reports/``                         its metrics, tags, properties, status changes: a `ReportLog`
``logged/runs/<run>/files/<name>``                     its files
``logged/experiments/<experiment>/<inverted>-<run>``   lists an experiment's top runs newest first; empty
``logged/children/<parent>/<inverted>-<run>``          lists a run's children, of whatever kind; empty
``runs/<run>[/<step>]/annotations/``, ``…/files/``     reports and files added to a submitted run from outside
=====================================================  ==============================================================

``runner list`` shows submitted runs alone: it does not look here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from ...dataclass import dataclass
from ...errors import ObjectMissing
from ...model.names import is_run_id
from ...runs.child_keys import END, LOGGED, child_key, entry

if TYPE_CHECKING:
    from ...ports import ObjectStore

_RUN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_\-]{0,254}")


@dataclass(frozen=True, kw_only=True)
class LoggedRecord:
    """The facts of a logged run at its start."""

    run: str
    experiment: str
    created: datetime
    name: str = ""
    parent: str = ""
    user: str = ""


def is_logged_id(run: str) -> bool:
    """Return True if only a logged run can have the id: submitted runs' ids begin with a time, steps' have a dot.

    Args:
        run: The id.

    """
    return _RUN.fullmatch(run) is not None and not is_run_id(run)


def add(store: ObjectStore, record: LoggedRecord) -> bool:
    """Store a new run and add it to its lists.

    Args:
        store: The workspace store.
        record: The run.

    Returns:
        False if there is a run of that id already.

    """
    from ...model.digest import canonical_json
    from ...model.document import to_document

    if not store.put_if_absent(f"{folder(record.run)}run.json", canonical_json(to_document(record))):
        return False
    if record.parent:
        enter_child(store, record.parent, record.run, record.created)
    else:
        store.put(f"{LOGGED}experiments/{record.experiment}/{entry(record.run, record.created)}", b"")
    return True


def find(store: ObjectStore, run: str) -> LoggedRecord | None:
    """Return a run's record, or None if there is no such run.

    Args:
        store: The workspace store.
        run: The id.

    """
    from ...model.stored_documents import read_document

    if not is_logged_id(run):
        return None
    try:
        return read_document(LoggedRecord, store.get(f"{folder(run)}run.json"), f"{folder(run)}run.json")
    except ObjectMissing:
        return None


def folder(run: str) -> str:
    """Return the prefix of a logged run's own objects.

    Args:
        run: The id.

    """
    return f"{LOGGED}runs/{run}/"


def enter_child(store: ObjectStore, parent: str, run: str, created: datetime) -> None:
    """Add a run, of any kind, to the children of another.

    Args:
        store: The workspace store.
        parent: The id of the parent.
        run: The id of the child.
        created: The time of the child's start.

    """
    store.put(child_key(parent, run, created), b"")


def children(store: ObjectStore, parent: str) -> Iterator[str]:
    """Return the ids of a run's children, newest first.

    Args:
        store: The workspace store.
        parent: The id of the parent.

    """
    return (_run(info.key) for info in store.list(f"{LOGGED}children/{parent}/"))


def runs(store: ObjectStore, experiment: str) -> Iterator[tuple[datetime, str]]:
    """Yield time and id of the experiment's logged runs without a parent, newest first.

    Args:
        store: The workspace store.
        experiment: The experiment's name.

    """
    for info in store.list(f"{LOGGED}experiments/{experiment}/"):
        left = int(info.key.rpartition("/")[2].partition("-")[0])
        yield END - timedelta(microseconds=left), _run(info.key)


def experiments(store: ObjectStore) -> Iterator[str]:
    """Yield the names of the experiments that have logged runs.

    Args:
        store: The workspace store.

    """
    seen = ""
    for info in store.list(f"{LOGGED}experiments/"):
        name = info.key.split("/")[2]
        if name != seen:
            seen = name
            yield name


def _run(key: str) -> str:
    return key.rpartition("/")[2].partition("-")[2]

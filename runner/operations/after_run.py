"""Outcomes of the actions at the end of a run: a report, and exports to other tools. Each is one small record."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime, timezone

from ..dataclass import dataclass
from ..errors import BadInput, ObjectMissing
from ..model.document import from_document, to_document
from ..ports import ObjectStore

BEGUN, DONE, FAILED = "begun", "done", "failed"
"""The states of an action."""
_NEVER = datetime.fromtimestamp(0, timezone.utc)
MOST_ATTEMPTS = 3
"""Controllers that begin an action; after the last one that ended while it was on its way, it has failed."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """The outcome of one action at the end of a run. No field holds a secret."""

    name: str
    """The action: one of `config.after_run.ACTIONS`."""
    state: str
    """One of ``begun``, ``done`` and ``failed``."""
    time: datetime
    """The time at which it reached this state."""
    place: str = ""
    """The place of the result: an address, or a key of the store."""
    reason: str = ""
    """The reason of a failure, in one line."""
    remedy: str = ""
    attempts: int = 1
    """The number of controllers that have begun it."""


def outcomes(store: ObjectStore, run: str) -> tuple[Outcome, ...]:
    """Return what became of the actions at the end of a run, by name.

    Args:
        store: The workspace store.
        run: The run's id.

    """
    found = (read(store, run, name_of(info.key)) for info in store.list(_folder(run)) if info.key.endswith(".json"))
    return tuple(outcome for outcome in found if outcome is not None)


def expected(store: ObjectStore, run: str, actions: Iterable[str]) -> tuple[Outcome, ...]:
    """Return the outcomes of a run that has just ended, and those of `actions` that have not begun as begun.

    Args:
        store: The workspace store.
        run: The run's id.
        actions: The names of the actions that its controller will do.

    """
    known = {each.name: each for each in outcomes(store, run)}
    missing = {name: Outcome(name=name, state=BEGUN, time=_NEVER) for name in actions if name not in known}
    return tuple({**known, **missing}.values())


def read(store: ObjectStore, run: str, name: str) -> Outcome | None:
    """Return what became of one action; None: nothing is known.

    Args:
        store: The workspace store.
        run: The run's id.
        name: The action's name.

    """
    try:
        return from_document(Outcome, json.loads(store.get(key_of(run, name))))
    except (ObjectMissing, BadInput, ValueError):  # one of another version is made anew
        return None


def write(store: ObjectStore, run: str, outcome: Outcome) -> None:
    """Record what became of an action.

    Args:
        store: The workspace store.
        run: The run's id.
        outcome: The outcome.

    """
    store.put(key_of(run, outcome.name), json.dumps(to_document(outcome)).encode())


def line(outcome: Outcome) -> str:
    """Return an outcome in one line, without its remedy: where the result lies, or why there is none."""
    if outcome.state == FAILED:
        return f"{outcome.name} failed: {outcome.reason}"
    return f"{outcome.name}: {outcome.place or outcome.state}" if outcome.state == DONE else f"{outcome.name} goes on"


def key_of(run: str, name: str) -> str:
    """Return the key of the record of an action."""
    return f"{_folder(run)}{name}.json"


def name_of(key: str) -> str:
    """Return the action of a record's key."""
    return key.rpartition("/")[2].removesuffix(".json")


def _folder(run: str) -> str:
    """Return the prefix of the records of a run. No step has a key that begins with an underscore."""
    return f"runs/{run}/_after/"

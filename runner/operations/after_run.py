"""Outcomes of the actions at the end of a run: a report, and exports to other tools. Each is one small record."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta, timezone

from ..dataclass import dataclass
from ..errors import BadInput, ObjectMissing
from ..model.document import from_document, to_document
from ..model.names import short
from ..ports import ObjectStore

BEGUN, DONE, FAILED, LEFT = "begun", "done", "failed", "left"
"""The states of an action. ``left``: the process that had begun it is gone; the next controller does it."""
_GRACE = timedelta(seconds=30)
"""The time that a process may need beyond the time limit of an action."""
_NEVER = datetime.fromtimestamp(0, timezone.utc)
MOST_ATTEMPTS = 3
"""Controllers that begin an action; after the last one that ended while it was on its way, it has failed."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """The outcome of one action at the end of a run. No field holds a secret."""

    name: str
    """The action: one of `config.after_run.ACTIONS`."""
    state: str
    """One of ``begun``, ``done``, ``failed`` and ``left``. The last one is never stored."""
    time: datetime
    """The time at which it reached this state."""
    place: str = ""
    """The place of the result: an address, or a key of the store."""
    reason: str = ""
    """The reason of a failure, in one line."""
    remedy: str = ""
    attempts: int = 1
    """The number of controllers that have begun it."""
    until: datetime | None = None
    """The time at which it is stopped, if it has begun, by the store's clock; None: unknown."""


def outcomes(store: ObjectStore, run: str) -> tuple[Outcome, ...]:
    """Return what became of the actions at the end of a run, by name.

    Args:
        store: The workspace store.
        run: The run's id.

    """
    names = [name_of(info.key) for info in store.list(_folder(run)) if info.key.endswith(".json")]
    found = [outcome for name in names if (outcome := read(store, run, name)) is not None]
    if not any(outcome.state == BEGUN for outcome in found):
        return tuple(found)
    now = store.now()
    return tuple(seen(outcome, run, now) for outcome in found)


def seen(outcome: Outcome, run: str, now: datetime) -> Outcome:
    """Return an outcome as people see it: what is still begun long after its time limit was left (pure).

    Args:
        outcome: The outcome, as it is stored.
        run: The run's id.
        now: The time, by the store's clock.

    """
    if outcome.state != BEGUN or outcome.until is None or now <= outcome.until + _GRACE:
        return outcome
    reason = "the controller that had begun it is gone"
    return replace(outcome, state=LEFT, reason=reason, remedy=f"let another one do it: runner resume {short(run)}")


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
    if outcome.state in (FAILED, LEFT):
        return f"{outcome.name} {'failed' if outcome.state == FAILED else 'was not done'}: {outcome.reason}"
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

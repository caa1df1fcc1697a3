"""Outcomes of the actions at the end of a run: a report, and exports to other tools. Each is one small record."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from socket import gethostname

from ..config.after_run import ACTIONS
from ..dataclass import dataclass
from ..errors import BadInput, ObjectMissing
from ..model.document import from_document, to_document
from ..model.names import short
from ..model.state import RunState
from ..ports import ObjectStore
from .controller_health import process_exists

WAITING, BEGUN, DONE, FAILED, LEFT = "waiting", "begun", "done", "failed", "left"
"""The states of an action. ``waiting``: its controller has announced it, and its turn has not come. ``left``: its
controller is gone, and the next one does it; this is never stored."""
FINAL, GOING = frozenset({DONE, FAILED}), frozenset({WAITING, BEGUN})
_MARK = ".controller"
"""A text that every controller's command line has."""
_LATE = timedelta(seconds=60)
"""Time after the limit of an action in which its controller records its end."""
MOST_ATTEMPTS = 3
"""Controllers that begin an action; after the last one that ended while it was on its way, it has failed."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """The outcome of one action at the end of a run. No field holds a secret."""

    name: str
    """The action: one of `config.after_run.ACTIONS`."""
    state: str
    """One of ``waiting``, ``begun``, ``done``, ``failed`` and ``left``."""
    time: datetime
    """The time at which it reached this state."""
    place: str = ""
    """The place of the result: an address, or a key of the store."""
    reason: str = ""
    """The reason of a failure, in one line."""
    remedy: str = ""
    attempts: int = 1
    """The number of controllers that have begun it."""
    seconds: float = 0.0
    """The longest time in which it is done: from its begin, or, as long as it waits, from the end of the run."""
    host: str = ""
    """The host of the controller that does it; empty: unknown."""
    pid: int = 0
    """The controller's process."""
    hint: str = ""
    """Options with which commands find the run, such as `` --target NAME``."""


def outcomes(store: ObjectStore, state: RunState) -> tuple[Outcome, ...]:
    """Return what became of the actions at the end of a run, in the order in which they are done.

    An action whose controller is gone was left: its remedy makes another controller do it.

    Args:
        store: The workspace store.
        state: The run, which has ended.

    """
    found = tuple(each for each in recorded(store, state.run) if each.state in FINAL or state.over)
    if all(each.state in FINAL for each in found):
        return found
    now = store.now()
    return tuple(
        _left(each, state.run) if each.state in GOING and is_gone(each, state, now) else each for each in found
    )


def recorded(store: ObjectStore, run: str) -> tuple[Outcome, ...]:
    """Return the records of the actions at the end of a run, in the order in which they are done.

    Args:
        store: The workspace store.
        run: The run's id.

    """
    found = (read(store, run, name_of(info.key)) for info in store.list(_folder(run)) if info.key.endswith(".json"))
    return tuple(sorted((one for one in found if one is not None and one.name in ACTIONS), key=_turn))


def _turn(outcome: Outcome) -> int:
    return ACTIONS.index(outcome.name)


def unfinished(store: ObjectStore, run: str, actions: Iterable[str]) -> bool:
    """Return True if a controller would do something at the end of a run that has ended.

    Args:
        store: The workspace store.
        run: The run's id.
        actions: The names of the actions that are wanted.

    """
    known = {each.name for each in recorded(store, run) if each.state in FINAL}
    return not known.issuperset(actions)


def is_gone(outcome: Outcome, state: RunState, now: datetime) -> bool:
    """Return True if nobody does an action that is not finished.

    Args:
        outcome: The record of the action.
        state: The run, which has ended.
        now: The time.

    """
    if outcome.pid and outcome.host == gethostname():
        return not process_exists(outcome.pid, _MARK)
    ended = state.ended or outcome.time
    since = outcome.time if outcome.state == BEGUN else max(outcome.time, ended)
    return now - since > timedelta(seconds=outcome.seconds) + _LATE


def _left(outcome: Outcome, run: str) -> Outcome:
    remedy = f"let another one do it: runner resume {short(run)}{outcome.hint}"
    return replace(outcome, state=LEFT, reason="its controller is gone", remedy=remedy)


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
    if outcome.state in {FAILED, LEFT}:
        return f"{outcome.name} {'failed' if outcome.state == FAILED else 'was not done'}: {outcome.reason}"
    if outcome.state == DONE:
        return f"{outcome.name}: {outcome.place or outcome.state}"
    return f"{outcome.name} goes on" if outcome.state == BEGUN else f"{outcome.name} is to come"


def key_of(run: str, name: str) -> str:
    """Return the key of the record of an action."""
    return f"{_folder(run)}{name}.json"


def name_of(key: str) -> str:
    """Return the action of a record's key."""
    return key.rpartition("/")[2].removesuffix(".json")


def _folder(run: str) -> str:
    """Return the prefix of the records of a run. No step has a key that begins with an underscore."""
    return f"runs/{run}/_after/"

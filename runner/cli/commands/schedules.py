"""``runner schedules``: list, show, enable, disable and fire schedules, and run one now."""

from __future__ import annotations

import sys
import time
from argparse import Namespace
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from ...errors import BadInput, RunnerError
from ...model.firing import Firing, FiringState
from ...model.occurrences import next_due
from ...model.published import Status
from ...model.schedule import ScheduleRecord
from ...operations.published import endpoints, firing, pipelines, schedule_history, schedules
from ...wiring import OpenWorkspace, open_session
from ..documents import print_json
from ..exits import DONE, FAILED
from ..output import show, show_all, warn
from ..paint import paint_for
from ..schedule_views import Shown, history_view, list_view, next_of, next_view, show_view

_STATUS = {"enable": Status.ACTIVE, "disable": Status.DISABLED}


def run(options: Namespace) -> int:
    """Carry out an action.

    Args:
        options: The command line.

    Returns:
        The exit code.

    Raises:
        BadInput: There is no schedule of that name.

    """
    session = open_session(Path.cwd(), options.target)
    if options.action == "list":
        _list(session, options)
        return DONE
    if options.action == "fire":
        return _fire(session, options)
    record = schedules.named(session.store, options.name)
    if options.action in _STATUS:
        _set(session, options, record)
    else:
        {"show": _show, "next": _next, "history": _history, "run-now": _run_now}[options.action](
            session, options, record
        )
    return DONE


def _list(session: OpenWorkspace, options: Namespace) -> None:
    found = [_shown(session, record) for record in schedules.all_of(session.store, active_only=not options.every)]
    if options.json:
        print_json({"schedules": [each.document() for each in found]})
    elif found:
        show_all(list_view(found, paint_for(sys.stdout), every=options.every))
    else:
        warn("no schedules here yet; see docs/how-to/schedules.md")


def _show(session: OpenWorkspace, options: Namespace, record: ScheduleRecord) -> None:
    found = _shown(session, record)
    if options.json:
        print_json(found.document())
    else:
        show_all(show_view(found, paint_for(sys.stdout)))


def _next(session: OpenWorkspace, options: Namespace, record: ScheduleRecord) -> None:
    if record.recurrence is None:
        raise BadInput(
            f"the schedule '{record.name}' watches files, so it has no due times",
            remedy="see: runner schedules history",
        )
    times = next_due(record.recurrence, session.store.now(), options.count)
    if options.json:
        print_json({"schedule": record.id, "status": record.status.value, "next": times})
        return
    if record.status is not Status.ACTIVE:
        warn(f"the schedule '{record.name}' is disabled: none of these starts a run")
    show_all(next_view(record, times))


def _history(session: OpenWorkspace, options: Namespace, record: ScheduleRecord) -> None:
    found = list(islice(schedule_history.newest_first(session.store, record.id), options.count))
    if options.json:
        print_json({"schedule": record.id, "history": found})
    elif found:
        show_all(history_view(found, paint_for(sys.stdout)))
    else:
        warn(f"the schedule '{record.name}' has not been due yet")


def _run_now(session: OpenWorkspace, options: Namespace, record: ScheduleRecord) -> None:
    made = firing.run_now(session, record)
    if options.json:
        print_json(made)
    else:
        show(f"run {made.run} of schedule '{record.name}' is submitted; follow it: runner attach {made.run[-6:]}")


def _set(session: OpenWorkspace, options: Namespace, record: ScheduleRecord) -> None:
    from ...sdk.published.schedule_changes import Wanted, changed

    wanted = _STATUS[options.action]
    made = changed(session, record, Wanted(status=wanted.value))
    if options.json:
        print_json(_shown(session, made).document())
        return
    already = "already " if record.status is wanted else ""
    show(f"schedule '{record.name}' is {already}{'active' if wanted is Status.ACTIVE else 'disabled'}")


def _fire(session: OpenWorkspace, options: Namespace) -> int:
    failed: list[str] = []
    if options.name:
        record = schedules.named(session.store, options.name)
        made = [(record, each) for each in _fire_one(session, record)]
    else:
        made = firing.fire_all(session, firing.Looks(), lambda record, error: failed.append(_failure(record, error)))
    if options.json:
        print_json({"fired": [{"schedule": record.id, **_plain(each)} for record, each in made], "failed": failed})
    else:
        show_all(f"schedule '{record.name}': {_said(each)}" for record, each in made)
        warn(*failed)
    return FAILED if failed else DONE


def _fire_one(session: OpenWorkspace, record: ScheduleRecord) -> list[Firing]:
    other = firing.elsewhere(session, record)
    if other:
        warn(f"schedule '{record.name}' is not fired from here: {other}")
        return []
    made = firing.fire(session, record)
    early = 0.0 if made else firing.seconds_until_due(record, session.store.now())
    if early:
        time.sleep(early)
        made = firing.fire(session, record)
    return made


def _failure(record: ScheduleRecord, error: RunnerError) -> str:
    return f"schedule '{record.name}' ({record.id}) could not be fired: {error}"


def _plain(each: Firing) -> dict[str, object]:
    return {"due": each.due, "state": each.state, "run": each.run, "why": each.why}


def _said(each: Firing) -> str:
    return " ".join(_words(each))


def _words(each: Firing) -> Iterator[str]:
    yield f"due {each.due:%Y-%m-%d %H:%M} UTC, {each.state.value}"
    if each.state is FiringState.SUBMITTED:
        yield f"as run {each.run}"
    if each.why:
        yield f"({each.why})"


def _shown(session: OpenWorkspace, record: ScheduleRecord) -> Shown:
    store, identity = session.store, record.endpoint or record.pipeline
    try:
        name = endpoints.get(store, identity).name if record.endpoint else pipelines.get(store, identity).name
    except BadInput:
        name = identity
    return Shown(record, name, next_of(record, store.now()))

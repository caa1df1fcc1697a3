"""Reports of an open workspace's runs, and how commands reach the same workspace again."""

from __future__ import annotations

import socket
from contextlib import suppress

from ..data.free_space import without_room
from ..errors import BadInput, remedy_line
from ..model.data import DataRef
from ..model.names import short
from ..model.state import RunState
from ..operations import journal_gap, listing
from ..operations.report import RunReport, StepReport, display_names, report, step_report
from ..operations.values import RunView
from ..ports import FolderStore
from ..runs import head, index
from ..wiring import OpenWorkspace
from ..wiring.controllers import log_of
from .output import warn

_WAITS = "waiting: "
"""The beginning of a controller's log line about a wait."""
_NEWEST = ("latest", "last")
_THREADS = 16
"""Requests to a bucket at a time."""


def hint(session: OpenWorkspace) -> str:
    """Return the options that a command needs to find the same store."""
    override = session.override
    return f" --target {override}" if override and override != session.config.target else ""


def find_run(session: OpenWorkspace, text: str) -> str:
    """The run that `text` means; `latest`: the newest one. Raises BadInput, with where else there are runs."""
    try:
        return _run_here(session, text)
    except index.NoRun as error:
        raise _with_hints(session, error, text) from None


def _run_here(session: OpenWorkspace, text: str) -> str:
    newest = listing.latest(session.store) if text in _NEWEST else ""
    return newest or index.find(session.store, text)


def elsewhere(session: OpenWorkspace, text: str = "") -> tuple[str, ...]:
    """Return hints that show the runs of other places, or the run that `text` names."""
    from ..wiring.other_workspaces import hints

    return hints(session.config, session.override, text)


def _with_hints(session: OpenWorkspace, error: index.NoRun, text: str) -> index.NoRun:
    (problem,) = error.problems
    found = elsewhere(session, "" if text in _NEWEST else text)
    return index.NoRun(problem.what, problem.where, "; or ".join((*found, *(() if found else (problem.remedy,)))))


def report_of(session: OpenWorkspace, view: RunView) -> RunReport:
    """The whole run."""
    store = session.store
    threads = 1 if hasattr(store, "path") else _THREADS
    return report(store, view, lambda ref: local_path(session, ref), store.now(), threads=threads)


def report_of_step(session: OpenWorkspace, view: RunView, key: str) -> StepReport:
    """One step of a run."""
    now = session.store.now()
    return step_report(session.store, view, key, locate=lambda ref: local_path(session, ref), now=now)


def local_path(session: OpenWorkspace, ref: DataRef) -> str:
    """Return the path of data on this machine; empty for a bucket."""
    locate = getattr(session.datastore(ref.datastore), "path", None)
    return str(locate(ref.key)) if locate is not None else ""


def find_step(view: RunView, text: str) -> str:
    """The key of the step that `text` means: a key, or a name that one step has. Raises BadInput."""
    if text in view.state.steps:
        return text
    named = [step.key for step in view.plan.steps if step.name == text]
    if len(named) == 1:
        return named[0]
    if named:
        raise BadInput(f"{len(named)} steps are called '{text}'", remedy=f"give a key: {', '.join(named)}")
    known = ", ".join(display_names(view.plan).values())
    raise BadInput(f"run {view.state.run} has no step '{text}'", remedy=f"its steps: {known}")


def find_run_and_step(session: OpenWorkspace, run: str, step: str) -> tuple[RunView, str]:
    """Return run and step of ``[RUN] [STEP]``; a lone name may be a step of the newest run. Raise BadInput.

    The key is empty when no step is named.
    """
    try:
        view = session.view(_run_here(session, run))
    except BadInput as error:
        newest = listing.latest(session.store)
        known = session.view(newest) if newest and not step else None
        if known and (run in known.state.steps or run in display_names(known.plan).values()):
            return known, find_step(known, run)
        raise (_with_hints(session, error, run) if isinstance(error, index.NoRun) else error) from None
    return view, find_step(view, step) if step else ""


def waits_for(session: OpenWorkspace, state: RunState) -> str:
    """Return the reason why the controller on this machine waits, from its log; empty: none is known.

    The journal cannot tell: it may be what cannot be written. A head that is newer than the line says it has passed.
    """
    if state.over or state.host != socket.gethostname():
        return ""
    if isinstance(session.store, FolderStore) and (full := without_room(session.config.folder)):
        return full  # the controller's log may lie on the same disk
    log = log_of(state.run)
    if log is None:
        return ""
    with suppress(OSError):
        last = (log.read_text(encoding="utf-8", errors="replace").splitlines() or [""])[-1]
        shown = head.read(session.store, state.run) if last.startswith(_WAITS) else None
        if shown is not None and shown.time.timestamp() < log.stat().st_mtime:
            return last.removeprefix(_WAITS)
    return ""


def refuse_damaged(session: OpenWorkspace, state: RunState) -> None:
    """Raise BadInput when the run's journal lacks an entry: nothing can drive such a run on, or end it."""
    if why := session.damage(state):
        raise BadInput(f"run {state.run} cannot go on: {why}", remedy=journal_gap.remedy(state.run, hint(session)))


def warn_stopped(session: OpenWorkspace, view: RunView) -> None:
    """Say so when nobody drives a run that has not ended, or whoever does waits for something."""
    if waits := waits_for(session, view.state):
        warn(f"it waits: {waits}")
    why = session.why_stopped(view.state)
    if why:
        warn(f"it does not go on: {why}")
        log = log_of(view.state.run)
        if log:
            warn(f"  log:   {log}")
        damaged = session.damage(view.state)
        resume = f"runner resume {short(view.state.run)}{hint(session)}"
        warn(remedy_line(journal_gap.remedy(view.state.run, hint(session)) if damaged else resume))

"""An open workspace: what the SDK and the command line work with."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from .. import config as configuration
from ..errors import StoreUnreachable
from ..model.names import short
from ..model.plan import Plan
from ..model.state import RunState
from ..model.stated import NOTHING, Stated
from ..model.status import RunStatus
from ..operations import damage, liveness, watch
from ..operations.listing import is_begun
from ..operations.values import Request, RunView
from ..runs import head, index, records
from .controllers import MARK, Controllers, Starter, log_of
from .places import Places

if TYPE_CHECKING:
    from ..operations.computes import Named
    from ..operations.submit import Submitter


class SystemClock:
    """ports.Clock over this machine's clock."""

    def now(self) -> datetime:
        """UTC, aware."""
        return datetime.now(timezone.utc)

    def monotonic(self) -> float:
        """Seconds that never go back."""
        import time

        return time.monotonic()


def open_session(start: Path | None = None, target: str = "", words: Stated = NOTHING) -> OpenWorkspace:
    """The workspace that holds in `start` (default: here), for `target` and what was typed. Raises BadInput."""
    found = configuration.load(start or Path.cwd())
    override = target or found.target
    if override:
        found.get(override)
    return OpenWorkspace(found, override, words=words)


@dataclass
class OpenWorkspace(Places):
    """One workspace: plans are submitted to it, and its runs are watched."""

    words: Stated = NOTHING
    """What the command line says of every plan that is submitted; it goes before the plan's own words."""
    submitted: list[str] = field(default_factory=list)
    """Runs this session has started, in order."""
    on_submit: Callable[[str], None] = lambda _run: None
    """Called with the id of each run that was submitted."""
    _announced: set[str] = field(default_factory=set)
    _views: dict[str, RunView] = field(default_factory=dict)
    """What has been read already: the next look folds only what is new."""

    def check(self, plan: Plan, request: Request) -> dict[str, str]:
        """Each step's target, once nothing stands against running the plan. Raises BadInput with all that does."""
        return self._checked(plan, request)[0]

    def planned(self, plan: Plan, request: Request) -> tuple[Plan, dict[str, str]]:
        """The plan as it would be submitted, every step stating all that holds; each step's target. Raises BadInput."""
        targets, known = self._checked(plan, request)
        return self._resolved(plan, targets, known), targets

    def worded(self, plan: Plan, request: Request) -> tuple[Plan, Request]:
        """What is submitted with the command line's words in it, and no others: a plan to be written down."""
        from ..operations import computes
        from ..plan import policies

        if self.words.wish != NOTHING.wish:  # as a step that asks for something itself asks no more by its compute name
            plan = computes.with_resources(plan, computes.named(self.store, self.config, plan), self.config)
        return policies.said(plan, self.words), request.said(self.words)

    def _resolved(self, plan: Plan, targets: Mapping[str, str], known: Named) -> Plan:
        from ..operations import computes
        from ..plan import policies

        asking = computes.with_resources(plan, known, self.config)
        return policies.said(policies.resolved(asking, targets, self.config.targets), self.words)

    def _checked(self, plan: Plan, request: Request) -> tuple[dict[str, str], Named]:
        """The targets, and what the plan's compute names stand for."""
        from ..operations import computes
        from .checks import targets_of

        known = computes.named(self.store, self.config, plan)
        targets = targets_of(self, plan, request, known, self.words.access)
        self.controllers.check(set(targets.values()))
        return targets, known

    def submit(self, plan: Plan, request: Request) -> str:
        """Start a run; its id, once its first event is journaled. Raises BadInput with every problem."""
        from ..operations.submit import submit

        targets, known = self._checked(plan, request)
        self._announce(plan, targets, known)
        plan, request = self._resolved(plan, targets, known), request.said(self.words)
        _ = self.store_id  # which gives a new store its format
        run = submit(self.store, plan, targets, request, self.submitter(), limits=known.limits)
        self.submitted.append(run)
        if not self._has_been_done(run):
            self.start_controller(run)
        self.on_submit(run)
        return run

    def submitter(self) -> Submitter:
        """Who submits from here, now."""
        from ..operations.submit import Submitter

        return Submitter(_user(), SystemClock().now(), os.urandom(10), self.workspace_facts)

    def _has_been_done(self, run: str) -> bool:
        """Whether the run could be ended at once, as earlier runs have done each of its steps."""
        from ..control.at_once import end_at_once

        try:
            known = self.view(run)
        except StoreUnreachable:
            return False  # it has been submitted: a controller asks again
        return end_at_once(self.store, self.datastore, known.plan, known.state, SystemClock())

    def _announce(self, plan: Plan, targets: Mapping[str, str], known: Named) -> None:
        """Say how what the plan asks for is met here, where that is another way."""
        from ..operations import computes
        from ..operations.environments import announce_environments
        from ..operations.targets import announce

        announce(plan, self.config, self.override, self._say_once, known.created)
        computes.announce_sizes(known, self.config, self._say_once)
        announce_environments(plan, targets, self.environments, self._say_once)

    def _say_once(self, line: str) -> None:
        """Say what was not said at an earlier submit of this session."""
        if line not in self._announced:
            self._announced.add(line)
            self.say(line)

    def start_controller(self, run: str) -> None:
        """Start a controller for the run, which outlives this process."""
        self.controllers.start(run)

    @cached_property
    def controllers(self) -> Starter:
        """What starts controllers from here: processes of this machine, unless another is put in its place."""
        return Controllers(self.config.root, self.override)

    def why_stopped(self, state: RunState) -> str:
        """Why the run does not go on by itself; empty: a controller drives it, or it has ended."""
        if state.over:
            return ""
        import socket

        here, started = socket.gethostname(), self.controllers.process_of(state.run)
        process: bool | None = None
        if started is not None and (started.poll() is None or not state.pid):
            process = started.returncode is None
        elif state.pid and state.host == here:
            process = liveness.process_exists(state.pid, MARK)
        if process:
            return ""
        shown = head.read(self.store, state.run)
        signs = liveness.Signs(shown, self.store.now(), process, self._damage(state, shown))
        return liveness.why_stopped(state, signs)

    def damage(self, state: RunState) -> str:
        """Return why no controller can ever drive the run on; empty: nothing is known to be wrong with its journal."""
        return "" if state.over else self._damage(state, head.read(self.store, state.run))

    def _damage(self, state: RunState, shown: head.Head | None) -> str:
        number = damage.missing_entry(self.store, state, shown)
        if not number or shown is None:
            return ""
        damage.mark(self.store, state.run, shown, number)
        return damage.words(number)

    def view(self, run: str) -> RunView:
        """The run now. Raises BadInput for an unknown id."""
        known = self._views.get(run)
        fresh = self._views[run] = watch.newer(self.store, known) if known else watch.view(self.store, run)
        return fresh

    def check_driven(self, known: RunView) -> None:
        """Raise Stranded unless a controller drives the run, or has just ended it."""
        state, why = known.state, self.why_stopped(known.state)
        if why and watch.newer(self.store, known).state.number == state.number:
            where = f" --target {self.override}" if self.override not in {"", self.config.target} else ""
            log = _log_line(state.run)
            mend = f"runner resume {short(state.run)}{where}"
            if self.damage(state):
                mend = damage.remedy(state.run, where)
            raise liveness.Stranded(f"run {state.run} does not go on: {why}{log}\n  do:    {mend}")

    def wait(self, run: str, *, after: int, seconds: float) -> RunView:
        """The run as soon as it has ended or has entries beyond number `after`, else after `seconds`.

        Raises Stranded when nobody drives it any more.
        """
        known = self.view(run)
        if known.state.over or known.state.number > after:
            return known
        fresh = self._views[run] = watch.wait(self.store, known, seconds=seconds, pause=self.pause)
        if fresh.state.number == known.state.number:
            self.check_driven(fresh)
        return fresh

    @property
    def pause(self) -> float:
        """Seconds between two looks at the journal: a folder's are cheap, a bucket's are requests."""
        return 0.5 if self.in_bucket else 0.02

    def runs(self, experiment: str = "") -> tuple[str, ...]:
        """Ids of the workspace's runs, newest first, of one experiment unless that is empty."""
        if not experiment:
            entered = index.run_ids(self.store)
        else:
            newest = index.newest(self.store, sys.maxsize)
            entered = (entry.run for entry in newest if entry.experiment == experiment)
        return tuple(run for run in entered if is_begun(self.store, run))

    def logs(self, run: str, key: str) -> str:
        """All output of the step's newest attempt so far."""
        from ..model.task import TaskId

        attempt = self.view(run).state.steps[key].attempt
        return watch.log_text(self.store, TaskId(run, key, max(attempt, 1)))

    def cancel(self, run: str) -> None:
        """Ask for the end of the run; an ended one is left as it is."""
        if self.view(run).state.status is RunStatus.RUNNING:
            records.cancel(self.store, run)


def _log_line(run: str) -> str:
    log = log_of(run)
    return f"\n  log:   {log}" if log else ""


def _user() -> str:
    import getpass

    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""

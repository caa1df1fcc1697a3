"""An open workspace: what the SDK and the command line work with."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import StoreUnreachable, remedy_line
from ..model.environment import NamedEnvironment
from ..model.names import short
from ..model.plan import Plan
from ..model.policy_overrides import NO_OVERRIDES, PolicyOverrides
from ..model.state import RunState
from ..model.status import RunStatus
from ..operations import controller_health, journal_gap, watch
from ..operations.listing import is_begun
from ..operations.values import Request, RunView
from ..override import override
from ..runs import head, index, records
from . import configuration, known_workspaces
from .cache import cache_folder
from .clock import SystemClock
from .controllers import MARK, Controllers, Starter, log_of
from .places import Places
from .whoami import user

if TYPE_CHECKING:
    from ..model.published import ParameterValues, PublishedRecord
    from ..model.schedule import ScheduleRecord
    from ..operations.computes import Named
    from ..operations.local_wheels import SealedPlan
    from ..operations.published.pipelines import PublishOptions
    from ..operations.retry_selection import Part
    from ..operations.submit import Submitter


def open_session(
    start: Path | None = None, target: str = "", overrides: PolicyOverrides = NO_OVERRIDES
) -> OpenWorkspace:
    """Return the workspace around `start` (default: the current folder) for a target. Raise BadInput."""
    found = configuration.load(start or Path.cwd())
    override = target or found.target
    if override:
        found.get(override)
    return OpenWorkspace(config=found, override=override, overrides=overrides)


@dataclass(kw_only=True)
class OpenWorkspace(Places):
    """One workspace: plans are submitted to it, and its runs are watched."""

    overrides: PolicyOverrides = NO_OVERRIDES
    """Overrides of the command line, which precede each plan's own policies."""
    submitted: list[str] = field(default_factory=list)
    """Runs this session has started, in order."""
    on_submit: Callable[[str], None] = lambda _run: None
    """Called with the id of each run that was submitted."""
    _announced: set[str] = field(default_factory=set)
    _views: dict[str, RunView] = field(default_factory=dict)
    """Runs that were read; the next read folds only new entries."""

    def check(self, plan: Plan, request: Request) -> dict[str, str]:
        """Return each step's target, if the plan can run. Raise BadInput with all problems."""
        return self.checked(self.sealed(self.dated(plan)), request)[0]

    def planned(self, plan: Plan, request: Request) -> tuple[Plan, dict[str, str]]:
        """Return the plan with all policies resolved, and each step's target; store its wheels. Raise BadInput."""
        from ..operations import local_wheels

        made = self.sealed(self.dated(plan))
        targets, known = self.checked(made, request)
        local_wheels.keep(self.store, made.files)
        return self._resolved(made.plan, targets, known), targets

    def make_environment(self, environment: NamedEnvironment) -> str:
        """Make an environment for the target in force, as a run submitted now has it. Return its image or interpreter.

        Raises BadInput for a local wheel that cannot be used, EnvironmentFailed, StoreError.
        """
        from ..operations import local_wheels

        made = self.sealed(self.dated(Plan(steps=(), environments={"": environment})))
        local_wheels.keep(self.store, made.files)
        return self.environments(self.target_in_force).ensure(made.plan.environments[""], self.notify).reference

    def with_command_line_overrides(self, plan: Plan, request: Request) -> tuple[Plan, Request]:
        """Return plan and request with the overrides of the command line alone, to write them to a file."""
        from ..operations import computes
        from ..plan import policies

        if (
            self.overrides.request != NO_OVERRIDES.request
        ):  # as a step that asks for something itself asks no more by its compute name
            plan = computes.with_resources(plan, self._named(plan), self.config.vm_sizes)
        return policies.with_overrides(plan, self.overrides), request.with_overrides(self.overrides)

    def dated(self, plan: Plan) -> Plan:
        """Return the plan with the dates that the command line and the configuration state for its environments."""
        stated = self.overrides.packages_until
        found = {key: self.config.dated(each).until(stated) for key, each in plan.environments.items()}
        return replace(plan, environments=found)

    def _resolved(self, plan: Plan, targets: Mapping[str, str], known: Named) -> Plan:
        from ..operations import computes
        from ..plan import policies

        asking = computes.with_resources(plan, known, self.config.vm_sizes)
        return policies.with_overrides(policies.with_defaults(asking, targets, self.config.targets), self.overrides)

    def _named(self, plan: Plan) -> Named:
        from ..operations import computes

        return computes.named(self.store, self.config.computes, plan)

    def sealed(self, plan: Plan) -> SealedPlan:
        """Return the plan with its local wheels by digest, and its environments in their newest generation.

        Raises BadInput, StoreError.
        """
        from ..operations.environment_generations import in_newest_generation
        from ..operations.local_wheels import sealed

        made = sealed(plan)
        return replace(made, plan=in_newest_generation(self.store, made.plan))

    def checked(self, made: SealedPlan, request: Request) -> tuple[dict[str, str], Named]:
        """Return the targets, and the settings of the plan's compute names. Raise BadInput with all problems."""
        from .checks import targets_of

        known = self._named(made.plan)
        targets = targets_of(self, made, request, known, self.overrides.access)
        self.controllers.check(set(targets.values()))
        return targets, known

    def submit(self, plan: Plan, request: Request) -> str:
        """Submit a plan, start its controller, and return the run's id. Raise BadInput with all problems."""
        from .publication import made_now

        return self.submit_sealed(made_now(self, plan, settled=request.settled), request)

    def submit_sealed(self, made: SealedPlan, request: Request, *, run: str = "") -> str:
        """Submit a plan whose environments are settled; `run`: see `operations.submit.submit`. Raises as `submit`."""
        from ..operations import local_wheels
        from ..operations.submit import submit

        plan = made.plan
        targets, known = self.checked(made, request)
        self._announce(plan, targets, known)
        plan, request = self._resolved(plan, targets, known), request.with_overrides(self.overrides)
        _ = self.store_id  # which gives a new store its format
        local_wheels.keep(self.store, made.files)
        run = submit(self.store, plan, targets, request, self.submitter(), limits=known.limits, run=run)
        self.submitted.append(run)
        if not self._end_if_all_reused(run):
            self.see_to_controller(run)
        elif self.after_run.actions:
            self.start_controller(run)
        self.on_submit(run)
        return run

    def see_to_controller(self, run: str) -> None:
        """Start a controller for a submitted run unless one drives it, or it has ended.

        Two controllers at once are harmless: one of them finds that the run is taken.
        """
        try:
            state = self.view(run).state
        except StoreUnreachable:
            self.start_controller(run)
            return
        if not state.over and (not controller_health.driver_of(state) or self.why_stopped(state)):
            self.start_controller(run)

    def publish(self, plan: Plan, options: PublishOptions) -> PublishedRecord:
        """Publish a pipeline: see `publication.publish`."""
        from . import publication

        return publication.publish(self, plan, options)

    def submit_published(
        self,
        record: PublishedRecord,
        values: ParameterValues,
        request: Request,
        *,
        run: str = "",
        ignore_unknown: bool = False,
        parse_texts: bool = False,
        continue_on_step_failure: bool | None = None,
    ) -> str:
        """Submit a published pipeline: see `publication.submit_published`."""
        from . import publication

        return publication.submit_published(
            self,
            record,
            values,
            request,
            run=run,
            ignore_unknown=ignore_unknown,
            parse_texts=parse_texts,
            continue_on_step_failure=continue_on_step_failure,
        )

    def retry(self, run: str, part: Part, new: str) -> None:
        """Retry an ended run under a given id: see `retrying.retry_once`."""
        from . import retrying

        retrying.retry_once(self, run, part, new)

    def fire_schedule(self, record: ScheduleRecord) -> None:
        """Submit what is due of a schedule now. Raises RunnerError."""
        from ..operations.published import firing

        firing.fire(self, record)

    def has_timer(self, record: ScheduleRecord) -> bool:
        """Return True if a timer fires the schedule: see `schedule_timers.has_timer`."""
        from . import schedule_timers

        return schedule_timers.has_timer(self, record)

    def place_schedule(self, record: ScheduleRecord) -> None:
        """Let a schedule fire as its record says: see `schedule_timers.place`."""
        from . import schedule_timers

        schedule_timers.place(self, record)

    def submitter(self) -> Submitter:
        """Return the identity and random seed of a submission from here."""
        from ..operations.submit import Submitter

        return Submitter(user(), SystemClock().now(), os.urandom(10), self.workspace_facts)

    def _end_if_all_reused(self, run: str) -> bool:
        """End the run at once if it can reuse all steps; return True if it was."""
        from ..control.reuse_all import end_if_all_reused

        try:
            known = self.view(run)
        except StoreUnreachable:
            return False  # it has been submitted: a controller asks again
        return end_if_all_reused(self.store, self.datastore, known.plan, known.state, SystemClock())

    def _announce(self, plan: Plan, targets: Mapping[str, str], known: Named) -> None:
        """Report each request of the plan that is met in another way here."""
        from ..operations import computes
        from ..operations.environments import announce_environments
        from ..operations.input_deliveries import announce_mounts
        from ..operations.scoped_stores import announce_whole_stores
        from ..operations.targets import announce

        announce(plan, self.config, self.override, self._say_once, known.created)
        computes.announce_sizes(known, self.config.vm_sizes, self._say_once)
        announce_environments(plan, targets, self.environments, self._say_once)
        ways = lru_cache(lambda name: self.candidate(name).data_access())
        announce_whole_stores(targets.values(), ways, self._say_once)
        announce_mounts(plan, targets, ways, self._say_once)

    def _say_once(self, line: str) -> None:
        """Print a line unless this session has printed it before."""
        if line not in self._announced:
            self._announced.add(line)
            self.notify(line)

    def start_controller(self, run: str) -> None:
        """Start a controller for the run. It outlives this process."""
        known_workspaces.remember(cache_folder(), self.identity)
        self._starter(run).start(run)

    def _starter(self, run: str) -> Starter:
        """Return the starter for a run. One of a schedule goes into the cluster: no machine has to stay on for it."""
        from .detached import Detached, controllers_of

        try:
            submission = self.view(run).state.submission
        except StoreUnreachable:
            return self.controllers  # which asks again
        return Detached(self) if submission and submission.schedule and controllers_of(self) else self.controllers

    @property
    def identity(self) -> known_workspaces.KnownWorkspace:
        """The workspace as a command opens it."""
        return known_workspaces.KnownWorkspace(str(self.config.root), self.override)

    @property
    @override
    def controllers_in_cluster(self) -> bool:
        """True if the controllers of runs are pods."""
        return not isinstance(self.controllers, Controllers)

    @cached_property
    def controllers(self) -> Starter:
        """The starter of controllers: as processes of this machine, unless the configuration says `detach`."""
        if self.config.detach:
            from .detached import Detached

            return Detached(self)
        return Controllers(self.config.root, self.override)

    def why_stopped(self, state: RunState) -> str:
        """Return the reason why the run makes no progress; empty: a controller drives it, or it has ended."""
        if state.over:
            return ""
        import socket

        here, started = socket.gethostname(), self.controllers.process_of(state.run)
        process: bool | None = None
        if started is not None and (started.poll() is None or not state.pid):
            process = started.returncode is None
        elif state.pid and state.host == here:
            process = controller_health.process_exists(state.pid, MARK)
        if process:
            return ""
        shown = head.read(self.store, state.run)
        signs = controller_health.ControllerFacts(shown, self.store.now(), process, self._damage(state, shown))
        return controller_health.why_stopped(state, signs)

    def damage(self, state: RunState) -> str:
        """Return why no controller can ever drive the run on; empty: nothing is known to be wrong with its journal."""
        return "" if state.over else self._damage(state, head.read(self.store, state.run))

    def _damage(self, state: RunState, shown: head.Head | None) -> str:
        number = journal_gap.missing_entry_number(self.store, state, shown)
        if not number or shown is None:
            return ""
        journal_gap.mark(self.store, state.run, shown, number)
        return journal_gap.reason(number)

    def view(self, run: str) -> RunView:
        """Return the run now. Raise BadInput for an unknown id."""
        known = self._views.get(run)
        fresh = self._views[run] = watch.newer(self.store, known) if known else watch.view(self.store, run)
        return fresh

    def check_driven(self, known: RunView) -> None:
        """Raise ControllerGone unless a controller drives the run, or has just ended it."""
        state, why = known.state, self.why_stopped(known.state)
        if why and watch.newer(self.store, known).state.number == state.number:
            where = f" --target {self.override}" if self.override not in {"", self.config.target} else ""
            log = _log_line(state.run)
            mend = f"runner resume {short(state.run)}{where}"
            if self.damage(state):
                mend = journal_gap.remedy(state.run, where)
            raise controller_health.ControllerGone(f"run {state.run} does not go on: {why}{log}\n{remedy_line(mend)}")

    def wait(self, run: str, *, after: int, seconds: float) -> RunView:
        """Return the run once it has ended or has entries beyond number `after`, else after `seconds`.

        Raises ControllerGone when nobody drives it any more.
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
        """The seconds between two reads of the journal: reads of a folder are cheap, those of a bucket are requests."""
        return 0.5 if self.in_bucket else 0.02

    def runs(self, experiment: str = "") -> tuple[str, ...]:
        """Return the ids of the workspace's runs, newest first; those of one experiment unless that is empty."""
        if not experiment:
            entered = index.run_ids(self.store)
        else:
            newest = index.newest(self.store, sys.maxsize)
            entered = (entry.run for entry in newest if entry.experiment == experiment)
        return tuple(run for run in entered if is_begun(self.store, run))

    def logs(self, run: str, key: str) -> str:
        """Return all output of the step's newest attempt so far."""
        from ..model.task import TaskId

        attempt = self.view(run).state.steps[key].attempt
        return watch.log_text(self.store, TaskId(run, key, max(attempt, 1)))

    def cancel(self, run: str) -> None:
        """Request the cancellation of the run; an ended one stays as it is."""
        if self.view(run).state.status is RunStatus.RUNNING:
            records.cancel(self.store, run)


def _log_line(run: str) -> str:
    log = log_of(run)
    return f"\n  log:   {log}" if log else ""

"""An open workspace: what the SDK and the command line work with."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from .. import config as configuration
from ..config import LOCAL, Config, KubernetesConfig
from ..errors import BadInput, Problem
from ..model.data import DEFAULT_DATASTORE
from ..model.environment import NamedEnvironment
from ..model.plan import Plan
from ..model.state import RunState
from ..model.status import RunStatus
from ..operations import liveness, watch
from ..operations.listing import is_begun
from ..operations.values import DatastoreFacts, Request, RunView, WorkspaceFacts
from ..ports import ComputeTarget, EnvironmentStore, ObjectStore
from ..runs import head, index, records
from . import adapters
from .controllers import MARK, Controllers, cache_folder, log_of

if TYPE_CHECKING:
    from ..operations.computes import Named
    from .datastores import Datastores


class SystemClock:
    """ports.Clock over this machine's clock."""

    def now(self) -> datetime:
        """UTC, aware."""
        return datetime.now(timezone.utc)

    def monotonic(self) -> float:
        """Seconds that never go back."""
        import time

        return time.monotonic()


def open_session(start: Path | None = None, target: str = "") -> OpenWorkspace:
    """The workspace that holds in `start` (default: here), for `target`. Raises BadInput."""
    found = configuration.load(start or Path.cwd())
    override = target or found.target
    if override:
        found.get(override)
    return OpenWorkspace(found, override)


@dataclass
class OpenWorkspace:
    """One workspace and its adapters, each made when first asked for."""

    config: Config
    override: str = ""
    """``--target``: it names the store as well."""
    say: Callable[[str], None] = print
    submitted: list[str] = field(default_factory=list)
    """Runs this session has started, in order."""
    _targets: dict[str, ComputeTarget] = field(default_factory=dict)
    _views: dict[str, RunView] = field(default_factory=dict)
    """What has been read already: the next look folds only what is new."""

    @property
    def store(self) -> ObjectStore:
        """The workspace store."""
        return self.base_store

    @cached_property
    def base_store(self) -> ObjectStore:
        """The override target's bucket, else the folder."""
        settings = self.config.targets.get(self.override or LOCAL)
        if isinstance(settings, KubernetesConfig):
            return adapters.bucket_store(settings.store, f"target '{self.override}'")
        return adapters.folder_store(self.config.folder)

    @cached_property
    def store_id(self) -> str:
        """The store's immutable id."""
        from ..operations.submit import store_id

        return store_id(self.store, os.urandom(8))

    @property
    def workspace_facts(self) -> WorkspaceFacts:
        """The workspace's name."""
        return WorkspaceFacts(self.config.name or self.config.root.name or "workspace")

    @property
    def target_in_force(self) -> str:
        """The name of the target that is meant when nothing else is said."""
        return self.override or LOCAL

    @cached_property
    def datastores(self) -> Datastores:
        """The places for data beside the workspace store."""
        from .datastores import Datastores

        return Datastores(self)

    def datastore(self, name: str) -> ObjectStore:
        """The store behind a datastore's name. Raises BadInput for an unknown one."""
        return self.store if name == DEFAULT_DATASTORE else self.datastores.store(name)

    def datastore_facts(self) -> Mapping[str, DatastoreFacts]:
        """What is known of every datastore, the default one first. Raises BadInput."""
        return self.datastores.facts()

    def datastore_names(self) -> tuple[str, ...]:
        """Every datastore of the workspace, the default one first. Raises BadInput."""
        return tuple(self.datastore_facts())

    def target_names(self) -> tuple[str, ...]:
        """The configured targets and computes; empty: every name means the one in force."""
        if not self.config.own or self.override:
            return ()
        return tuple(sorted({*self.config.targets, *self.config.computes}))

    def make_environment(self, environment: NamedEnvironment) -> str:
        """Make it usable on the target in force: the image or the interpreter. Raises EnvironmentFailed."""
        return self.environments(self.target_in_force).ensure(environment, self.say)

    def secret_names(self) -> tuple[str, ...]:
        """The secrets that the configuration names, sorted."""
        return tuple(sorted(self.config.secrets))

    def secret(self, name: str) -> str:
        """The value of a secret. Raises BadInput for an unknown one and for one without a value."""
        from ..data.secret_values import value_of

        return value_of(name, self.config.secrets)

    def curated_images(self) -> Mapping[str, str]:
        """Ready images by the names of the environments that the configuration maps to them."""
        return {name: mapped.image for name, mapped in self.config.environments.items()}

    def target(self, name: str) -> ComputeTarget:
        """The adapter of a target. Raises BadInput."""
        if name not in self._targets:
            settings = self.config.get(name)
            if isinstance(settings, KubernetesConfig):
                self._targets[name] = self._cluster(name, settings, self.store_id)
            else:
                work, cache = self.config.folder / "work", cache_folder()
                self._targets[name] = adapters.process_target(
                    name,
                    settings,
                    store=self.base_store,
                    datastores=self.datastore,
                    folders=self.datastores.folders,
                    work=work,
                    cache=cache,
                    secrets=self.config.secrets,
                )
        return self._targets[name]

    def candidate(self, name: str) -> ComputeTarget:
        """An adapter to ask for its problems alone: no id is written into a store that has none. Raises BadInput."""
        settings = self.config.get(name)
        if isinstance(settings, KubernetesConfig):
            return self._cluster(name, settings, "")
        return self.target(name)

    def environments(self, name: str) -> EnvironmentStore:
        """The adapter that makes environments usable on a target. Raises BadInput."""
        return adapters.environment_store(name, self.config.get(name), cache_folder())

    def check(self, plan: Plan, request: Request) -> dict[str, str]:
        """Each step's target, once nothing stands against running the plan. Raises BadInput with all that does."""
        from ..data.secret_values import file_problems
        from ..operations import computes, preflight
        from ..operations.targets import assign_targets

        known = computes.named(self.store, self.config, plan)
        targets, problems = assign_targets(plan, self.config, self.override, known.created)
        found = [*problems, *preflight.plan_problems(plan, request.parameters)]
        found.extend(preflight.asked(lambda: self._datastore_problems(plan, targets), self.target_in_force))
        found.extend(preflight.asked(lambda: preflight.snapshot_problems(plan, self.store), self.target_in_force))
        found.extend(file_problems(self.config.secrets))
        if not problems:
            found.extend(preflight.place_problems(plan, targets, target=self.candidate, environments=self.environments))
            found.extend(preflight.asked(lambda: self._store_problems(targets.values()), self.target_in_force))
        if found:
            raise BadInput(dict.fromkeys(found))
        return targets

    def submit(self, plan: Plan, request: Request) -> str:
        """Start a run; its id, once its first event is journaled. Raises BadInput with every problem."""
        from ..operations import computes
        from ..operations.submit import Submitter, submit

        targets = self.check(plan, request)
        known = computes.named(self.store, self.config, plan)
        self._announce(plan, targets, known)
        plan = computes.with_resources(plan, known, self.config)
        who = Submitter(_user(), SystemClock().now(), os.urandom(10), self.workspace_facts)
        run = submit(self.store, plan, targets, request, who, limits=known.limits)
        self.submitted.append(run)
        if not self._has_been_done(run):
            self.start_controller(run)
        return run

    def _has_been_done(self, run: str) -> bool:
        """Whether the run could be ended at once, as earlier runs have done each of its steps."""
        from ..control.at_once import end_at_once

        known = self.view(run)
        return end_at_once(self.store, self.datastore, known.plan, known.state, SystemClock())

    def _announce(self, plan: Plan, targets: Mapping[str, str], known: Named) -> None:
        """Say how what the plan asks for is met here, where that is another way."""
        from ..operations import computes
        from ..operations.environments import announce_environments
        from ..operations.targets import announce

        announce(plan, self.config, self.override, self.say, known.created)
        computes.announce_sizes(known, self.config, self.say)
        announce_environments(plan, targets, self.environments, self.say)

    def start_controller(self, run: str) -> None:
        """Start a controller for the run: a process of its own session, which outlives this one."""
        self.controllers.start(run)

    @cached_property
    def controllers(self) -> Controllers:
        """The controllers started from here."""
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
        signs = liveness.Signs(head.read(self.store, state.run), self.store.now(), process)
        return liveness.why_stopped(state, signs)

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
            raise liveness.Stranded(
                f"run {state.run} does not go on: {why}{log}\n  do:    runner resume {state.run[-6:]}{where}"
            )

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
        return 0.5 if self._in_bucket else 0.02

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

    def refuses_overwrite(self) -> bool:
        """Whether the bucket honours put-if-absent, tried on a key of its own. Raises StoreError."""
        from ..storage.probe import refuses_overwrite

        return refuses_overwrite(self.base_store, os.urandom(8).hex())

    @property
    def _in_bucket(self) -> bool:
        return isinstance(self.config.targets.get(self.override or LOCAL), KubernetesConfig)

    def _datastore_problems(self, plan: Plan, targets: Mapping[str, str]) -> tuple[Problem, ...]:
        from ..operations.reach import datastore_problems

        return datastore_problems(
            plan,
            targets,
            self.datastore_facts(),
            clusters=lambda name: isinstance(self.config.targets.get(name), KubernetesConfig),
            open_store=self.datastore,
        )

    def _cluster(self, name: str, settings: KubernetesConfig, store_id: str) -> ComputeTarget:
        return adapters.kubernetes_target(
            name,
            settings,
            store=self.store,
            store_id=store_id,
            cache=cache_folder(),
            datastores=self.datastores.for_pods(),
            secrets=self.config.secrets,
        )

    def _store_problems(self, targets: Iterable[str]) -> tuple[Problem, ...]:
        wrong = sorted(
            {name for name in targets if isinstance(self.config.targets[name], KubernetesConfig) != self._in_bucket}
        )
        if wrong:
            return tuple(
                Problem(f"target '{name}' has another store than this workspace", remedy=f"say --target {name}")
                for name in wrong
            )
        if not self._in_bucket:
            return ()
        if self.refuses_overwrite():
            return ()
        return (
            Problem(
                "the store ignores 'If-None-Match: *', so two controllers could not be told apart",
                f"target '{self.override}'",
                "use a store with conditional puts: MinIO, AWS S3, …",
            ),
        )


def _log_line(run: str) -> str:
    log = log_of(run)
    return f"\n  log:   {log}" if log else ""


def _user() -> str:
    import getpass

    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""

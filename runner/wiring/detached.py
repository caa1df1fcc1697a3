"""Controllers in the cluster: a run is handed over with all its images made, and then needs this machine no more."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .. import __version__
from ..config import KubernetesConfig, TargetConfig
from ..errors import (
    BadInput,
    EnvironmentFailed,
    Problem,
    RunTaken,
    StoreError,
    StoreUnreachable,
    TargetError,
    TargetUnreachable,
)
from ..model import events as e
from ..model.names import short
from ..model.uses import access_of_all
from ..operations.liveness import Stranded, pod_host
from ..runs import journal
from . import adapters
from .handover import Handover, from_within, to_text

if TYPE_CHECKING:
    import subprocess

    from ..compute.kubernetes.controller_job import ControllerJobs
    from .workspace import OpenWorkspace

PATIENCE = 300.0
"""Seconds to wait for a pod that may still begin; it goes on trying after that."""
_LOOK = 0.5
_ASK = 2.0
"""Seconds between two questions to the cluster."""
_PAUSES = (1.0, 2.0, 5.0, 10.0, 20.0)
"""Seconds between attempts to reach the cluster."""
_RIVALS = 5
"""How often another controller may write just before an environment is journaled."""


@dataclass
class Detached:
    """Starts controllers as Jobs of the workspace's cluster."""

    session: OpenWorkspace

    def check(self, targets: Collection[str]) -> None:
        """Raise BadInput unless a pod could drive a run on these targets."""
        name, settings = self.session.target_in_force, self.session.config.get(self.session.target_in_force)
        found = list(detach_problems(name, settings, targets))
        if not found and isinstance(settings, KubernetesConfig) and not settings.controller_image:
            from ..images.controller import ControllerImage

            found.extend(ControllerImage().problems())
        if found:
            raise BadInput(found)

    def process_of(self, run: str) -> subprocess.Popen[bytes] | None:  # noqa: ARG002 - none is of this machine
        """None."""
        return None

    def start(self, run: str) -> None:
        """Hand the run over; returns when a pod drives it. Raises Stranded when none could be made to."""
        try:
            self._hand_over(run)
        except (EnvironmentFailed, StoreError, TargetError) as error:
            own, where = short(run), self._where()
            raise Stranded(
                f"run {run} is submitted, and no controller drives it: {error}\n"
                f"  do:    runner resume {own}{where} --detach hands it over again; runner resume {own}{where} drives "
                f"it from here; runner cancel {own}{where} ends it"
            ) from error

    def _hand_over(self, run: str) -> None:
        session = self.session
        name = session.target_in_force
        settings = session.config.get(name)
        if not isinstance(settings, KubernetesConfig):
            raise BadInput(detach_problems(name, settings, ()))
        image = controller_image(settings, session.say)
        self._make_environments(run)
        from ..compute.kubernetes.controller_job import job_name

        told = Handover(
            run=run,
            job=job_name(run, os.urandom(2).hex()),
            store_id=session.store_id,
            target=name,
            settings=from_within(settings),
            stores=session.stores_for_pods(name, settings).only(access_of_all(session.view(run).plan)),
            version=__version__,
        )
        jobs = adapters.controller_jobs(settings, session.store_id)
        try:
            self._start(jobs, told, image)
            self._await_taken(jobs, told)
        finally:
            jobs.close()

    def _start(self, jobs: ControllerJobs, told: Handover, image: str) -> None:
        """Make the Job and its Secret; a server that does not answer now is asked again."""
        for pause in _PAUSES:
            try:
                jobs.start(told.job, told.run, image, to_text(told))
            except TargetUnreachable as error:
                self.session.say(f"waiting: {error}")
                time.sleep(pause)
            else:
                return
        jobs.start(told.job, told.run, image, to_text(told))

    def _make_environments(self, run: str) -> None:
        """Make what no pod could; a failure is the run's, as it is when a controller of this machine meets it."""
        known = self.session.view(run)
        targets = known.state.submission.targets if known.state.submission else {}
        pairs = dict.fromkeys((step.environment, targets[step.key]) for step in known.plan.steps)
        for key, target in pairs:
            settled = {**known.state.environments, **known.state.broken}
            if key not in known.plan.environments or (key, target) in settled:
                continue
            self._journal(run, self._made(run, key, target))

    def _made(self, run: str, key: str, target: str) -> e.Event:
        environment = self.session.view(run).plan.environments[key]
        store, begun = self.session.environments(target), time.monotonic()
        try:
            found = store.find(environment)
            reference = found or store.ensure(environment, self.session.say)
        except EnvironmentFailed as error:
            self.session.say(str(error))
            return e.EnvironmentLost(key, target, str(error))
        return e.EnvironmentReady(key, target, reference, found is None, round(time.monotonic() - begun, 3))

    def _journal(self, run: str, event: e.Event) -> None:
        from .workspace import SystemClock

        for _ in range(_RIVALS):
            state = self.session.view(run).state
            if state.over:
                return
            with suppress(RunTaken):
                journal.Writer(self.session.store, run, os.urandom(8).hex(), state.number).append(
                    [event], SystemClock().now()
                )
                return

    def _await_taken(self, jobs: ControllerJobs, told: Handover) -> None:
        """Return once a pod of the Job has taken the run, or when it may but has not for long."""
        deadline, asked, said = time.monotonic() + PATIENCE, time.monotonic(), ""
        while time.monotonic() < deadline:
            reason = self._silence(told)
            if reason is None:
                return
            if time.monotonic() - asked > _ASK:
                reason = reason or self._reason(jobs, told)
                asked = time.monotonic()
                if reason and reason != said:
                    self.session.say(f"waiting for the controller: {reason}")
                said = reason
            time.sleep(_LOOK)
        why = said or "no reason is known"
        self.session.say(f"no controller has begun within {PATIENCE:.0f} s ({why}); it may yet")

    def _silence(self, told: Handover) -> str | None:
        """None: a pod of the Job has taken the run; else why that cannot be known, if it cannot."""
        try:
            state = self.session.view(told.run).state
        except StoreUnreachable as error:
            return str(error)
        mine = pod_host(told.settings.namespace, f"{told.job}-")
        return None if state.over or state.host.startswith(mine) else ""

    def _reason(self, jobs: ControllerJobs, told: Handover) -> str:
        """Why none has begun. Raises TargetError, with nothing left there, when none will."""
        try:
            found = jobs.trouble(told.job)
        except TargetUnreachable as error:
            return str(error)
        if not found.hopeless or self._silence(told) is None:  # it may have ended in the meantime
            return found.reason
        jobs.remove_one(told.job)
        raise TargetError(
            f"the controller's pod does not begin in namespace '{told.settings.namespace}': "
            f"{found.reason or 'its Job has ended'} (see docs/detached.md for what it needs there)"
        )

    def _where(self) -> str:
        override = self.session.override
        return f" --target {override}" if override and override != self.session.config.target else ""


def detach_problems(name: str, settings: TargetConfig, targets: Collection[str]) -> Iterator[Problem]:
    """Why a run on `targets` could not be driven from within the cluster of target `name`."""
    if not isinstance(settings, KubernetesConfig):
        yield Problem(
            f"--detach needs a cluster for the controller, and target '{name}' runs on this machine",
            "--detach",
            "name a Kubernetes target: --target NAME; or leave --detach out: the run outlives this terminal anyway",
        )
        return
    others = sorted({*targets} - {name})
    if others:
        listed = ", ".join(map(repr, others))
        yield Problem(
            f"a detached controller reaches its own target '{name}' only, and steps are to run on {listed}",
            "--detach",
            f"run all steps there: --target {name}; or leave --detach out",
        )
    if not (settings.controller_image or settings.kind_cluster or settings.registry):
        yield Problem(
            "the controller's image has no place from which the cluster could take it",
            f"targets.{name}",
            "add `registry: host/path`, to which it is pushed; or `controller_image: ref` (see images/controller)",
        )


def controller_image(settings: KubernetesConfig, say: Callable[[str], None]) -> str:
    """The image, where the cluster's nodes find it; made unless it is there. Raises EnvironmentFailed."""
    if settings.controller_image:
        return settings.controller_image
    from ..images.controller import ControllerImage

    if settings.kind_cluster:
        return ControllerImage().on_kind(settings.kind_cluster, say)
    return ControllerImage().in_registry(settings.registry, say)


def dismiss(session: OpenWorkspace, run: str) -> None:
    """Delete what is left of detached controllers of a run that is about to be driven from here."""
    settings = session.config.get(session.target_in_force)
    if not isinstance(settings, KubernetesConfig):
        return
    jobs = adapters.controller_jobs(settings, session.store_id)
    try:
        jobs.remove(run)
    except TargetError as error:
        session.say(f"what is left of its controllers in the cluster stays there: {error}")
    finally:
        jobs.close()

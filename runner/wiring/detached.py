"""Controllers in the cluster. The images are built before; then the run no longer needs this machine."""

from __future__ import annotations

import os
import time
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .. import __version__
from ..compute import registry
from ..config.controllers import ControllerHost
from ..errors import (
    BadInput,
    EnvironmentFailed,
    Problem,
    RunTaken,
    StoreError,
    StoreUnreachable,
    TargetError,
    TargetUnreachable,
    remedy_line,
)
from ..model import events as e
from ..model.names import short
from ..model.uses import access_of_all
from ..operations.controller_health import ControllerGone
from ..runs import journal
from . import after_run_checks
from .adapters import handed_over
from .controller_spec import ControllerSpec, to_text
from .launching import launching_files

if TYPE_CHECKING:
    import subprocess

    from .workspace import OpenWorkspace

PATIENCE = 300.0
"""Seconds to wait for the controller's pod; the Job goes on trying after that."""
_LOOK = 0.5
_ASK = 2.0
"""Seconds between two questions to the cluster."""
_PAUSES = (1.0, 2.0, 5.0, 10.0, 20.0)
"""Seconds between attempts to reach the cluster."""
_RIVALS = 5
"""The number of retries when another controller appends just before an environment is journaled."""


@dataclass
class Detached:
    """Starts controllers as Jobs of the workspace's cluster."""

    session: OpenWorkspace

    def check(self, targets: Collection[str]) -> None:
        """Raise BadInput unless a pod could drive a run on these targets."""
        found = (
            *detach_problems(self.session.target_in_force, controllers_of(self.session), targets),
            *after_run_checks.pod_problems(self.session.config),
        )
        if found:
            raise BadInput(found)

    def process_of(self, run: str) -> subprocess.Popen[bytes] | None:  # noqa: ARG002 - none is of this machine
        """Return None: the controller is no process of this machine."""
        return None

    def start(self, run: str) -> None:
        """Hand the run over; returns when a pod drives it. Raises ControllerGone when none could be made to."""
        try:
            self._hand_over(run)
        except (EnvironmentFailed, StoreError, TargetError) as error:
            own, where = short(run), self._where()
            raise ControllerGone(
                f"run {run} is submitted, and no controller drives it: {error}\n"
                + remedy_line(
                    f"runner resume {own}{where} --detach hands it over again; runner resume {own}{where} drives "
                    f"it from here; runner cancel {own}{where} ends it"
                )
            ) from error

    def _hand_over(self, run: str) -> None:
        session = self.session
        name = session.target_in_force
        host = controllers_of(session)
        if host is None:
            raise BadInput(detach_problems(name, host, ()))
        image = host.image(session.notify)
        self._make_environments(run)
        access = access_of_all(session.view(run).plan)
        spec = ControllerSpec(
            run=run,
            job=host.new_name(run),
            store_id=session.store_id,
            target=name,
            settings=registry.to_entry(host.inside()),
            stores=handed_over(session.step_stores(name).only(access)),
            version=__version__,
            workspace=launching_files(session, host, image, access),
            after_run=session.after_run,
            after_run_secrets=after_run_checks.secret_values(session.config),
            workspace_name=session.config.workspace,
        )
        try:
            self._start(host, spec, image)
            self._await_taken(host, spec)
        finally:
            host.close()

    def _start(self, host: ControllerHost, spec: ControllerSpec, image: str) -> None:
        """Create the Job and its Secret; retry while the API server does not answer."""
        for pause in _PAUSES:
            try:
                host.start(spec.job, spec.run, image, to_text(spec))
            except TargetUnreachable as error:
                self.session.notify(f"waiting: {error}")
                time.sleep(pause)
            else:
                return
        host.start(spec.job, spec.run, image, to_text(spec))

    def _make_environments(self, run: str) -> None:
        """Make the environments that no pod can make. A failure is journaled, as a local controller does."""
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
            prepared = found or store.ensure(environment, self.session.notify)
        except EnvironmentFailed as error:
            self.session.notify(str(error))
            return e.EnvironmentUnavailable(key, target, str(error))
        return e.EnvironmentReady(
            environment=key,
            target=target,
            reference=prepared.reference,
            lock=prepared.lock,
            built=found is None,
            seconds=round(time.monotonic() - begun, 3),
        )

    def _journal(self, run: str, event: e.Event) -> None:
        from .clock import SystemClock

        for _ in range(_RIVALS):
            state = self.session.view(run).state
            if state.over:
                return
            with suppress(RunTaken):
                journal.Writer(self.session.store, run, os.urandom(8).hex(), state.number).append(
                    [event], SystemClock().now()
                )
                return
        raise StoreError(f"the journal of run {run} is busy: {_RIVALS} times another controller appended just before")

    def _await_taken(self, host: ControllerHost, spec: ControllerSpec) -> None:
        """Return once a pod of the Job has taken the run, or when it may but has not for long."""
        deadline, asked, said = time.monotonic() + PATIENCE, time.monotonic(), ""
        while time.monotonic() < deadline:
            reason = self._silence(host, spec)
            if reason is None:
                return
            if time.monotonic() - asked > _ASK:
                reason = reason or self._reason(host, spec)
                asked = time.monotonic()
                if reason and reason != said:
                    self.session.notify(f"waiting for the controller: {reason}")
                said = reason
            time.sleep(_LOOK)
        why = said or "no reason is known"
        self.session.notify(f"no controller has begun within {PATIENCE:.0f} s ({why}); it may yet")

    def _silence(self, host: ControllerHost, spec: ControllerSpec) -> str | None:
        """Return None if a pod of the Job has taken the run, else the reason why that is unknown, if any."""
        try:
            state = self.session.view(spec.run).state
        except StoreUnreachable as error:
            return str(error)
        return None if state.over or state.host.startswith(host.host(f"{spec.job}-")) else ""

    def _reason(self, host: ControllerHost, spec: ControllerSpec) -> str:
        """Return the reason why no pod has started. Raise TargetError, and delete the Job, if none will."""
        try:
            found = host.trouble(spec.job)
        except TargetUnreachable as error:
            return str(error)
        if not found.hopeless or self._silence(host, spec) is None:  # it may have ended in the meantime
            return found.reason
        host.remove_one(spec.job)
        raise TargetError(
            f"the controller's pod does not begin in {host.place}: "
            f"{found.reason or 'its Job has ended'} (see docs/how-to/detached.md for what it needs there)"
        )

    def _where(self) -> str:
        override = self.session.override
        return f" --target {override}" if override and override != self.session.config.target else ""


def detach_problems(name: str, host: ControllerHost | None, targets: Collection[str]) -> Iterator[Problem]:
    """Yield the problems of driving a run by a detached controller.

    Args:
        name: The target whose place the controller is to run in.
        host: The controllers of that target.
        targets: The targets of the run's steps.

    """
    if host is None:
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
        return
    yield from host.problems(name)


def controllers_of(session: OpenWorkspace, target: str = "") -> ControllerHost | None:
    """Return the detached controllers of a target. Default: that in force. None: it has none."""
    return session.config.get(target or session.target_in_force).controllers(lambda: session.store_id)


def delete_detached(session: OpenWorkspace, run: str) -> None:
    """Delete the Jobs of detached controllers of a run that a controller of this machine will drive."""
    host = controllers_of(session)
    if host is None:
        return
    try:
        host.remove(run)
    except TargetError as error:
        session.notify(f"what is left of its controllers in the cluster stays there: {error}")
    finally:
        host.close()

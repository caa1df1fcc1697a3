"""Schedules in a cluster: the workspace for the pods that fire them, and their timers."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ..compute.kubernetes import cron
from ..compute.kubernetes.workspace_pod import OWN_IMAGE
from ..config import LOCAL
from ..config.workspace_host import Timer, WorkspaceHost
from ..dataclass import dataclass
from ..errors import BadInput, Problem, StoreDenied, StoreError, StoreUnreachable
from ..model.data import DatasetDefinition
from ..model.published import EndpointRecord, Status
from ..model.schedule import ScheduleRecord
from ..operations.published import pipelines
from ..operations.published.documents import Documents
from ..runs import plans
from .detached import controllers_of
from .in_cluster import PodWorkspace, pod_workspace

if TYPE_CHECKING:
    from ..config.controllers import ControllerHost
    from ..model.plan import Plan
    from .workspace import OpenWorkspace


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """A workspace that can be kept in a cluster."""

    host: WorkspaceHost
    image: str
    """The image of its programs."""
    made: PodWorkspace


def place(session: OpenWorkspace, record: ScheduleRecord) -> None:
    """Let a schedule fire as its record says.

    On a target that runs controllers a timer calls ``runner schedules fire``. The timer of a disabled schedule is
    suspended, and an archived one has none. When this returns, the timer of an active one exists.

    Args:
        session: The workspace.
        record: The schedule.

    Raises:
        BadInput: Its pipeline needs what no pod has, such as a folder of this machine, or the cluster has no way to get
            the image, or the configuration lacks its target, or what another active schedule of the cluster needs;
            the exception has every problem. Nothing was changed.
        EnvironmentFailed: The image of the controller cannot be made.
        TargetError: The cluster cannot be used.
        StoreError: The store cannot be used.

    """
    target = _target(session, record)
    controllers = _timers(session, target)
    if controllers is None:
        if record.status is Status.ACTIVE:
            _refuse_unknown(session, record)
            where = "" if target == session.target_in_force else f", where the target in force is '{target}'"
            how = "while `runner serve` runs, or by `runner schedules fire`"
            session.notify(f"schedule '{record.name}' fires {how}{where}")
        return
    if record.status is not Status.ACTIVE:
        _stop(controllers.workspace(), record)
        return
    with prepared(session, target, controllers) as found:
        problems = tuple(found.made.problems(_plan(session, record), *_datastores(record)))
        if problems:
            raise BadInput(problems)
        others = active_schedules(session, target, but=record.id)
        check_workspace(session, found.made, others)
        if found.host.keep_workspace(found.made.files):
            for other in others:  # they get the image of the changed workspace
                found.host.install(timer_of(other), found.image)
        found.host.install(timer_of(record), found.image)


def has_timer(session: OpenWorkspace, record: ScheduleRecord) -> bool:
    """Return True if a timer of the schedule's target fires it, in another process than this.

    Args:
        session: The workspace.
        record: The schedule.

    """
    return OWN_IMAGE not in os.environ and _timers(session, _target(session, record)) is not None


def _target(session: OpenWorkspace, record: ScheduleRecord) -> str:
    return record.target or session.target_in_force


def _timers(session: OpenWorkspace, target: str) -> ControllerHost | None:
    return controllers_of(session, target) if target in session.config.targets else None


def _refuse_unknown(session: OpenWorkspace, record: ScheduleRecord) -> None:
    """Raise BadInput if nobody could tell the timer of a schedule about a change."""
    target = _target(session, record)
    if target not in (*session.config.targets, session.target_in_force, LOCAL):
        raise BadInput(
            f"the schedule '{record.name}' belongs to the target '{target}', which this configuration lacks",
            f"targets.{target}",
            "change the schedule where that target is configured",
        )


def timer_of(record: ScheduleRecord) -> Timer:
    """Return the timer of a schedule."""
    return Timer(
        schedule=record.id,
        title=record.name,
        cron=cron.of_schedule(record, record.active_since),
        suspended=record.status is not Status.ACTIVE,
    )


@contextmanager
def prepared(session: OpenWorkspace, target: str, controllers: ControllerHost) -> Iterator[Prepared]:
    """Prepare the workspace for a cluster, and close the connections at the end.

    Args:
        session: The workspace.
        target: The name of the target.
        controllers: Its controllers.

    Raises:
        BadInput: The cluster has no way to get the image, or the keys of the store cannot be read.
        EnvironmentFailed: The image of the controller cannot be made.

    """
    problems = tuple(controllers.problems(target))
    if problems:
        raise BadInput(problems)
    host = controllers.workspace()
    try:
        image = controllers.image(session.notify)
        made = pod_workspace(session.config, session.datastores, target, controllers, image=image, place=host)
        yield Prepared(host=host, image=image, made=made)
    finally:
        host.close()


def active_schedules(session: OpenWorkspace, target: str, but: str = "") -> tuple[ScheduleRecord, ...]:
    """Return the active schedules of a target.

    Args:
        session: The workspace.
        target: The name of the target.
        but: The id of a schedule to leave out. Default: empty, none.

    """
    every = Documents(session.store, "schedules", ScheduleRecord).all()
    return tuple(one for one in every if one.id != but and one.target == target and one.status is Status.ACTIVE)


def check_workspace(session: OpenWorkspace, made: PodWorkspace, schedules: Iterable[ScheduleRecord]) -> None:
    """Refuse a workspace for pods with which schedules could not fire any more.

    A cluster has one workspace per store, made from the configuration of whoever changes it. One of another machine
    must not take away what the schedules of others need.

    Args:
        session: The workspace.
        made: The workspace that is to replace the one in the cluster.
        schedules: The schedules that go on.

    Raises:
        BadInput: A schedule needs what the configuration lacks; the exception has every problem.
        StoreError: The store cannot be used.

    """
    problems: list[Problem] = []
    for one in schedules:
        try:
            plan = _plan(session, one)
        except (StoreUnreachable, StoreDenied):
            raise
        except (BadInput, StoreError):
            continue  # its pipeline is gone: it fires with no workspace
        for problem in made.problems(plan, *_datastores(one)):
            what = f"the schedule '{one.name}' ({one.id}) fires in this cluster, and could not any more: {problem.what}"
            problems.append(Problem(what, problem.where, f"{problem.remedy}; or disable that schedule"))
    if problems:
        raise BadInput(problems)


def _stop(host: WorkspaceHost, record: ScheduleRecord) -> None:
    """Let the timer of a schedule start nothing more. What it has started goes on."""
    try:
        host.suspend(record.id) if record.status is Status.DISABLED else host.remove(record.id)
    finally:
        host.close()


def _plan(session: OpenWorkspace, record: ScheduleRecord) -> Plan:
    """Return the plan that the schedule runs now, with the access that the target grants each step."""
    from ..plan.policies import with_access

    plan = plans.load(session.store, pipelines.get(session.store, _pipeline(session, record)).plan)
    target = _target(session, record)
    targets = dict.fromkeys((step.key for step in plan.steps), target)
    return with_access(plan, targets, session.config.targets, session.overrides.access)


def _datastores(record: ScheduleRecord) -> Iterator[str]:
    """Yield the datastores that the schedule itself names: its values, and the place that it watches."""
    if record.trigger is not None:
        yield record.trigger.datastore
    for data in record.values.data.values():
        yield from (path.datastore for path in data.paths) if isinstance(data, DatasetDefinition) else (data.datastore,)


def _pipeline(session: OpenWorkspace, record: ScheduleRecord) -> str:
    """Return the id of the published pipeline that the schedule runs now. Raises BadInput."""
    if record.pipeline:
        return record.pipeline
    found = Documents(session.store, "endpoints", EndpointRecord).find(record.endpoint)
    versions = {each.version: each.pipeline for each in found.versions} if found else {}
    pipeline = versions.get(found.default) if found else None
    if pipeline is None:
        raise BadInput(f"there is no pipeline endpoint {record.endpoint!r} with a default version", "the schedule")
    return pipeline

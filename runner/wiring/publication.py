"""Publish a pipeline, and submit a published one.

A published pipeline is all that its runs need: a locked plan, snapshots, wheels and locks in the store, and for
clusters images. So it runs the same in a year, from any machine that reaches the store.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from ..errors import BadInput, ObjectMissing, StoreError
from ..model.plan import Plan
from ..model.published import ParameterValues, PreparedEnvironment, PublishedRecord
from ..operations import local_wheels
from ..operations.environment_details import placed
from ..operations.environment_locking import lock_all
from ..operations.local_wheels import SealedPlan
from ..operations.published import binding, pipelines, publishing
from ..operations.published.pipelines import PublishOptions
from ..operations.submit import is_submitted
from ..operations.values import Request
from ..runs import plans

if TYPE_CHECKING:
    from .workspace import OpenWorkspace


def publish(session: OpenWorkspace, plan: Plan, options: PublishOptions) -> PublishedRecord:
    """Store a published pipeline and everything that its runs need, and return its record.

    Args:
        session: The workspace.
        plan: The draft plan, or a locked one.
        options: Its name and version.

    Raises:
        BadInput: The plan cannot run here, or a name is wrong; the exception has every problem.
        EnvironmentFailed: An environment cannot be resolved or made.
        StoreError: The store cannot be used.

    """
    problems = list(options.problems())
    targets: Mapping[str, str] = {}
    made = SealedPlan(plan)
    try:
        made = made_now(session, plan, settled=options.settled)
        targets = session.checked(made, Request(experiment=""))[0]
    except BadInput as error:
        problems.extend(error.problems)
    if problems:
        raise BadInput(problems)
    store, plan = session.store, made.plan
    _ = session.store_id  # which gives a new store its format
    local_wheels.keep(store, made.files)
    for _each in lock_all(store, placed(plan, targets), session.environments, session.notify, upgrade=False):
        pass
    who = session.submitter()
    record = PublishedRecord(
        id=str(uuid.uuid4()),
        name=options.name,
        version=options.version,
        description=options.description,
        plan="",
        continue_on_step_failure=options.continue_on_step_failure,
        prepared=tuple(_prepared(session, plan, targets)),
        created=who.now,
        user=who.user,
        origin=options.origin,
    )
    return publishing.enter(store, plan, record)


def made_now(session: OpenWorkspace, plan: Plan, *, settled: bool) -> SealedPlan:
    """Return a plan with the environments that it has if it is submitted or published now.

    Args:
        session: The workspace.
        plan: The plan.
        settled: True: it was run or published before, and keeps the packages that were tested.

    Raises:
        BadInput: A local wheel cannot be used, or the command line states a date for settled packages.
        StoreError: The store cannot be used.

    """
    if not settled:
        return session.sealed(session.dated(plan))
    _refuse_date(session, "this pipeline of a run, or published before, has its packages already")
    return SealedPlan(plan)


def _refuse_date(session: OpenWorkspace, what: str) -> None:
    if session.overrides.packages_until:
        raise BadInput(what, "--packages-until", "leave the option out, or publish the pipeline's file again with it")


def submit_published(
    session: OpenWorkspace,
    record: PublishedRecord,
    values: ParameterValues,
    request: Request,
    *,
    run: str = "",
    ignore_unknown: bool = False,
    parse_texts: bool = False,
    continue_on_step_failure: bool | None = None,
) -> str:
    """Submit a published pipeline, start a controller, and return the run's id.

    Environments keep the generation of the publication, whatever was upgraded since. Policies and resources that the
    pipeline leaves open are those of the target now.

    Args:
        session: The workspace.
        record: The published pipeline.
        values: Values of its parameters; the others keep their defaults.
        request: Experiment, tags and the like. Its `parameters` and `continue_on_step_failure` are not used.
        run: The run's id (see `names.computed_run_id`): a second submission with it makes no second run. Default:
            empty, a new id.
        ignore_unknown: See `binding.bound`. Default: False.
        parse_texts: See `binding.bound`. Default: False.
        continue_on_step_failure: Whether steps that do not need a failed one still run. Default: None, as published.

    Raises:
        BadInput: It is disabled or archived, a value does not fit, or it cannot run here; the exception has every
            problem. Nothing was started.
        StoreError: The store cannot be used.

    """
    if run and is_submitted(session.store, run):
        session.see_to_controller(run)
        return run
    pipelines.refuse_inactive(pipelines.get(session.store, record.id))
    _refuse_date(session, f"the published pipeline '{record.name}' has its packages already")
    plan = _plan_of(session, record)
    session.remember_prepared(record, plan)
    made = binding.bound(
        plan,
        values,
        ignore_unknown=ignore_unknown,
        parse_texts=parse_texts,
    )
    going_on = record.continue_on_step_failure if continue_on_step_failure is None else continue_on_step_failure
    whole = replace(request, parameters=made.scalars, published=record.id, continue_on_step_failure=going_on)
    return session.submit_sealed(SealedPlan(made.plan), whole, run=run)


def _plan_of(session: OpenWorkspace, record: PublishedRecord) -> Plan:
    try:
        return plans.load(session.store, record.plan)
    except ObjectMissing as error:
        what = f"the plan of the published pipeline '{record.name}' ({record.id}) is gone from the store"
        raise StoreError(f"{what}; publish it again") from error


def _prepared(session: OpenWorkspace, plan: Plan, targets: Mapping[str, str]) -> Iterator[PreparedEnvironment]:
    """Make the environments of steps that run in pods, where nobody can make them."""
    for key, target in dict.fromkeys((step.environment, targets[step.key]) for step in plan.steps):
        if not session.reaches_folders(target):
            found = session.environments(target).ensure(plan.environments[key], session.notify)
            yield PreparedEnvironment(environment=key, target=target, reference=found.reference, lock=found.lock)

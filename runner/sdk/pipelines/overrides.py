"""Apply the overrides that `configure` recorded to a draft plan."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ...model.plan import Plan
from ...model.policy import merge_policies, merge_run_policies
from ...model.policy_overrides import NO_OVERRIDES, PolicyOverrides
from ...model.step import StepSpec

if TYPE_CHECKING:
    from .graph import Graph


def configured(plan: Plan, graph: Graph, overrides: PolicyOverrides) -> Plan:
    """Return the plan with the overrides of its steps and of the pipeline applied. A step's precede the pipeline's.

    Args:
        plan: The plan.
        graph: The graph that the plan comes from.
        overrides: The pipeline's overrides.

    """
    if overrides is NO_OVERRIDES and all(step.overrides is NO_OVERRIDES for step in graph.bindings):
        return plan
    from .lowering import step_keys

    steps = {key: step for step, key in step_keys(graph).items()}
    return replace(
        plan,
        steps=tuple(_step(spec, steps[spec.trial_of or spec.key].overrides, overrides) for spec in plan.steps),
        policy=merge_run_policies(overrides.run, plan.policy),
    )


def _step(spec: StepSpec, own: PolicyOverrides, pipeline: PolicyOverrides) -> StepSpec:
    request = own.request.before(pipeline.request)
    return replace(
        spec,
        policy=merge_policies(own.policy, spec.policy, pipeline.policy),
        # The resources of a search are those of its trials: summarizing them takes none of note.
        resources=spec.resources if spec.search else request.onto(spec.resources),
        placement=own.placement.over(pipeline.placement),
        access=own.access.joined(pipeline.access).joined(spec.access),
        always=bool(own.always) and not spec.trial_of,
    )

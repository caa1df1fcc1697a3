"""`configure`: policies, resources and placement of a step or a whole pipeline; runner's own word, v1 has none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar

from ..errors import Problem
from ..model.plan import Plan
from ..model.policy import first_stated, first_stated_for_run
from ..model.stated import NOTHING, Stated, stated
from ..model.step import StepSpec
from .caller import caller
from .exceptions import PipelineInvalid
from .pipeline import Pipeline
from .steps.base import PipelineStep

if TYPE_CHECKING:
    from .graph import Graph

T = TypeVar("T", bound=PipelineStep | Pipeline)
Time = str | float | timedelta
"""``"90s"``, ``"15m"``, ``"2h"``; a number is seconds."""
_OF_PIPELINES = ("deadline", "max_parallel")
_OF_STEPS = ("always",)


def configure(
    what: T,
    *,
    retries: int | None = None,
    infrastructure_retries: int | None = None,
    disruption_retries: int | None = None,
    retry_oom: float | None = None,
    backoff: Time | None = None,
    queue_timeout: Time | None = None,
    start_timeout: Time | None = None,
    run_timeout: Time | None = None,
    cpu: str | float | None = None,
    memory: str | None = None,
    gpu: int | None = None,
    cpu_limit: str | float | None = None,
    ephemeral_storage: str | None = None,
    node_selector: Mapping[str, str] | None = None,
    tolerations: Sequence[Mapping[str, str | int]] | None = None,
    service_account: str | None = None,
    image_pull_secrets: Sequence[str] | None = None,
    secrets: Sequence[str] | None = None,
    datastores: Sequence[str] | None = None,
    always: bool | None = None,
    deadline: Time | None = None,
    max_parallel: int | None = None,
) -> T:
    """Say what holds for a step, or for every step of a pipeline that says nothing itself; the same object.

    `always` is of steps, `deadline` and `max_parallel` are of pipelines. A later call goes before an earlier one.
    `secrets` and `datastores` declare what the scripts open by name; the names of all places are added.
    See docs/policies.md. Raises PipelineInvalid (a ValueError) with everything that is wrong.
    """
    words: dict[str, object] = locals().copy()  # every parameter by its name, and nothing else yet
    del words["what"]
    given = {"oom_factor" if name == "retry_oom" else name: value for name, value in words.items()}
    if not isinstance(what, (PipelineStep, Pipeline)):
        raise PipelineInvalid(f"a {type(what).__name__} cannot be configured", caller(), "pass a step or a Pipeline")
    place = f"{caller()}: configure({what.name!r})" if isinstance(what, PipelineStep) else f"{caller()}: configure"
    said, wrong = stated(given, lambda name: f"{place}: {'retry_oom' if name == 'oom_factor' else name}")
    strange = _of_others(what, given, place)
    if strange or wrong:
        raise PipelineInvalid([*strange, *wrong])
    what.stated = said.before(what.stated)
    return what


def worded(plan: Plan, graph: Graph, words: Stated) -> Plan:
    """The plan with what was said of its steps, and below that of the pipeline: `words`."""
    if words is NOTHING and all(step.stated is NOTHING for step in graph.bindings):
        return plan
    from .lower import step_keys

    steps = {key: step for step, key in step_keys(graph).items()}
    return replace(
        plan,
        steps=tuple(_worded(spec, steps[spec.key].stated, words) for spec in plan.steps),
        policy=first_stated_for_run(words.run, plan.policy),
    )


def _worded(spec: StepSpec, own: Stated, pipeline: Stated) -> StepSpec:
    wish = own.wish.before(pipeline.wish)
    return replace(
        spec,
        policy=first_stated(own.policy, spec.policy, pipeline.policy),
        resources=wish.onto(spec.resources),
        placement=own.placement.over(pipeline.placement),
        access=own.access.joined(pipeline.access).joined(spec.access),
        always=bool(own.always),
    )


def _of_others(what: PipelineStep | Pipeline, given: Mapping[str, object], place: str) -> list[Problem]:
    """Words that mean nothing here."""
    is_step = isinstance(what, PipelineStep)
    others, kind, right = (
        (_OF_PIPELINES, "a step", "pass the Pipeline") if is_step else (_OF_STEPS, "a pipeline", "pass the step")
    )
    return [Problem(f"{name} is not a word of {kind}", place, right) for name in others if given[name] is not None]

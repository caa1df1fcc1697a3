"""`configure`: policies, resources and placement of a step or a whole pipeline. v1 has no such function."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TypeVar, Union

from ...errors import Problem
from ...model.policy_overrides import parse_overrides
from ..base.caller import caller
from ..base.exceptions import PipelineInvalid
from ..steps.base import PipelineStep
from .pipeline import Pipeline

T = TypeVar("T", bound=Union[PipelineStep, Pipeline])
Time = Union[str, float, timedelta]
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
    """Set policies, resources and placement of a step, or of every step of a pipeline.

    A step's own values precede its pipeline's, and a later call an earlier one. None leaves a value as it is. Times are
    seconds, or text such as ``"90s"``, ``"15m"``, ``"2h"``, or a timedelta.

    Example:
        >>> runner.configure(train, memory="8Gi", gpu=1, run_timeout="2h")
        >>> runner.configure(pipeline, retries=1, deadline="6h")

    Args:
        what: The step or the pipeline.
        retries: Attempts after the script fails or exceeds a time limit. Default: 0.
        infrastructure_retries: Attempts after a node, pod or store is lost. Default: 3.
        disruption_retries: Attempts after an eviction or preemption. Default: 20.
        retry_oom: The factor by which memory grows for one attempt after out-of-memory; 0: no such attempt. Default: 0.
        backoff: The pause before an attempt; it doubles each time, up to 5 minutes. Default: 1 s.
        queue_timeout: The longest time from submission to the target until a node is assigned. 0: no limit.
            Default: 24 h.
        start_timeout: The longest time from there until the process runs. 0: no limit. Default: 1 h.
        run_timeout: The longest time of the process, with inputs and outputs. Default: no limit.
        cpu: The CPU request, for example ``"500m"`` or ``2``. Default: 100m.
        memory: The memory request and limit, for example ``"8Gi"``. Default: 256Mi, limit 2Gi.
        gpu: The number of GPUs. Default: 0.
        cpu_limit: The CPU limit. Default: none.
        ephemeral_storage: The request and limit of local disk. Default: none.
        node_selector: Labels that the node must have. Default: none.
        tolerations: Tolerations of taints, as in a pod. Default: none.
        service_account: The pod's service account. Default: the namespace's.
        image_pull_secrets: Names of Secrets for private images. Default: none.
        secrets: Names of secrets that scripts may open by name. Default: none.
        datastores: Names of datastores that scripts may open by name, beside those of inputs and outputs. Default:
            none.
        always: True: the step runs however the steps before it ended. Only of a step. Default: False.
        deadline: The longest time of the run, from submission to the end of its last step. Only of a pipeline.
            Default: no limit.
        max_parallel: The most steps at the same time. Only of a pipeline. Default: no limit.

    Returns:
        `what`.

    Raises:
        PipelineInvalid: (a ValueError) Values are invalid; the exception has every problem.

    """
    given: dict[str, object] = locals().copy()  # every parameter by its name, and nothing else yet
    del given["what"]
    if not isinstance(what, (PipelineStep, Pipeline)):
        raise PipelineInvalid(f"a {type(what).__name__} cannot be configured", caller(), "pass a step or a Pipeline")
    place = f"{caller()}: configure({what.name!r})" if isinstance(what, PipelineStep) else f"{caller()}: configure"
    overrides, wrong = parse_overrides(given, lambda name: f"{place}: {name}")
    misplaced = _of_others(what, given, place)
    if misplaced or wrong:
        raise PipelineInvalid([*misplaced, *wrong])
    what.overrides = overrides.before(what.overrides)
    return what


def _of_others(what: PipelineStep | Pipeline, given: Mapping[str, object], place: str) -> list[Problem]:
    """Return the problems of settings that do not apply: a pipeline's of a step, or a step's of a pipeline."""
    is_step = isinstance(what, PipelineStep)
    others, kind, right = (
        (_OF_PIPELINES, "a step", "pass the Pipeline") if is_step else (_OF_STEPS, "a pipeline", "pass the step")
    )
    return [Problem(f"{name} is no setting of {kind}", place, right) for name in others if given[name] is not None]

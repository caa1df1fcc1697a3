"""The settings of a step, from a run configuration and a compute target."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ...model.policy import StepPolicy
from ...model.policy_overrides import InvalidValue, duration
from ..base.exceptions import RunConfigurationException
from ..base.pipeline_parameter import PipelineParameter
from ..base.plain_values import plain_scalar, texts
from ..computes.compute_target import target_name
from ..runconfig.run_configuration import RunConfiguration
from ..runconfig.script_run_config import ScriptRunConfig
from .base import Settings
from .gang import COUNTS, Gang, gang_of, several

_NO_TARGET = ("", "local")
_USUAL_SHARED_MEMORY = "2g"
"""v1's default, and ours."""
_LONGEST = 2_592_000
"""v1's usual time limit of a run: 30 days, in seconds."""
_SIZE = re.compile(r"(\d+(?:\.\d+)?) ?([kmgt]?)i?b?", re.IGNORECASE)
"""As ``docker run --shm-size`` takes it: powers of 1024, whichever way they are written."""


def settings_of(
    runconfig: object,
    compute_target: object,
    *,
    source_directory: str | None,
    script: str = "",
    reuse: bool = True,
    version: str | None = None,
    pipeline_params: Mapping[str, object] | None = None,
) -> Settings:
    """Return the settings of a step.

    Args:
        runconfig: A RunConfiguration, a ScriptRunConfig or None.
        compute_target: A ComputeTarget, its name, v1's tuple of name and type, or None.
        source_directory: The folder of the snapshot. None: the pipeline's default.
        script: The script that must exist in it. Default: empty, none to check.
        reuse: True: an equal step of an earlier run may take its place. Default: True.
        version: A label that counts for reuse. None: none.
        pipeline_params: Counts of nodes and processes as PipelineParameter, by v1's names. None: none.

    Raises:
        RunConfigurationException: `runconfig` is of another type, or has an invalid size, time or count.
        NotOffered: More than one node or process is asked for without a communicator.
        ValueError: A node count cannot be set by a parameter, or is no PipelineParameter.

    """
    config = runconfig.run_config if isinstance(runconfig, ScriptRunConfig) else runconfig
    if config is not None and not isinstance(config, RunConfiguration):
        raise RunConfigurationException(
            f"runconfig cannot be a {type(config).__name__}", remedy="pass a RunConfiguration"
        )
    counts = _counts(pipeline_params or {})
    gang = gang_of(config, counts) if config is not None else None
    if isinstance(compute_target, tuple):  # v1 takes (name, type) as well
        compute_target = compute_target[0] if compute_target else None
    own = config.target if config else ""
    return Settings(
        compute=target_name(compute_target) or ("" if own in _NO_TARGET else own),
        environment=config.environment if config else None,
        variables=texts(config.environment_variables) if config else {},
        source_directory=source_directory or "",
        script=script,
        reuse=reuse,
        version="" if version is None else str(version),
        node_parameters=_single(counts, gang),
        program=gang.program if gang else (),
        workers=gang.workers if gang else None,
        worker_parameters=gang.parameters if gang else (),
        shared_memory=_shared_memory(config) if config else "",
        policy=_time_limit(config),
    )


def _time_limit(config: RunConfiguration | None) -> StepPolicy:
    """Return the policy of v1's ``max_run_duration_seconds``; its default of 30 days sets no limit."""
    seconds = config.max_run_duration_seconds if config else None
    if seconds in (None, 0, _LONGEST):
        return StepPolicy()
    try:
        return StepPolicy(run_timeout=duration(plain_scalar(seconds)))
    except InvalidValue as unfit:
        what = f"max_run_duration_seconds {seconds!r} {unfit}"
        raise RunConfigurationException(what, remedy="give a number of seconds") from unfit


def _shared_memory(config: RunConfiguration) -> str:
    """Return the run configuration's ``shm_size`` where it is not the default, else the environment's."""
    own, environment = config.docker.shm_size, config.environment.docker.shm_size
    given = own if own and own != _USUAL_SHARED_MEMORY else environment
    if not given:
        return ""
    size = _SIZE.fullmatch(str(given).strip())
    if size is None or not float(size[1]):
        raise RunConfigurationException(f"shm_size {given!r} is no size", remedy="write it like '512m' or '8g'")
    unit = f"{size[2].upper()}i" if size[2] else ""
    return f"{size[1]}{unit}"


def _counts(given: Mapping[str, object]) -> dict[str, PipelineParameter]:
    found: dict[str, PipelineParameter] = {}
    for name, parameter in given.items():
        if name not in COUNTS:
            known = ", ".join(COUNTS)
            raise ValueError(f"runconfig_pipeline_params: {name!r} cannot be set by a parameter (can be: {known})")
        if not isinstance(parameter, PipelineParameter):
            raise ValueError(  # noqa: TRY004 - what v1 raises
                f"runconfig_pipeline_params: {name!r} must be a PipelineParameter, not a {type(parameter).__name__}"
            )
        found[name] = parameter
    return found


def _single(counts: Mapping[str, PipelineParameter], gang: Gang | None) -> tuple[PipelineParameter, ...]:
    """Return the parameters of counts that the step does not have, which can only be 1."""
    used = gang.parameters if gang else ()
    unused = {name: parameter for name, parameter in counts.items() if parameter not in used}
    for name, parameter in unused.items():
        if str(parameter.default_value) != "1":
            raise several(f"runconfig_pipeline_params: {name}={parameter.default_value!r}")
    return tuple(unused.values())

"""Settings of a step from what v1's steps are given: a run configuration and a compute target."""

from __future__ import annotations

from ..compute import target_name
from ..exceptions import RunConfigurationException
from ..run_config import RunConfiguration
from ..script_run_config import ScriptRunConfig
from .base import Settings

_NO_TARGET = ("", "local")


def settings_of(
    runconfig: object, compute_target: object, *, source_directory: str | None, script: str = "", reuse: bool = True
) -> Settings:
    """The settings. Raises RunConfigurationException for a `runconfig` of another type."""
    config = runconfig.run_config if isinstance(runconfig, ScriptRunConfig) else runconfig
    compute = target_name(compute_target)
    if config is None:
        return Settings(compute, source_directory=source_directory or "", script=script, reuse=reuse)
    if not isinstance(config, RunConfiguration):
        raise RunConfigurationException(
            f"runconfig cannot be a {type(config).__name__}", remedy="pass a RunConfiguration"
        )
    own = target_name(config.target)
    return Settings(
        compute or ("" if own in _NO_TARGET else own),
        config.environment,
        {name: str(value) for name, value in config.environment_variables.items()},
        source_directory or "",
        script,
        reuse,
    )

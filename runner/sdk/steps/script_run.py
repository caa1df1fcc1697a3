"""The one step that a submitted ScriptRunConfig becomes."""

from __future__ import annotations

from ..script_run_config import ScriptRunConfig
from .base import PipelineStep
from .command import CommandStep
from .python_script import PythonScriptStep


def script_run_step(config: ScriptRunConfig) -> PipelineStep:
    """The step of a script or a command. Raises ValueError when there is neither."""
    if config.command:
        return CommandStep(runconfig=config)
    if not config.script:
        raise ValueError("ScriptRunConfig: script or command is required")
    return PythonScriptStep(
        config.script,
        arguments=config.arguments,
        compute_target=config.compute_target,
        runconfig=config.run_config,
        source_directory=config.source_directory,
    )

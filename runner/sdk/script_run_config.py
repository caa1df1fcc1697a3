"""ScriptRunConfig: one script, or one command, as a run of its own."""

from __future__ import annotations

import copy
from collections.abc import Sequence

from ..override import override
from .caller import caller
from .environment import Environment
from .exceptions import NotOffered
from .run_config import DockerConfiguration, RunConfiguration


class ScriptRunConfig:
    """What ``experiment.submit`` needs to run one script."""

    def __init__(
        self,
        source_directory: str | None = None,
        script: str | None = None,
        arguments: Sequence[object] | None = None,
        run_config: RunConfiguration | None = None,
        _telemetry_values: object = None,
        compute_target: object = None,
        environment: Environment | None = None,
        distributed_job_config: object = None,
        resume_from: object = None,
        max_run_duration_seconds: int | None = 2592000,
        command: str | Sequence[object] | None = None,
        docker_runtime_config: DockerConfiguration | None = None,
    ) -> None:
        if resume_from is not None:
            raise NotOffered(
                "ScriptRunConfig(resume_from=...) is not offered",
                remedy="pass the earlier run's output as an input, and let the script go on from it",
            )
        self.where = caller()
        self.source_directory = source_directory or "."
        self.script = script
        self.arguments = list(arguments or ())
        self.command = command
        # A copy: the same RunConfiguration may serve other scripts with another environment.
        self.run_config = copy.copy(run_config) if run_config else RunConfiguration()
        self.distributed_job_config = distributed_job_config
        self.max_run_duration_seconds = max_run_duration_seconds
        self.compute_target = compute_target
        if environment is not None:
            self.run_config.environment = environment
        if docker_runtime_config is not None:
            self.run_config.docker = docker_runtime_config

    @override
    def __repr__(self) -> str:
        return f"ScriptRunConfig({self.source_directory!r}, {self.script or self.command!r}, {self.arguments!r})"

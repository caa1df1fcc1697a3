"""RunConfiguration and its sections: how a script is run."""

from __future__ import annotations

from collections.abc import Sequence

from .conda import CondaDependencies
from .environment import Environment


class DockerConfiguration:
    """v1's settings of the container itself. Steps always run in a container on Kubernetes."""

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


class MpiConfiguration:
    """Processes and nodes of an MPI job."""

    def __init__(self, process_count_per_node: int = 1, node_count: int = 1) -> None:
        self.process_count_per_node = process_count_per_node
        self.node_count = node_count


class PyTorchConfiguration:
    """Processes and nodes of a distributed PyTorch job."""

    def __init__(
        self, communication_backend: str = "Nccl", process_count: int | None = None, node_count: int = 1
    ) -> None:
        self.communication_backend = communication_backend
        self.process_count = process_count
        self.node_count = node_count


class TensorflowConfiguration:
    """Workers and parameter servers of a distributed TensorFlow job."""

    def __init__(self, worker_count: int = 1, parameter_server_count: int = 1) -> None:
        self.worker_count = worker_count
        self.parameter_server_count = parameter_server_count


class SparkConfiguration:
    """v1's Spark settings; kept and not used."""

    def __init__(self) -> None:
        self.configuration: dict[str, str] = {}


class HistoryConfiguration:
    """v1's history settings; kept and not used."""

    def __init__(self) -> None:
        self.output_collection = True
        self.directories_to_watch = ["logs"]


class RunConfiguration:
    """Environment, target and variables of a step or a script."""

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
        self.command = command
        self.framework = framework or "Python"
        self.communicator = communicator or "None"
        self.target: object = "local"
        self.environment = Environment()
        if conda_dependencies is not None:
            self.environment.python.conda_dependencies = conda_dependencies
        self.environment_variables: dict[str, str] = {}
        self.node_count = 1
        self.docker = DockerConfiguration()
        self.mpi = MpiConfiguration()
        self.pytorch = PyTorchConfiguration()
        self.tensorflow = TensorflowConfiguration()
        self.spark = SparkConfiguration()
        self.history = HistoryConfiguration()
        self.data_references: dict[str, object] = {}
        self.max_run_duration_seconds: int | None = None

    @property
    def auto_prepare_environment(self) -> bool:
        """Always: environments are prepared by runner."""
        return True

    @auto_prepare_environment.setter
    def auto_prepare_environment(self, value: bool) -> None:
        """Accept v1's old switch, which changes nothing here."""

"""v1's classes of an Estimator's `distributed_training`."""

from __future__ import annotations

from ...override import override
from ..base.exceptions import TrainingException
from ..runconfig.run_configuration import MpiConfiguration, RunConfiguration


class DistributedTraining:
    """The base class of the ways to distribute an Estimator's processes."""

    def set(self, config: RunConfiguration, nodes: int, processes: int) -> None:
        """Set the sections of a run configuration.

        Args:
            config: The run configuration.
            nodes: The number of nodes.
            processes: The number of processes on each node, as the Estimator has it.

        Raises:
            NotImplementedError: The class is no way to distribute them.

        """
        raise NotImplementedError


class Mpi(DistributedTraining):
    """v1's distributed training by MPI.

    Args:
        process_count_per_node: The number of processes on each node. Default: 1.

    """

    def __init__(self, process_count_per_node: int = 1) -> None:
        self.process_count_per_node = process_count_per_node

    @override
    def set(self, config: RunConfiguration, nodes: int, processes: int) -> None:
        """Set communicator and counts; those of this object go before the Estimator's.

        Args:
            config, nodes, processes: As for `DistributedTraining.set`.

        """
        config.communicator, config.node_count = "IntelMpi", nodes
        own = self.process_count_per_node
        config.mpi.process_count_per_node = processes if str(own) == "1" else own


class ParameterServer(DistributedTraining):
    """v1's distributed training of TensorFlow by parameter servers.

    Args:
        worker_count: The number of workers, over all nodes. Default: 1.
        parameter_server_count: The number of parameter servers, over all nodes. Default: 1.

    """

    def __init__(self, worker_count: int = 1, parameter_server_count: int = 1) -> None:
        self.worker_count = worker_count
        self.parameter_server_count = parameter_server_count

    @override
    def set(self, config: RunConfiguration, nodes: int, processes: int) -> None:
        """Set framework, communicator and counts.

        Args:
            config, nodes, processes: As for `DistributedTraining.set`.

        """
        config.framework, config.communicator, config.node_count = "TensorFlow", "ParameterServer", nodes
        config.tensorflow.worker_count = self.worker_count
        config.tensorflow.parameter_server_count = self.parameter_server_count


class Nccl(DistributedTraining):
    """v1's distributed training of PyTorch over NCCL."""

    @override
    def set(self, config: RunConfiguration, nodes: int, processes: int) -> None:
        """Set framework, communicator and counts.

        Args:
            config, nodes, processes: As for `DistributedTraining.set`.

        """
        config.framework, config.communicator, config.node_count = "PyTorch", type(self).__name__, nodes
        config.pytorch.process_count = int(nodes) * int(processes)


class Gloo(Nccl):
    """v1's distributed training of PyTorch over Gloo."""


_BACKENDS: dict[str, type[DistributedTraining]] = {
    "mpi": Mpi,
    "ps": ParameterServer,
    "nccl": Nccl,
    "gloo": Gloo,
}


def distribution(training: object, backend: str | None) -> DistributedTraining | None:
    """Return the way in which an Estimator distributes its processes; None: it has one.

    Args:
        training: The Estimator's `distributed_training`.
        backend: The Estimator's `distributed_backend`.

    Raises:
        TrainingException: One of the two is unknown.

    """
    if isinstance(training, DistributedTraining):
        return training
    if isinstance(training, MpiConfiguration):
        return Mpi(training.process_count_per_node)
    if training is not None:
        kinds = ", ".join(kind.__name__ for kind in (*_BACKENDS.values(), MpiConfiguration))
        raise TrainingException(
            f"Estimator: distributed_training cannot be a {type(training).__name__}; it can be: {kinds}"
        )
    if backend is None:
        return None
    if str(backend).lower() not in _BACKENDS:
        raise TrainingException(
            f"Estimator: distributed_backend cannot be {backend!r}; it can be: {', '.join(_BACKENDS)}"
        )
    return _BACKENDS[str(backend).lower()]()

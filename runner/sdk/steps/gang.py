"""The ranks of a distributed step, from a run configuration and the parameters that set its counts."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from itertools import starmap
from typing import Union

from ...dataclass import dataclass
from ...model.step import Interpreter
from ...model.workers import WorkerKind, Workers
from ..base.caller import caller
from ..base.exceptions import NotOffered, RunConfigurationException
from ..base.pipeline_parameter import PipelineParameter
from ..runconfig.run_configuration import RunConfiguration

PROGRAM = "_runner_step.step.ranks"
"""The module `runner.step.ranks` under the step bundle's private name. Stored plans have it: it cannot change."""
MPI, PYTORCH, TENSORFLOW = "mpi", "pytorch", "tensorflow"
"""The kinds that the program knows."""
_COMMUNICATORS = {
    **dict.fromkeys(("openmpi", "intelmpi", "mpi"), MPI),
    **dict.fromkeys(("nccl", "gloo"), PYTORCH),
    "parameterserver": TENSORFLOW,
}
"""The kinds by v1's communicators in small letters."""
_NONE = ("", "none")
NODES, MPI_PROCESSES = "NodeCount", "MpiProcessCountPerNode"
TENSORFLOW_WORKERS, TENSORFLOW_SERVERS = "TensorflowWorkerCount", "TensorflowParameterServerCount"
COUNTS = (NODES, MPI_PROCESSES, TENSORFLOW_WORKERS, TENSORFLOW_SERVERS)
"""Settings that v1 lets ``runconfig_pipeline_params`` set."""
_OF_KIND = {MPI: (NODES, MPI_PROCESSES), PYTORCH: (NODES,), TENSORFLOW: (NODES, TENSORFLOW_WORKERS, TENSORFLOW_SERVERS)}

_PYTORCH_PROCESSES, _TENSORFLOW_COUNT = "PyTorchConfiguration: process_count", "TensorflowConfiguration: worker_count"
_Count = Union[int, PipelineParameter]


@dataclass(frozen=True, kw_only=True)
class Gang:
    """The ranks that a step asks for."""

    kind: str
    workers: Workers
    servers: _Count = 0
    """TensorFlow's parameter servers."""
    parameters: tuple[PipelineParameter, ...] = ()
    """Those that set its counts."""

    @property
    def program(self) -> tuple[object, ...]:
        """The beginning of the step's command, before the command that each rank runs."""
        return (Interpreter(), "-m", PROGRAM, json.dumps({"kind": self.kind}), self.servers)


def gang_of(config: RunConfiguration, given: Mapping[str, PipelineParameter]) -> Gang | None:
    """Return the ranks of a step; None: it runs its command once.

    v1 reads the sections of distributed jobs only where a communicator is named.

    Args:
        config: The run configuration.
        given: Counts as PipelineParameter, by v1's names; those that the kind does not have are ignored.

    Raises:
        RunConfigurationException: A count is no whole number of at least 1, or counts do not fit each other.
        NotOffered: More than one node is asked for without a communicator, or with an unknown one.

    """
    kind = _COMMUNICATORS.get(str(config.communicator).lower(), "")
    parameters = {name: value for name, value in given.items() if name in _OF_KIND.get(kind, ())}
    counts = _counts_of(config, kind, parameters)
    if bad := [problem for problem in starmap(_problem, counts) if problem]:
        raise RunConfigurationException("; ".join(bad), where=caller(), remedy="give a number of nodes or processes")
    nodes = _number(counts[0][1])
    if not kind:
        if nodes > 1:
            raise _alone(config, nodes)
        return None
    make: Callable[[RunConfiguration, int, Mapping[str, PipelineParameter]], Gang] = {
        MPI: _mpi,
        PYTORCH: _pytorch,
        TENSORFLOW: _tensorflow,
    }[kind]
    return make(config, nodes, parameters)


def _counts_of(
    config: RunConfiguration, kind: str, parameters: Mapping[str, PipelineParameter]
) -> list[tuple[str, object, int]]:
    """Return all counts of a step, that of its nodes first: the name, what the user gave, and the least number."""
    found: list[tuple[str, object, int]] = [("node_count", parameters.get(NODES, config.node_count), 1)]
    if kind == MPI:
        given = parameters.get(MPI_PROCESSES, config.mpi.process_count_per_node)
        found.append(("process_count_per_node", given, 1))
    if kind == PYTORCH and config.pytorch.process_count is not None:
        found.append((_PYTORCH_PROCESSES, config.pytorch.process_count, 1))
    if kind == TENSORFLOW:
        workers = parameters.get(TENSORFLOW_WORKERS)
        named = TENSORFLOW_WORKERS if workers is not None else _TENSORFLOW_COUNT
        found.append((named, config.tensorflow.worker_count if workers is None else workers, 1))
        servers = parameters.get(TENSORFLOW_SERVERS, config.tensorflow.parameter_server_count)
        found.append(("parameter_server_count", servers, 0))
    return found


def several(what: str) -> NotOffered:
    """Return the error for a step that runs one process and asks for several nodes or processes.

    Args:
        what: The setting, as the user wrote it.

    """
    return NotOffered(
        f"{what} is not offered for a step without a communicator: its script runs once",
        remedy="give the ScriptRunConfig a distributed_job_config (MpiConfiguration, PyTorchConfiguration or "
        "TensorflowConfiguration), or use MpiStep",
    )


def _alone(config: RunConfiguration, nodes: int) -> NotOffered:
    if str(config.communicator).lower() in _NONE:
        return several(f"RunConfiguration: node_count={nodes}")
    known = "OpenMpi, IntelMpi, Nccl, Gloo, ParameterServer"
    return NotOffered(
        f"RunConfiguration: the communicator {config.communicator!r} is not known", remedy=f"use one of {known}"
    )


def _mpi(config: RunConfiguration, nodes: int, parameters: Mapping[str, PipelineParameter]) -> Gang:
    processes = parameters.get(MPI_PROCESSES, config.mpi.process_count_per_node)
    workers = Workers(
        kind=WorkerKind.GANG,
        nodes=nodes,
        nodes_parameter=_name(parameters.get(NODES)),
        processes=_number(processes),
        processes_parameter=_name(parameters.get(MPI_PROCESSES)),
    )
    return Gang(kind=MPI, workers=workers, parameters=tuple(parameters.values()))


def _pytorch(config: RunConfiguration, nodes: int, parameters: Mapping[str, PipelineParameter]) -> Gang:
    total = config.pytorch.process_count
    processes = _per_node(_PYTORCH_PROCESSES, nodes if total is None else total, nodes)
    workers = Workers(
        kind=WorkerKind.GANG, nodes=nodes, nodes_parameter=_name(parameters.get(NODES)), processes=processes
    )
    return Gang(kind=PYTORCH, workers=workers, parameters=tuple(parameters.values()))


def _tensorflow(config: RunConfiguration, nodes: int, parameters: Mapping[str, PipelineParameter]) -> Gang:
    total = parameters.get(TENSORFLOW_WORKERS)
    servers: _Count = parameters.get(TENSORFLOW_SERVERS, config.tensorflow.parameter_server_count)
    servers = servers if isinstance(servers, PipelineParameter) else _number(servers)
    if total is not None:  # each worker has a node of its own then
        nodes = _number(total)
        if parameters.get(NODES, total) is not total:
            raise RunConfigurationException(
                f"{NODES} and {TENSORFLOW_WORKERS} are two parameters",
                remedy="give one PipelineParameter for both: each worker has a node of its own",
            )
        processes = 1
    else:
        processes = _per_node(_TENSORFLOW_COUNT, config.tensorflow.worker_count, nodes)
    name = _name(total or parameters.get(NODES))
    workers = Workers(kind=WorkerKind.GANG, nodes=nodes, nodes_parameter=name, processes=processes)
    return Gang(kind=TENSORFLOW, workers=workers, servers=servers, parameters=tuple(parameters.values()))


def _per_node(what: str, total: object, nodes: int) -> int:
    count = _number(total)
    if count % nodes:
        raise RunConfigurationException(
            f"{what}={count} is not a multiple of node_count={nodes}",
            where=caller(),
            remedy="each node has the same number of processes: give their number over all nodes",
        )
    return count // nodes


def _problem(what: str, given: object, least: int) -> str:
    """Return what is wrong with a count; empty: nothing."""
    value = _value(given)
    text = str(value).strip()
    if text.isdecimal() and int(text) >= least:
        return ""
    return f"{what} {value!r} is no whole number of at least {least}"


def _number(given: object) -> int:
    """Return a count in which `_problem` finds nothing wrong."""
    return int(str(_value(given)))


def _value(given: object) -> object:
    return given.default_value if isinstance(given, PipelineParameter) else given


def _name(parameter: PipelineParameter | None) -> str:
    return parameter.name if parameter is not None else ""

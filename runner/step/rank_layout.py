"""The ranks of a gang, and the variables by which a script finds its place among them (pure).

A gang is one program in many processes: `nodes` nodes with `processes` ranks each, and for TensorFlow parameter servers
in addition. Rank r is process ``r % processes`` of node ``r // processes``. One machine plays all nodes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from ..dataclass import dataclass
from ..model.workers import HOSTS, PROCESSES, WORKER, WORKERS

MPI = "mpi"
PYTORCH = "pytorch"
TENSORFLOW = "tensorflow"
KINDS = (MPI, PYTORCH, TENSORFLOW)
"""The kinds of gangs. Stored plans have these texts: they cannot change."""
MASTER_PORT = 6105
"""The port of rank 0 on a cluster; that of v1's ``AZ_BATCH_MASTER_NODE``."""
CONTROL_PORT = 6106
"""The port at which each worker but the first one waits for the first one, on a cluster."""
TENSORFLOW_PORT = 2222
"""The port of a node's first TensorFlow process on a cluster; the others have the next ones."""


@dataclass(frozen=True, kw_only=True)
class Gang:
    """The gang as one of its workers knows it."""

    kind: str
    nodes: int = 1
    processes: int = 1
    """The ranks of each node."""
    servers: int = 0
    """The number of TensorFlow's parameter servers; number k runs on node ``k % nodes``."""
    node: int | None = None
    """This worker's index. None: this machine plays all nodes."""
    hosts: tuple[str, ...] = ()
    """The names of the nodes; empty on one machine."""
    ports: tuple[int, ...] = ()
    """The port of each node's agent."""

    @property
    def size(self) -> int:
        """The number of ranks."""
        return self.nodes * self.processes

    def rank(self, number: int) -> Rank:
        """Return a rank.

        Args:
            number: From 0 up.

        """
        return Rank(number=number, local=number % self.processes, node=number // self.processes)

    @property
    def here(self) -> tuple[Rank, ...]:
        """The processes of this worker: its ranks, and then its parameter servers."""
        servers = (Rank(number=k, local=k // self.nodes, node=k % self.nodes, server=True) for k in range(self.servers))
        every = (*map(self.rank, range(self.size)), *servers)
        return tuple(one for one in every if self.node in (None, one.node))

    def label(self, rank: Rank) -> str:
        """Return the words for a process in messages: ``rank 2 of 4``."""
        return f"parameter server {rank.number}" if rank.server else f"rank {rank.number} of {self.size}"


@dataclass(frozen=True, kw_only=True)
class Rank:
    """One process of a gang."""

    number: int
    local: int
    """Its number on its node."""
    node: int
    server: bool = False
    """True: a parameter server, which counts for itself and is no rank."""

    @property
    def mark(self) -> str:
        """The text before each of its lines in the step's log. Rank 0 has none."""
        if self.server:
            return f"[ps {self.number}] "
        return f"[rank {self.number}] " if self.number else ""

    @property
    def file(self) -> str:
        """The name of the file with its output; v1's name."""
        return f"std_log_{'server' if self.server else 'process'}_{self.number:02d}.txt"


@dataclass(frozen=True, kw_only=True)
class Meeting:
    """The addresses at which the processes of a gang meet."""

    address: str
    port: int
    ranks: tuple[str, ...] = ()
    """``host:port`` of each TensorFlow worker."""
    servers: tuple[str, ...] = ()
    """The same for the parameter servers."""


def gang_of(kind: str, servers: str, given: Mapping[str, str]) -> Gang:
    """Return the gang that a worker's variables describe.

    Args:
        kind: `MPI`, `PYTORCH` or `TENSORFLOW`.
        servers: The number of parameter servers.
        given: The variables; see `runner.model.workers`. A host may have the port of its agent after a colon.

    Raises:
        ValueError: A variable is missing or no number, or there are other hosts than workers.

    """
    named = [host.partition(":") for host in given.get(HOSTS, "").split(",") if host and WORKER in given]
    gang = Gang(
        kind=kind,
        nodes=_number(given, WORKERS),
        processes=_number(given, PROCESSES) or 1,
        servers=int(servers or 0),
        node=_number(given, WORKER) if WORKER in given else None,
        hosts=tuple(name for name, _, _ in named),
        ports=tuple(int(port or CONTROL_PORT) for _, _, port in named),
    )
    if gang.node is not None and len(gang.hosts) != gang.nodes and gang.nodes > 1:
        raise ValueError(f"{HOSTS} names {len(gang.hosts)} hosts for {gang.nodes} workers")
    return gang


def ports_needed(gang: Gang) -> int:
    """Return the number of free ports that a gang on one machine needs."""
    return 1 + (gang.size + gang.servers if gang.kind == TENSORFLOW else 0)


def meeting_of(gang: Gang, ports: Sequence[int]) -> Meeting:
    """Return the addresses of a gang.

    Args:
        gang: The gang.
        ports: Free ports of this machine, `ports_needed` of them; they are not used on a cluster.

    """
    first = gang.size + 1
    if len(gang.hosts) < 1:
        local = [f"127.0.0.1:{port}" for port in ports]
        return Meeting(address="127.0.0.1", port=ports[0], ranks=tuple(local[1:first]), servers=tuple(local[first:]))
    if gang.kind != TENSORFLOW:
        return Meeting(address=gang.hosts[0], port=MASTER_PORT)
    ranks = (f"{gang.hosts[r // gang.processes]}:{TENSORFLOW_PORT + r % gang.processes}" for r in range(gang.size))
    above = TENSORFLOW_PORT + gang.processes
    servers = (f"{gang.hosts[k % gang.nodes]}:{above + k // gang.nodes}" for k in range(gang.servers))
    return Meeting(address=gang.hosts[0], port=MASTER_PORT, ranks=tuple(ranks), servers=tuple(servers))


def variables(gang: Gang, meeting: Meeting, rank: Rank) -> dict[str, str]:
    """Return the variables of one process.

    The names are those of v1's images and of torchrun
    (https://pytorch.org/docs/stable/elastic/run.html, "Environment Variables").

    Args:
        gang: The gang.
        meeting: Its addresses.
        rank: The process.

    """
    master = f"{meeting.address}:{meeting.port}"
    common = {
        "AZUREML_NODE_COUNT": gang.nodes,
        "AZ_BATCH_MASTER_NODE": master,
        "AZ_BATCHAI_MPI_MASTER_NODE": meeting.address,
        "AZ_BATCH_HOST_LIST": ",".join(gang.hosts or (meeting.address,)),
        "MASTER_ADDR": meeting.address,
        "MASTER_PORT": meeting.port,
        "NODE_RANK": rank.node,
        "GROUP_RANK": rank.node,
        "LOCAL_WORLD_SIZE": gang.processes,
        "WORLD_SIZE": gang.size,
    }
    own: dict[str, object] = {} if rank.server else {"RANK": rank.number, "LOCAL_RANK": rank.local}
    if gang.kind == MPI:
        own.update(
            OMPI_COMM_WORLD_RANK=rank.number,
            OMPI_COMM_WORLD_SIZE=gang.size,
            OMPI_COMM_WORLD_LOCAL_RANK=rank.local,
            OMPI_COMM_WORLD_LOCAL_SIZE=gang.processes,
        )
    if gang.kind == TENSORFLOW:
        own["TF_CONFIG"] = _tensorflow(meeting, rank)
    return {name: str(value) for name, value in {**common, **own}.items()}


def _tensorflow(meeting: Meeting, rank: Rank) -> str:
    """Return ``TF_CONFIG``: https://www.tensorflow.org/guide/distributed_training#setting_up_the_tf_config_environment_variable."""
    cluster = {"worker": list(meeting.ranks), **({"ps": list(meeting.servers)} if meeting.servers else {})}
    task = {"type": "ps" if rank.server else "worker", "index": rank.number}
    return json.dumps({"cluster": cluster, "task": task, "environment": "cloud"})


def _number(given: Mapping[str, str], name: str) -> int:
    value = given.get(name, "")
    if not value.isdecimal():
        raise ValueError(f"the variable {name} is {value!r}, not a number")
    return int(value)

"""The workers of one step: many pods on a cluster, many processes on one machine.

One attempt has `nodes` workers with the indexes 0, 1, …; on Kubernetes each is a pod of one Indexed Job
(https://kubernetes.io/docs/concepts/workloads/controllers/job/#completion-mode). Each worker starts `processes`
processes. On one machine a single worker plays all nodes.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from ..dataclass import dataclass
from .exits import KILLED

WORKERS = "RUNNER_WORKERS"
"""The variable with the number of nodes of the attempt."""
PROCESSES = "RUNNER_PROCESSES"
"""The variable with the number of processes per node; 0: one per core."""
WORKER = "RUNNER_WORKER"
"""The variable with this worker's index. It is absent where one worker plays all nodes."""
HOSTS = "RUNNER_HOSTS"
"""The variable with the DNS names of all workers of a gang, in the order of their indexes, with commas."""
GANG_TOKEN = "RUNNER_GANG_TOKEN_FILE"  # noqa: S105 - the name of a variable, not a password
"""The variable with the path of the file that holds the token of a gang's attempt: only its workers have this file.

It is absent where one worker plays all nodes.
"""
CARRIED = "RUNNER_CARRIED"
"""The variable with the folder of the step that a retry continues: ``runs/<run>/<key>``; absent: there is none."""
WORK = "RUNNER_WORK_KEY"
"""The variable with the digest of all that determines the batches of a pool and their results."""
EXTRA = "RUNNER_EXTRA_OUTPUTS"
"""The variable with the path to which worker 0 of a pool writes `extra_outputs.ExtraOutputs`; absent as `WORKER`."""
COMPLETION_INDEX = "JOB_COMPLETION_INDEX"
"""The variable with a pod's index that an Indexed Job sets.

https://kubernetes.io/docs/concepts/workloads/controllers/job/#completion-mode
"""
STEP_FAILED = 79
"""The exit code of a worker's container if the whole step has failed: its record exists, and no worker is to go on.

It is the first code after those of sysexits.h. A worker whose end may be repeated (for example after a failure of the
store) exits with another one.
"""


class WorkerKind(str, Enum):
    """The bond between the workers of a step."""

    POOL = "pool"
    """They share the work. A lost worker is replaced, and the others go on meanwhile."""
    GANG = "gang"
    """They are the ranks of one program: they start together, and the failure of one is the failure of all."""


@dataclass(frozen=True, kw_only=True)
class Workers:
    """The workers that a step asks for."""

    kind: WorkerKind
    nodes: int = 1
    nodes_parameter: str = ""
    """The pipeline parameter that gives `nodes`, which is its default until values are bound; empty: none."""
    processes: int = 0
    """Processes per node; 0: one per core."""
    processes_parameter: str = ""
    """The same for `processes`."""

    def bound(self, values: Mapping[str, object]) -> Workers:
        """Return the workers with the numbers that parameters give.

        Args:
            values: The value of each pipeline parameter.

        Raises:
            ValueError: A value is no whole number.
        """
        return Workers(
            kind=self.kind,
            nodes=_count(values, self.nodes_parameter, self.nodes),
            processes=_count(values, self.processes_parameter, self.processes),
        )


def lost_program(workers: Workers | None, exit_code: int) -> str:
    """Return the reason if the end of a pool's program is no failure of the script; empty: it may be one.

    The program has no code of the user: whoever has killed it, another attempt continues its work.

    Args:
        workers: The workers of the attempt.
        exit_code: The exit code as a shell reports it.
    """
    if workers is None or workers.kind is not WorkerKind.POOL or exit_code != KILLED:
        return ""
    return "the program that runs its batches was killed (SIGKILL); another attempt continues its work"


def _count(values: Mapping[str, object], name: str, default: int) -> int:
    value = values.get(name)
    return default if value is None else int(str(value))

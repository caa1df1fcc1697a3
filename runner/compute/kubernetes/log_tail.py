"""The end of the log of an attempt that could not upload it. The cluster keeps it as long as the pod."""

from __future__ import annotations

from ...model.task import TaskId
from ...ports import ObjectStore
from . import conventions as c
from . import pod_disruptions
from .cluster import Cluster
from .json_fields import KubeObject, text
from .pod_snapshot import index_of

_LINES = 200


def save(cluster: Cluster, store: ObjectStore, task: TaskId, pod: KubeObject) -> None:
    """Upload the log lines that the pod itself could not upload. Raises TargetError, StoreError."""
    if pod_disruptions.lost_node(pod, cluster.now()):
        return  # its log is with it, and asking would hold up the tick until it times out
    name = text(pod, "metadata", "name")
    tail = cluster.log_tail(name, container=c.CONTAINER, last=_LINES) if name else ""
    prefix = task.worker_logs(index_of(pod))
    chunks = [chunk.key for chunk in store.list(prefix)]
    last = store.get(chunks[-1]).decode("utf-8", "replace") if chunks and tail else ""
    rest = missing_lines(tail, last)
    if rest:
        store.put(f"{prefix}{len(chunks) + 1:08d}.txt", rest.encode())


def missing_lines(tail: str, chunk: str) -> str:
    """Return the part of the log's `tail` after the last whole line of the last uploaded `chunk`."""
    last = chunk.rpartition("\n")[0].rpartition("\n")[2] + "\n"
    _, found, after = tail.rpartition(last)
    return after if found and last.strip() else tail

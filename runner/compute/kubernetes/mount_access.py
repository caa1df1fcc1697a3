"""The mounts that the pods of a target can have, by what the nodes have registered."""

from __future__ import annotations

import threading
from time import monotonic

from ...errors import TargetDenied, TargetError
from ...model.data_access import DataAccess, MountPolicy
from .cluster import Cluster
from .json_fields import KubeObject, rows, text
from .mounts_config import MOUNTER
from .settings import ClusterSettings

FRESH_SECONDS = 60.0
"""The age at which the nodes are asked again."""
MOST_MOUNTS = 8


class MountAccess:
    """The answer to `ComputeTarget.data_access`, asked once a minute at most."""

    def __init__(self, cluster: Cluster, settings: ClusterSettings) -> None:
        """Ask nothing.

        Args:
            cluster: The cluster.
            settings: The settings of the target.
        """
        self._cluster, self._settings = cluster, settings
        self._lock = threading.Lock()
        self._found: DataAccess | None = None
        self._asked = 0.0

    def get(self) -> DataAccess:
        """Return the ways in which pods get their inputs. A cluster that does not answer has no mounts for a while."""
        with self._lock:
            if self._found is None or monotonic() - self._asked > FRESH_SECONDS:
                self._found, self._asked = access_of(self._cluster, self._settings), monotonic()
            return self._found


def access_of(cluster: Cluster, settings: ClusterSettings) -> DataAccess:
    """Ask the cluster for the mounts that the pods of a target can have."""
    config = settings.mounts
    if config.policy is MountPolicy.NEVER:
        return DataAccess(policy=config.policy)
    problem = "" if config.claim else driver_problem(cluster, config.driver)
    return DataAccess(
        mounts=not problem,
        driver=f"claim {config.claim}" if config.claim else config.driver,
        problem=problem,
        unmountable=settings.unmountable,
        most_mounts=MOST_MOUNTS,
        policy=config.policy,
    )


def driver_problem(cluster: Cluster, driver: str) -> str:
    """Return why the pods of a cluster cannot have volumes of a driver. Empty: at least one node has it.

    A driver that runner does not install is believed to be there if its user may not ask.
    """
    try:
        nodes = cluster.list_everywhere("csinodes").items
    except TargetDenied:
        return "" if driver != MOUNTER else "no right to list csinodes, by which runner finds the mounter"
    except TargetError as error:
        return f"the cluster could not be asked for CSI driver {driver}: {error}"
    if any(driver in drivers_of(node) for node in nodes):
        return ""
    return f"no node has the CSI driver {driver}"


def drivers_of(node: KubeObject) -> tuple[str, ...]:
    """Return the CSI drivers that a node's kubelet has registered."""
    return tuple(text(driver, "name") for driver in rows(node, "spec", "drivers"))

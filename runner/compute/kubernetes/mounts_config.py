"""The settings of mounts in step pods."""

from __future__ import annotations

from collections.abc import Mapping

from ...dataclass import dataclass, field
from ...model.data_access import MountPolicy

MOUNTER = "mounter.runner.dev"
"""The CSI driver of ``manifests/mounter.yaml``."""


@dataclass(frozen=True)
class MountsConfig:
    """Mounts of buckets in step pods, and what makes them."""

    policy: MountPolicy = MountPolicy.PREFERRED
    """Download an input that cannot be mounted (``preferred``), refuse the run (``required``), or mount nothing
    (``never``)."""
    driver: str = MOUNTER
    """The CSI driver of the volumes. Default: the mounter, which ``runner cluster up`` installs."""
    attributes: Mapping[str, str] = field(default_factory=dict)
    """The ``volumeAttributes`` for another driver. ``{endpoint}``, ``{bucket}``, ``{prefix}`` and ``{region}`` stand
    for those of the input. Empty: these four, under their names."""
    claim: str = ""
    """A PersistentVolumeClaim that shows the target's bucket, and is mounted instead of a driver's volumes."""

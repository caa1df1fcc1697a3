"""The settings of a compute name that a pipeline file uses (pure)."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Union

from ..dataclass import dataclass
from .quantity import amount, exceeds
from .resources import Resources

_CPU = re.compile(r"\d+(\.\d+)?|\d+m")
_MEMORY = re.compile(r"\d+(\.\d+)?(Ki|Mi|Gi|Ti|k|M|G|T)")
Quantity = Union[str, int, float]
"""A Kubernetes quantity as YAML has it: ``2``, ``0.5``, ``500m``, ``7Gi``."""


@dataclass(frozen=True)
class VmSize:
    """The resources of a virtual machine size."""

    cpu: Quantity
    """The number of cores."""
    memory: Quantity
    """The memory as a Kubernetes quantity: ``7Gi``."""
    gpu: int = 0
    """The number of GPUs."""


@dataclass(frozen=True, kw_only=True)
class ComputeSettings:
    """The settings of one compute name. All are optional."""

    target: str = ""
    """The target that the name means. Empty: the target in use."""
    vm_size: str = ""
    """A VM size in place of the one in the pipeline file."""
    cpu: Quantity = ""
    """The CPU request of each step."""
    memory: Quantity = ""
    """The memory request and limit of each step."""
    gpu: int | None = None
    """The GPUs of each step. Empty: none, unless `strict` is set."""
    max_nodes: int | None = None
    """The most nodes at the same time: a step takes one, or one per worker. It overrides the pipeline file."""
    strict: bool = False
    """Request everything that the VM size has."""
    cpu_limit: Quantity = ""
    """The CPU limit of each step. Empty: none."""
    ephemeral_storage: Quantity = ""
    """The local disk request and limit of each step."""


@dataclass(frozen=True, kw_only=True)
class ResourceRequest:
    """The resources that one source requests for a step. Empty fields are not stated."""

    cpu: Quantity = ""
    """The CPU request."""
    memory: Quantity = ""
    """The memory request and limit."""
    gpu: int | None = None
    """The number of GPUs."""
    cpu_limit: Quantity = ""
    """The CPU limit."""
    ephemeral_storage: Quantity = ""
    """The local disk request and limit."""

    def before(self, other: ResourceRequest) -> ResourceRequest:
        """Return both merged; the fields of this one take precedence."""
        gpu = other.gpu if self.gpu is None else self.gpu
        disk = self.ephemeral_storage or other.ephemeral_storage
        return ResourceRequest(
            cpu=self.cpu or other.cpu,
            memory=self.memory or other.memory,
            gpu=gpu,
            cpu_limit=self.cpu_limit or other.cpu_limit,
            ephemeral_storage=disk,
        )

    def onto(self, asked: Resources) -> Resources:
        """Return `asked` with the fields of this one in place of its own."""
        memory, limit = (str(self.memory),) * 2 if self.memory else (asked.memory, asked.memory_limit)
        gpu = asked.gpu if self.gpu is None else self.gpu
        cpu = str(self.cpu) if self.cpu else asked.cpu
        most = str(self.cpu_limit) or asked.cpu_limit
        if not self.cpu_limit and exceeds(cpu, most):
            most = ""  # of before: who asks for more without a word on the limit means no less
        disk = str(self.ephemeral_storage) or asked.ephemeral_storage
        found = replace(asked, cpu=cpu, cpu_limit=most, memory=memory, memory_limit=limit, gpu=gpu)
        return replace(found, ephemeral_storage=disk)

    def below(self, asked: Resources) -> Resources:
        """Return `asked` with the fields of this one where it has its default."""
        usual = Resources()
        cpu_said = (asked.cpu, asked.cpu_limit) != (usual.cpu, usual.cpu_limit)
        memory_said = (asked.memory, asked.memory_limit) != (usual.memory, usual.memory_limit)
        return ResourceRequest(
            cpu="" if cpu_said else self.cpu,
            memory="" if memory_said else self.memory,
            gpu=None if asked.gpu != usual.gpu else self.gpu,
            cpu_limit="" if cpu_said else self.cpu_limit,
            ephemeral_storage="" if asked.ephemeral_storage else self.ephemeral_storage,
        ).onto(asked)


def misfit_of(name: str, text: str) -> tuple[str, str] | None:
    """Return what is wrong with an amount of a resource, and the remedy; None if nothing is."""
    if name in ("cpu", "cpu_limit") and (not _CPU.fullmatch(text) or not amount(text)):
        return "is no number of cores", "write it like 2, 0.5 or 500m"
    if name in ("memory", "ephemeral_storage") and (not _MEMORY.fullmatch(text) or not amount(text)):
        return f"is no amount of {'memory' if name == 'memory' else 'disk'}", "write it with a unit: 512Mi or 7Gi"
    return None

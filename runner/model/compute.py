"""What a compute name of a pipeline file stands for, as it is configured (pure)."""

from __future__ import annotations

import re
from dataclasses import replace

from ..dataclass import dataclass
from .quantity import amount, exceeds
from .resources import Resources

_CPU = re.compile(r"\d+(\.\d+)?|\d+m")
_MEMORY = re.compile(r"\d+(\.\d+)?(Ki|Mi|Gi|Ti|k|M|G|T)")
Quantity = str | int | float
"""A Kubernetes quantity as YAML has it: ``2``, ``0.5``, ``500m``, ``7Gi``."""


@dataclass(frozen=True)
class VmSize:
    """What a machine has."""

    cpu: Quantity
    memory: Quantity
    """A Kubernetes quantity: ``7Gi``."""
    gpu: int = 0


@dataclass(frozen=True)
class ComputeSettings:
    """What is known of a compute name; everything may be missing."""

    target: str = ""
    """The configured target it means; empty: the one in force."""
    vm_size: str = ""
    cpu: Quantity = ""
    """Asked of the node, for each step."""
    memory: Quantity = ""
    """Asked of the node, for each step; it is the most a step may take as well."""
    gpu: int | None = None
    """Asked of the node, for each step; None: none, unless `strict`."""
    max_nodes: int | None = None
    """The most steps at a time."""
    strict: bool = False
    """Ask the node for all that the size has."""
    cpu_limit: Quantity = ""
    """The most that each step may take; empty: no limit."""
    ephemeral_storage: Quantity = ""
    """Local disk: asked of the node, for each step, and the most that it may take."""


@dataclass(frozen=True)
class Wish:
    """What is said in one place of the machine steps run on; what is empty is not said."""

    cpu: Quantity = ""
    memory: Quantity = ""
    """Asked of the node; it is the most a step may take as well."""
    gpu: int | None = None
    cpu_limit: Quantity = ""
    """The most that a step may take."""
    ephemeral_storage: Quantity = ""
    """Local disk: asked of the node, and the most that a step may take."""

    def before(self, other: Wish) -> Wish:
        """Both, where these words go before those of `other`."""
        gpu = other.gpu if self.gpu is None else self.gpu
        disk = self.ephemeral_storage or other.ephemeral_storage
        return Wish(self.cpu or other.cpu, self.memory or other.memory, gpu, self.cpu_limit or other.cpu_limit, disk)

    def onto(self, asked: Resources) -> Resources:
        """`asked` with these words in place of its own."""
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
        """`asked` with these words where it says nothing itself: where it holds what every step does."""
        usual = Resources()
        cpu_said = (asked.cpu, asked.cpu_limit) != (usual.cpu, usual.cpu_limit)
        memory_said = (asked.memory, asked.memory_limit) != (usual.memory, usual.memory_limit)
        return Wish(
            "" if cpu_said else self.cpu,
            "" if memory_said else self.memory,
            None if asked.gpu != usual.gpu else self.gpu,
            "" if cpu_said else self.cpu_limit,
            "" if asked.ephemeral_storage else self.ephemeral_storage,
        ).onto(asked)


def misfit_of(name: str, text: str) -> tuple[str, str] | None:
    """What is wrong with an amount of a resource, in words that follow it, and what to do; None: nothing."""
    if name in ("cpu", "cpu_limit") and (not _CPU.fullmatch(text) or not amount(text)):
        return "is no number of cores", "write it like 2, 0.5 or 500m"
    if name in ("memory", "ephemeral_storage") and (not _MEMORY.fullmatch(text) or not amount(text)):
        return f"is no amount of {'memory' if name == 'memory' else 'disk'}", "write it with a unit: 512Mi or 7Gi"
    return None

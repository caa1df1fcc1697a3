"""What a compute name of a pipeline file stands for, as it is configured (pure)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from ..dataclass import dataclass
from ..errors import Problem

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


def quantity_problems(
    computes: Mapping[str, ComputeSettings], vm_sizes: Mapping[str, VmSize], where: str
) -> Iterator[Problem]:
    """What is wrong with configured computes and sizes; `where` is the file."""
    for name, size in vm_sizes.items():
        yield from _misfits(size.cpu, size.memory, f"{where}: vm_sizes.{name}")
    for name, one in computes.items():
        yield from _misfits(one.cpu, one.memory, f"{where}: computes.{name}")
        if one.max_nodes is not None and one.max_nodes < 1:
            yield Problem("max_nodes must be at least 1", f"{where}: computes.{name}", "correct or remove it")


def _misfits(cpu: Quantity, memory: Quantity, where: str) -> Iterator[Problem]:
    if cpu and not _CPU.fullmatch(str(cpu)):
        yield Problem(f"cpu {cpu!r} is no number of cores", where, "write it like 2, 0.5 or 500m")
    if memory and not _MEMORY.fullmatch(str(memory)):
        yield Problem(f"memory {memory!r} is no amount of memory", where, "write it with a unit: 512Mi or 7Gi")

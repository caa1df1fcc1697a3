"""VM sizes by name, and the resources of a step whose compute has one (pure).

A size is what a machine *has*. A step requests little (`Resources`), so that a pipeline written for a cluster of big
machines still runs on a two-core one. A size only limits the memory of a step. Only resources that the configuration
states (``cpu``, ``memory``, ``gpu``, or ``strict``) become a request that a node has to meet.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from ..backports import without_prefix
from .compute import ComputeSettings, VmSize
from .resources import Resources

_SIZES: Mapping[str, VmSize] = {
    "A1_V2": VmSize(1, "2Gi"),
    "A2_V2": VmSize(2, "4Gi"),
    "A4_V2": VmSize(4, "8Gi"),
    "A8_V2": VmSize(8, "16Gi"),
    "B1S": VmSize(1, "1Gi"),
    "B1MS": VmSize(1, "2Gi"),
    "B2S": VmSize(2, "4Gi"),
    "B2MS": VmSize(2, "8Gi"),
    "B4MS": VmSize(4, "16Gi"),
    "B8MS": VmSize(8, "32Gi"),
    "D1": VmSize(1, "3.5Gi"),
    "D2": VmSize(2, "7Gi"),
    "D3": VmSize(4, "14Gi"),
    "D4": VmSize(8, "28Gi"),
    "D5": VmSize(16, "56Gi"),
    "D11": VmSize(2, "14Gi"),
    "D12": VmSize(4, "28Gi"),
    "D13": VmSize(8, "56Gi"),
    "D14": VmSize(16, "112Gi"),
    "D15": VmSize(20, "140Gi"),
    "NC6": VmSize(6, "56Gi", 1),
    "NC12": VmSize(12, "112Gi", 2),
    "NC24": VmSize(24, "224Gi", 4),
    "NC24R": VmSize(24, "224Gi", 4),
    "NC6S_V2": VmSize(6, "112Gi", 1),
    "NC12S_V2": VmSize(12, "224Gi", 2),
    "NC24S_V2": VmSize(24, "448Gi", 4),
    "NC6S_V3": VmSize(6, "112Gi", 1),
    "NC12S_V3": VmSize(12, "224Gi", 2),
    "NC24S_V3": VmSize(24, "448Gi", 4),
    "NC24RS_V3": VmSize(24, "448Gi", 4),
    "NC4AS_T4_V3": VmSize(4, "28Gi", 1),
    "NC8AS_T4_V3": VmSize(8, "56Gi", 1),
    "NC16AS_T4_V3": VmSize(16, "110Gi", 1),
    "NC64AS_T4_V3": VmSize(64, "440Gi", 4),
    "NC24ADS_A100_V4": VmSize(24, "220Gi", 1),
    "NC48ADS_A100_V4": VmSize(48, "440Gi", 2),
    "NC96ADS_A100_V4": VmSize(96, "880Gi", 4),
    "ND6S": VmSize(6, "112Gi", 1),
    "ND12S": VmSize(12, "224Gi", 2),
    "ND24S": VmSize(24, "448Gi", 4),
    "ND40RS_V2": VmSize(40, "672Gi", 8),
    "ND96ASR_V4": VmSize(96, "900Gi", 8),
    "NV6": VmSize(6, "56Gi", 1),
    "NV12": VmSize(12, "112Gi", 2),
    "NV24": VmSize(24, "224Gi", 4),
}
"""Sizes by their names without ``STANDARD_``, in capitals; the first D series under one name with its variants."""
_EARLY_D = re.compile(r"DS?(\d+)(?:_V2)?")
"""D3, DS3, D3_v2 and DS3_v2 have the same cores and memory."""
_FAMILIES = (
    (re.compile(r"D(\d+)[ABDLPST]*_V[3-9]"), 4),
    (re.compile(r"E(\d+)[ABDIPST]*_V[3-9]"), 8),
    (re.compile(r"F(\d+)S?(?:_V2)?"), 2),
)
"""Families whose names contain the number of cores, and their GiB per core."""


def size_named(name: str, own: Mapping[str, VmSize]) -> VmSize | None:
    """Return the size of that name, from `own` or the table. ``STANDARD_`` and case do not matter."""
    plain = _plain(name)
    for configured, size in own.items():
        if _plain(configured) == plain:
            return size
    early = _EARLY_D.fullmatch(plain)
    found = _SIZES.get(plain) or (_SIZES.get(f"D{early[1]}") if early else None)
    return found or _of_family(plain)


def resources_of(settings: ComputeSettings, own: Mapping[str, VmSize]) -> Resources:
    """Return the resources of a step on a compute with these settings."""
    size = size_named(settings.vm_size, own)
    asked = Resources(memory_limit=str(size.memory)) if size else Resources()
    cpu, memory, gpu = settings.cpu, settings.memory, settings.gpu
    if size and settings.strict:
        cpu, memory, gpu = cpu or size.cpu, memory or size.memory, size.gpu if gpu is None else gpu
    if cpu:
        asked = replace(asked, cpu=str(cpu))
    if memory:
        asked = replace(asked, memory=str(memory), memory_limit=str(memory))
    limit, disk = str(settings.cpu_limit), str(settings.ephemeral_storage)
    return replace(asked, gpu=gpu or 0, cpu_limit=limit, ephemeral_storage=disk)


def size_note(name: str, settings: ComputeSettings, own: Mapping[str, VmSize]) -> str:
    """Return a note for the user about how a size is interpreted; empty: none is needed."""
    size = size_named(settings.vm_size, own)
    if settings.vm_size and size is None and not (settings.cpu or settings.memory):
        return (
            f"compute '{name}': the size '{settings.vm_size}' is unknown here and asks for nothing; "
            f"say what it has under vm_sizes: in runner.yaml"
        )
    if size and size.gpu and settings.gpu is None and not settings.strict:
        return (
            f"compute '{name}': no GPU is asked for, though {settings.vm_size} has {size.gpu}; "
            f"to ask: computes: {{{name}: {{gpu: {size.gpu}}}}} in runner.yaml"
        )
    return ""


def _plain(name: str) -> str:
    return without_prefix(name.strip().upper(), "STANDARD_")


def _of_family(plain: str) -> VmSize | None:
    for pattern, per_core in _FAMILIES:
        match = pattern.fullmatch(plain)
        if match:
            return VmSize(int(match[1]), f"{int(match[1]) * per_core}Gi")
    return None


def listed() -> Iterable[tuple[str, VmSize]]:
    """Return every size of the table by v1's name."""
    return ((f"STANDARD_{name}", size) for name, size in _SIZES.items())

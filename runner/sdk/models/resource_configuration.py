"""ResourceConfiguration: the resources with which v1 would serve a model; nothing is served here."""

from __future__ import annotations


class ResourceConfiguration:
    """Processors, memory and GPUs for serving a model; kept and not used.

    Args:
        cpu: Processors. None: not given.
        memory_in_gb: Memory in GB. None: not given.
        gpu: GPUs. None: not given.

    """

    def __init__(self, cpu: float | None = None, memory_in_gb: float | None = None, gpu: int | None = None) -> None:
        self.cpu = cpu
        self.memory_in_gb = memory_in_gb
        self.gpu = gpu

    def serialize(self) -> dict[str, float | None]:
        """Return v1's JSON document of it."""
        return {"cpu": self.cpu, "memoryInGB": self.memory_in_gb, "gpu": self.gpu}

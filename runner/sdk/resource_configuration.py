"""ResourceConfiguration: what a registered model asks for where it is served; nothing is served here."""

from __future__ import annotations


class ResourceConfiguration:
    """Processors, gigabytes of memory and GPUs."""

    def __init__(self, cpu: float | None = None, memory_in_gb: float | None = None, gpu: int | None = None) -> None:
        self.cpu = cpu
        self.memory_in_gb = memory_in_gb
        self.gpu = gpu

    def serialize(self) -> dict[str, float | None]:
        """v1's document of it."""
        return {"cpu": self.cpu, "memoryInGB": self.memory_in_gb, "gpu": self.gpu}

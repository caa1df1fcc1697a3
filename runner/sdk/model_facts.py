"""What is known of a registered model."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .dataset_base import AbstractDataset
    from .model_registry import ModelRecord
    from .run import Run
    from .workspace import Workspace


class ModelFacts:
    """A model's record in v1's words."""

    workspace: Workspace
    record: ModelRecord

    @property
    def name(self) -> str:
        """The registered name."""
        return self.record.name

    @property
    def version(self) -> int:
        """From 1."""
        return self.record.version

    @property
    def id(self) -> str:
        """``name:version``."""
        return f"{self.name}:{self.version}"

    @property
    def tags(self) -> dict[str, str]:
        """Its tags."""
        return dict(self.record.tags)

    @property
    def properties(self) -> dict[str, str]:
        """Its properties."""
        return dict(self.record.properties)

    @property
    def description(self) -> str:
        """What was said when it was registered."""
        return self.record.description

    @property
    def created_time(self) -> datetime:
        """When it was registered."""
        return self.record.created

    @property
    def model_framework(self) -> str:
        """What made it, as it was registered."""
        return self.record.framework

    @property
    def model_framework_version(self) -> str:
        """The version of what made it."""
        return self.record.framework_version

    @property
    def run_id(self) -> str | None:
        """The run that made it."""
        return self.record.run or None

    @property
    def experiment_name(self) -> str | None:
        """The experiment of the run that made it."""
        return self.record.experiment or None

    @property
    def run(self) -> Run | None:
        """The run that made it."""
        from .run import Run

        return Run.get(self.workspace, self.record.run) if self.record.run else None

    @property
    def datasets(self) -> dict[str, list[AbstractDataset]]:
        """The registered datasets it was registered with, by what for."""
        from .dataset import Dataset

        found: dict[str, list[AbstractDataset]] = {}
        for purpose, identity in self.record.datasets:
            found.setdefault(purpose, []).append(Dataset.get_by_id(self.workspace, identity))
        return found

    @property
    def url(self) -> str:
        """v1's address of the asset; nothing is served there."""
        return f"aml://asset/{self.id}"

    def serialize(self) -> dict[str, object]:
        """v1's document of the model."""
        return {
            "createdTime": self.created_time.isoformat(),
            "description": self.description or None,
            "experimentName": self.experiment_name,
            "framework": self.model_framework or None,
            "frameworkVersion": self.model_framework_version or None,
            "id": self.id,
            "name": self.name,
            "properties": self.properties,
            "runId": self.run_id,
            "tags": self.tags,
            "url": self.url,
            "version": self.version,
        }

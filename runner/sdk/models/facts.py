"""The facts of a registered model."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ...data.registered_models import ModelRecord
    from ..datasets.abstract_dataset import AbstractDataset
    from ..runs.run import Run
    from ..workspaces.workspace import Workspace


class ModelFacts:
    """The facts of a registered model under v1's names."""

    workspace: Workspace
    record: ModelRecord

    @property
    def name(self) -> str:
        """The registered name."""
        return self.record.name

    @property
    def version(self) -> int:
        """The version, from 1."""
        return self.record.version

    @property
    def id(self) -> str:
        """The id: ``name:version``."""
        return f"{self.name}:{self.version}"

    @property
    def tags(self) -> dict[str, str]:
        """The tags."""
        return dict(self.record.tags)

    @property
    def properties(self) -> dict[str, str]:
        """The properties."""
        return dict(self.record.properties)

    @property
    def description(self) -> str:
        """The description that it was registered with."""
        return self.record.description

    @property
    def created_time(self) -> datetime:
        """The time at which it was registered, in UTC."""
        return self.record.created

    @property
    def model_framework(self) -> str:
        """The framework that it was registered with."""
        return self.record.framework

    @property
    def model_framework_version(self) -> str:
        """The version of that framework."""
        return self.record.framework_version

    @property
    def run_id(self) -> str | None:
        """The id of the run that made it, or None."""
        return self.record.run or None

    @property
    def experiment_name(self) -> str | None:
        """The experiment of the run that made it, or None."""
        return self.record.experiment or None

    @property
    def run(self) -> Run | None:
        """The run that made it, or None."""
        from ..runs.run import Run

        return Run.get(self.workspace, self.record.run) if self.record.run else None

    @property
    def datasets(self) -> dict[str, list[AbstractDataset]]:
        """The datasets that it was registered with, by scenario."""
        from ..datasets.dataset import Dataset

        found: dict[str, list[AbstractDataset]] = {}
        for purpose, identity in self.record.datasets:
            found.setdefault(purpose, []).append(Dataset.get_by_id(self.workspace, identity))
        return found

    @property
    def url(self) -> str:
        """v1's address of the model; nothing is served there."""
        return f"aml://asset/{self.id}"

    def serialize(self) -> dict[str, object]:
        """Return v1's JSON document of the model."""
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

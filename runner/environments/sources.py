"""Packages that no public index has: wheels in the workspace's store, and indexes that want credentials."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

from ..dataclass import dataclass, field
from ..model.environment import EnvironmentSpec, Wheel
from ..ports import ObjectStore
from . import wheels
from .credentials import Credentials


@dataclass(frozen=True)
class PackageSources:
    """Access to the packages of one workspace."""

    store: ObjectStore
    """The workspace's store."""
    cache: Path = field(default_factory=lambda: Path(tempfile.gettempdir(), "runner"))
    """A folder for what can be made again."""
    credentials: Credentials = field(default_factory=Credentials)
    """The secrets that lines of pip name."""

    def wheels(self, spec: EnvironmentSpec) -> Mapping[Wheel, Path]:
        """Return the files of the wheels of an environment on this machine. Raises StoreError."""
        return wheels.fetch(self.store, spec.wheels, self.cache / "wheels")

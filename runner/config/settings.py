"""The settings of one workspace as values."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

from ..dataclass import dataclass, field
from ..datastores import BucketConfig
from ..errors import BadInput, Problem
from ..model.access import Access
from ..model.compute import ComputeSettings, VmSize
from ..model.duration import seconds_of
from ..model.environment import NamedEnvironment
from ..model.keep_rule import EVERY_TAG
from ..model.secret import SecretSource
from ..model.workspace import LONGEST, place_of, segment
from .after_run import AfterRunConfig
from .serve import ServeConfig
from .store import DatastoreConfig
from .target import TargetConfig

LOCAL = "local"
"""The target that every workspace has: processes on this machine."""
LOCAL_TYPE = "process"
"""The `type` of that target when the configuration does not name it."""


@dataclass(frozen=True)
class EnvironmentConfig:
    """Settings of the environment of this name. They take precedence over the pipeline file."""

    image: str = ""
    """The reference of a ready image, which is used in its place."""
    packages_until: str = ""
    """A date such as `2021-06-01`: no package that is newer is installed."""


@dataclass(frozen=True)
class KeepConfig:
    """Settings of ``runner gc``: the runs that it keeps whatever refers to them."""

    runs: str = "90d"
    """The time after its end for which a run is kept, such as `90d` or `12h`."""
    last: int = 20
    """The number of newest runs that are kept whatever their age."""
    tags: tuple[str, ...] = (EVERY_TAG,)
    """The names of tags. A run with one of them is kept. `*`, the default, stands for every tag."""

    @property
    def age(self) -> timedelta:
        """The value of `runs`."""
        return timedelta(seconds=seconds_of(self.runs) or 0.0)


@dataclass(frozen=True, kw_only=True)
class Config:
    """One workspace's configuration."""

    root: Path
    """The workspace's folder: where ``.runner`` lies or will lie."""
    name: str = ""
    """The name of the workspace, in ``runner.yaml`` only. Empty: the name in v1's ``config.json``, or the folder's."""
    named_in: str = ""
    """The file that names it."""
    target: str = ""
    """The target to use when ``--target`` is not given."""
    targets: Mapping[str, TargetConfig] = field(default_factory=dict)
    """Compute targets by name: local processes or Kubernetes clusters."""
    own: frozenset[str] = frozenset()
    """Targets that the workspace itself names; empty: every compute name means this machine."""
    environments: Mapping[str, EnvironmentConfig] = field(default_factory=dict)
    """Ready images, and dates that limit packages, by the names of environments."""
    packages_until: str = ""
    """A date such as `2021-06-01`: no package that is newer is installed, in environments that state no date."""
    computes: Mapping[str, ComputeSettings] = field(default_factory=dict)
    """Settings of the compute names that pipeline files use."""
    vm_sizes: Mapping[str, VmSize] = field(default_factory=dict)
    """Resources of VM sizes that runner does not know, or other resources of sizes that it knows."""
    secrets: Mapping[str, SecretSource] = field(default_factory=dict)
    """Sources of the values of secrets, by name."""
    datastores: Mapping[str, DatastoreConfig] = field(default_factory=dict)
    """Datastores beside the workspace store, by name."""
    keep: KeepConfig = field(default_factory=KeepConfig)
    """The runs that `runner gc` keeps."""
    detach: bool = False
    """Start the controllers of runs in the cluster of the target, as ``--detach`` does: those that scripts,
    ``runner serve`` and schedules submit."""
    serve: ServeConfig = field(default_factory=ServeConfig)
    """Settings of `runner serve`, and the address under which it is reached."""
    after_run: AfterRunConfig = field(default_factory=AfterRunConfig)
    """The actions at the end of each run: ``report:``, ``mlflow:``, ``opentelemetry:`` and ``openlineage:``."""
    access: Access = field(default_factory=Access)
    """Secrets and datastores that scripts of every step may open by name. They are added to each target's `access`."""

    def dated(self, environment: NamedEnvironment) -> NamedEnvironment:
        """Return the environment with the date that this configuration states for it, or else for all."""
        own = self.environments.get(environment.name)
        if own and own.packages_until:
            return environment.until(own.packages_until)
        return environment if environment.spec.packages_until else environment.until(self.packages_until)

    @property
    def folder(self) -> Path:
        """The folder store of the workspace."""
        return self.root / ".runner"

    @property
    def workspace(self) -> str:
        """The workspace's name."""
        return self.name or self.root.name or "workspace"

    def bucket(self, store: BucketConfig, workspace: str = "") -> BucketConfig:
        """Return the part of a target's bucket that holds a workspace.

        Args:
            store: The bucket of the target.
            workspace: The name of the workspace. Empty: this one.

        Raises:
            BadInput: The name is too long for a key.

        """
        name = workspace or self.workspace
        if len(segment(name)) > LONGEST:
            raise BadInput(
                f"the workspace's name is too long for a bucket: {name[:40]!r}… takes {len(segment(name))} bytes there",
                self.named_in or str(self.root),
                f"write a shorter one as 'name:' into {self.root / 'runner.yaml'}",
            )
        return store.below(place_of(name))

    def get(self, target: str) -> TargetConfig:
        """Return a target by its name. Raises BadInput for an unknown one."""
        if target not in self.targets:
            raise BadInput(unknown_target(self, target))
        return self.targets[target]


def unknown_target(config: Config, name: str, where: str = "") -> list[Problem]:
    """Return the problem of a compute name that is no target."""
    known = ", ".join(sorted(config.targets))
    return [
        Problem(
            f"there is no compute target '{name}'; known: {known}",
            where=where or str(config.root / "runner.yaml"),
            remedy=f"add it under 'targets:' of {config.root / 'runner.yaml'}, or pass --target NAME"
            + (" (the target 'kind' is made by: runner cluster up)" if name == "kind" else ""),
        )
    ]

"""The interface between a workspace and the package of a compute target: one class with settings and methods."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from ..dataclass import dataclass
from ..datastores import BucketConfig
from ..errors import Problem
from ..model.access import Access
from ..model.check import Check
from ..model.compute import ResourceRequest
from ..model.environment import NamedEnvironment
from ..model.policy import StepPolicy
from ..model.reading import Checks
from ..model.secret import SecretSource
from ..model.store_endpoint import StepStores, StoreEndpoint
from ..ports import ComputeTarget, CredentialMinter, EnvironmentInventory, EnvironmentStore, ObjectStore, Prepared
from .controllers import ControllerHost

if TYPE_CHECKING:
    from ..environments.locks import Locks


@dataclass(frozen=True, kw_only=True)
class TargetContext:
    """The parts of a workspace from which a target is built. A target takes those that it needs."""

    name: str
    """The name of the target in the configuration."""
    store: Callable[[], ObjectStore]
    """Return the workspace store, as this process reaches it. Raises BadInput, StoreError."""
    store_id: Callable[[], str]
    """Return the ID of the workspace store, and give it one if it has none. Raises StoreError."""
    work: Path
    """A folder for attempts that run on this machine."""
    cache: Path
    """A folder for what can be made again."""
    datastore: Callable[[str], ObjectStore]
    """Return the store behind a datastore's name. Raises BadInput."""
    folders: Callable[[], Mapping[str, str]]
    """Return the paths of the datastores that are folders of this machine, by name."""
    step_stores: Callable[[], StepStores]
    """Return the keys and secrets for steps that reach the store by themselves. Raises BadInput."""
    accesses: Callable[[str], Iterable[Access]]
    """Return the secrets and datastores that steps of a run may open, each different set once."""
    secrets: Mapping[str, SecretSource]
    """The configured secrets by name."""
    minter: Callable[[str], CredentialMinter | None]
    """Return what mints keys for the bucket of a datastore; None: nothing does. Raises BadInput."""
    buckets: Callable[[], Mapping[str, StoreEndpoint]] = dict
    """Return the datastores that are no folders, as steps on the target reach them, by name."""
    locks: Callable[[], Locks]
    """Return the locks of environments in the workspace store. Raises BadInput, StoreError."""
    prepared: Callable[[NamedEnvironment], Prepared | None] = lambda _environment: None
    """Return an environment as a publication has made it for this target; None: none has, as far as is known."""


def bundle_folder(cache: Path) -> Path:
    """Return the folder for our code as steps carry it, and make it below the folder `cache`."""
    folder = cache / "step_bundles"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


class TargetConfig(Protocol):
    """The settings of one compute target: a frozen dataclass in the target's package.

    Its fields are the fields of an entry below ``targets:`` in ``runner.yaml``. The fields ``policy``, ``access``,
    ``resources`` and ``tolerations`` are read as those of a step are. The class itself is cheap to import:
    its methods import the adapters.
    """

    __dataclass_fields__: ClassVar[dict[str, dataclasses.Field[Any]]]

    @property
    def policy(self) -> StepPolicy:
        """Retries and time limits of steps that state none themselves."""

    @property
    def access(self) -> Access:
        """Secrets and datastores that scripts of every step on this target may open by name."""

    @property
    def resources(self) -> ResourceRequest:
        """Resources of steps whose own settings and compute name state none."""

    @property
    def store(self) -> BucketConfig | None:
        """The bucket of the runs and data of this target. None: they lie in the workspace's folder."""

    @property
    def reaches_folders(self) -> bool:
        """True if steps can open folders of this machine."""

    @classmethod
    def rules(cls) -> Checks:
        """Return the rules of the fields beyond their types. They precede the general rules of nested settings."""

    def store_problems(self, where: str) -> tuple[Problem, ...]:
        """Return the reasons why steps cannot reach the store. `where` names the target's place for messages."""

    def repair_command(self, name: str) -> str:
        """Return the command that makes or repairs the target `name` as a whole. Empty: there is none."""

    def requirements(self, remedy: str) -> Iterable[Check]:
        """Check what everything else on the target needs, for ``runner doctor``. `remedy` repairs the whole target."""

    def checks(self, context: TargetContext, remedy: str) -> Iterable[Check]:
        """Check the place where steps run, for ``runner doctor``. Raises RunnerError."""

    def environments(self, context: TargetContext) -> EnvironmentStore:
        """Return the adapter that makes environments usable on the target."""

    def inventory(self, name: str, cache: Path) -> EnvironmentInventory:
        """Return the environments that exist on the target `name`."""

    def controllers(self, store_id: Callable[[], str]) -> ControllerHost | None:
        """Return the place of detached controllers on the target. None: it has none.

        Args:
            store_id: Returns the ID of the workspace store.

        """

    def build(self, context: TargetContext) -> ComputeTarget:
        """Return the adapter of the target. Raises BadInput."""


TargetTypes = Mapping[str, type[TargetConfig]]
"""The class of each ``type:`` that an entry below ``targets:`` may have."""

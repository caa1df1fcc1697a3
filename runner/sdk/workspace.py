"""Workspace: the user's handle on the one that is open."""

from __future__ import annotations

import builtins
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import BadInput
from ..override import override
from . import workspace_file
from .exceptions import UserErrorException
from .refused import refusing
from .session import Session, current

if TYPE_CHECKING:
    from ..operations.values import WorkspaceFacts
    from .compute import ComputeTarget
    from .datastore import Datastore
    from .environment import Environment
    from .experiments import Experiments
    from .file_dataset import FileDataset
    from .keyvault import Keyvault
    from .registered_model import Model
    from .run import Run
    from .tabular import TabularDataset

NO_SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"
"""What drivers that print or compare the subscription get where none is configured."""


class Workspace:
    """Names for the open workspace, which is a bucket or a folder: it need not exist in Azure."""

    def __init__(
        self,
        subscription_id: str,
        resource_group: str,
        workspace_name: str,
        auth: object = None,
        _location: str | None = None,
        _disable_service_check: bool = False,
        _workspace_id: str | None = None,
        sku: str = "basic",
        tags: object = None,
        _cloud: str = "AzureCloud",
    ) -> None:
        self.subscription_id = subscription_id or NO_SUBSCRIPTION
        self.resource_group = resource_group or "local"
        self.name = _checked(workspace_name)
        self.location = _location or "local"
        self.sku = sku
        self.tags = dict(tags) if isinstance(tags, Mapping) else {}

    @staticmethod
    def from_config(
        path: str | None = None, auth: object = None, _logger: object = None, _file_name: str | None = None
    ) -> Workspace:
        """The workspace of v1's ``config.json``, else the open one; no configuration is needed.

        Without `path` looks in the current folder and every parent, as v1 does; ``name:`` of runner.yaml goes before
        the name found there. Raises UserErrorException when `path` has no configuration, and as `_checked`.
        """
        found = workspace_file.find(Path(path) if path else Path.cwd(), _file_name, upwards=path is None)
        if found is not None:
            subscription, group, name = workspace_file.read(found)
            facts = None if path else _facts()
            return Workspace(subscription, group, facts.name if facts and facts.fixed and facts.name else name)
        if path is not None:
            raise UserErrorException(f"there is no workspace configuration at {path!r}", remedy="leave path out")
        facts = current().workspace_facts
        return Workspace(facts.subscription_id, facts.resource_group, facts.name, _location=facts.location)

    @staticmethod
    def get(
        name: str,
        auth: object = None,
        subscription_id: str | None = None,
        resource_group: str | None = None,
        location: str | None = None,
        cloud: str = "AzureCloud",
        id: str | None = None,
    ) -> Workspace:
        """The open workspace under this name. Raises UserErrorException as `_checked`."""
        facts = current().workspace_facts
        return Workspace(
            subscription_id or facts.subscription_id,
            resource_group or facts.resource_group,
            name,
            _location=location or facts.location,
        )

    @staticmethod
    def create(
        name: str,
        auth: object = None,
        subscription_id: str | None = None,
        resource_group: str | None = None,
        location: str | None = None,
        **options: object,
    ) -> Workspace:
        """The open workspace under this name: nothing has to be created."""
        return Workspace.get(name, auth, subscription_id, resource_group, location)

    @staticmethod
    def list(
        subscription_id: str, auth: object = None, resource_group: str | None = None
    ) -> dict[str, builtins.list[Workspace]]:
        """The open workspace, under its name: there is no other in reach."""
        found = Workspace.from_config()
        return {found.name: [found]}

    delete = refusing(
        "Workspace.delete", "runner leaves all data to their owner", "delete the bucket or the folder yourself"
    )

    def write_config(self, path: str | None = None, file_name: str | None = None) -> None:
        """Write ``.azureml/config.json`` below `path`."""
        workspace_file.write((self.subscription_id, self.resource_group, self.name), Path(path or "."), file_name)

    @property
    def session(self) -> Session:
        """What is open."""
        return current()

    @property
    def facts(self) -> WorkspaceFacts:
        """The names as a value."""
        from ..operations.values import WorkspaceFacts

        return WorkspaceFacts(self.name, self.subscription_id, self.resource_group, self.location)

    @property
    def compute_targets(self) -> dict[str, ComputeTarget]:
        """Known compute targets by name."""
        from .compute import compute_targets

        return compute_targets(self)

    @property
    def datastores(self) -> dict[str, Datastore]:
        """Datastores by name."""
        from .datastore import all_datastores

        return all_datastores(self)

    @property
    def datasets(self) -> dict[str, TabularDataset | FileDataset]:
        """Registered datasets by name."""
        from .dataset import Dataset

        return Dataset.get_all(self)

    @property
    def environments(self) -> dict[str, Environment]:
        """Registered environments by name."""
        from .environment import Environment

        return Environment.list(self)

    @property
    def experiments(self) -> Experiments:
        """Experiments by name."""
        from .experiments import Experiments

        return Experiments(self)

    @property
    def models(self) -> dict[str, Model]:
        """The newest version of every registered model, by name."""
        from .registered_model import Model

        return {model.name: model for model in Model.list(self, latest=True)}

    @property
    def webservices(self) -> dict[str, object]:
        """None: web services are not offered."""
        return {}

    def get_default_datastore(self) -> Datastore:
        """The default datastore."""
        from .datastore import Datastore

        return Datastore(self)

    def set_default_datastore(self, name: str) -> None:
        """Make a datastore the default one, for every later driver as well. Raises UserErrorException."""
        from .datastore import set_default

        set_default(name)

    def get_default_compute_target(self, type: str = "CPU") -> ComputeTarget | None:
        """None: steps name their targets."""
        return None

    def get_default_keyvault(self) -> Keyvault:
        """The secrets that the configuration names."""
        from .keyvault import Keyvault

        return Keyvault(self)

    def get_run(self, run_id: str) -> Run:
        """The run of this id. Raises BadInput."""
        from .run import Run

        return Run.get(self, run_id)

    def get_details(self) -> dict[str, object]:
        """v1's document of the workspace."""
        return {
            "id": f"/subscriptions/{self.subscription_id}/resourceGroups/{self.resource_group}/workspaces/{self.name}",
            "name": self.name,
            "location": self.location,
            "type": "Microsoft.MachineLearningServices/workspaces",
            "sku": self.sku,
        }

    def get_mlflow_tracking_uri(self, with_auth: bool = False) -> str:
        """Empty: there is no tracking server."""
        return ""

    @override
    def __repr__(self) -> str:
        return (
            f"Workspace.create(name={self.name!r}, subscription_id={self.subscription_id!r}, "
            f"resource_group={self.resource_group!r})"
        )


def _facts() -> WorkspaceFacts | None:
    """What is known of the open workspace; None where none can be opened: the first use of it tells why."""
    try:
        return current().workspace_facts
    except BadInput:
        return None


def _checked(name: str) -> str:
    """The name, if it means the open workspace; letter case does not count, as in Azure.

    Raises:
        UserErrorException: The open workspace lies in a bucket and has another name. In a bucket each name has
            data of its own, and a driver works in the workspace of its folder.

    """
    facts = _facts()
    if facts is None or not facts.apart or name.casefold() == facts.name.casefold():
        return name
    raise UserErrorException(
        f"workspace {name!r} is not the open one: here that is {facts.name!r}, and in a bucket each has its own data",
        remedy=f"to work in {name!r}, write 'name: {name}' into the workspace's runner.yaml; to read its data from "
        f"{facts.name!r}, configure a datastore of type 'workspace' (docs/configuration.md)",
    )

"""Workspace: the user's object for the open workspace."""

from __future__ import annotations

import builtins
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import BadInput
from ...override import override
from ..base.exceptions import UserErrorException
from ..base.refused import refusing
from ..base.session import Session, current
from . import config_file as workspace_file

if TYPE_CHECKING:
    from ...operations.values import WorkspaceFacts
    from ..computes.compute_target import ComputeTarget
    from ..datasets.file_dataset import FileDataset
    from ..datasets.tabular import TabularDataset
    from ..datastores.datastore import Datastore
    from ..environments.environment import Environment
    from ..models.model import Model
    from ..runs.run import Run
    from .authentication import AbstractAuthentication
    from .experiments import Experiments
    from .keyvault import Keyvault

NO_SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"
"""The subscription of drivers that print or compare it, if none is configured."""

_FILE, _EDIT = "the workspace is what its runner.yaml says", "edit runner.yaml"
_CONNECTION = "credentials of package feeds and registries are not kept in the workspace"
_EDIT_PACKAGES = "see docs/how-to/private-packages.md"


class Workspace:
    """The open workspace, which is a bucket or a folder. Its names need not exist in Azure.

    Example:
        >>> ws = Workspace.from_config()
        >>> datastore = ws.get_default_datastore()
        >>> run = ws.get_run(run_id)

    Args:
        subscription_id, resource_group: Names that are shown and handed on; nothing is looked up.
        workspace_name: The name. In a bucket it must be that of the open workspace.
        sku: Kept as in v1. Default: ``"basic"``.
        tags: Kept as in v1. None: none.
        auth: Accepted as in v1 and ignored.

    Raises:
        UserErrorException: The open workspace is in a bucket and has another name.

    """

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
        self.found_computes: builtins.list[str] = []
        """Names of compute targets that were looked up where nothing is configured; `compute_targets` lists them."""

    @staticmethod
    def from_config(
        path: str | None = None, auth: object = None, _logger: object = None, _file_name: str | None = None
    ) -> Workspace:
        """Return the workspace of v1's ``config.json``, or the open one if there is no such file.

        Without `path` the file is searched in the current folder and every parent, as in v1. ``name:`` of runner.yaml
        precedes the name in a file that was found so.

        Args:
            path: The file or its folder. None: search.
            auth: Accepted as in v1 and ignored.

        Raises:
            UserErrorException: There is no file at `path`, it cannot be read, or it names another workspace in a
                bucket.

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
        """Return the open workspace under a name.

        Args:
            name: The name.
            subscription_id, resource_group, location: Names that are shown. None: the configured ones.
            auth, cloud, id: Accepted as in v1 and ignored.

        Raises:
            UserErrorException: The open workspace is in a bucket and has another name.

        """
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
        """Return the open workspace under a name: it need not be created.

        Args:
            name: The name.
            subscription_id, resource_group, location: Names that are shown. None: the configured ones.
            auth, **options: Accepted as in v1 and ignored.

        Raises:
            UserErrorException: The open workspace is in a bucket and has another name.

        """
        return Workspace.get(name, auth, subscription_id, resource_group, location)

    @staticmethod
    def list(
        subscription_id: str, auth: object = None, resource_group: str | None = None
    ) -> dict[str, builtins.list[Workspace]]:
        """Return the open workspace by its name: no other is known.

        Args:
            subscription_id, auth, resource_group: Accepted as in v1 and ignored.

        """
        found = Workspace.from_config()
        return {found.name: [found]}

    delete = refusing(
        "Workspace.delete", "runner leaves all data to their owner", "delete the bucket or the folder yourself"
    )

    update = refusing("Workspace.update", _FILE, _EDIT)
    update_dependencies = refusing("Workspace.update_dependencies", _FILE, _EDIT)
    sync_keys = refusing("Workspace.sync_keys", _FILE, _EDIT)
    list_keys = refusing("Workspace.list_keys", "there is no storage account of its own", "see: runner doctor")
    diagnose_workspace = refusing("Workspace.diagnose_workspace", "there is no Azure resource", "run: runner doctor")
    set_connection = refusing("Workspace.set_connection", _CONNECTION, _EDIT_PACKAGES)
    get_connection = refusing("Workspace.get_connection", _CONNECTION, _EDIT_PACKAGES)
    list_connections = refusing("Workspace.list_connections", _CONNECTION, _EDIT_PACKAGES)
    delete_connection = refusing("Workspace.delete_connection", _CONNECTION, _EDIT_PACKAGES)

    @property
    def linked_services(self) -> dict[str, object]:
        """Empty: linked services are not offered."""
        return {}

    @property
    def images(self) -> dict[str, object]:
        """Empty: images of web services are not offered."""
        return {}

    def write_config(self, path: str | None = None, file_name: str | None = None) -> None:
        """Write ``.azureml/config.json``.

        Args:
            path: The folder above ``.azureml``. None: the current one.
            file_name: The file's name. None: ``config.json``.

        """
        workspace_file.write((self.subscription_id, self.resource_group, self.name), Path(path or "."), file_name)

    @property
    def session(self) -> Session:
        """The open session."""
        return current()

    @property
    def _auth(self) -> AbstractAuthentication:
        """The login, for drivers that ask the workspace for the header of a request (v1's own name)."""
        from .authentication import AbstractAuthentication

        return AbstractAuthentication()

    _auth_object = _auth

    @property
    def facts(self) -> WorkspaceFacts:
        """The names as a value."""
        from ...operations.values import WorkspaceFacts

        return WorkspaceFacts(
            name=self.name,
            subscription_id=self.subscription_id,
            resource_group=self.resource_group,
            location=self.location,
        )

    @property
    def compute_targets(self) -> dict[str, ComputeTarget]:
        """The known compute targets by name."""
        from ..computes.compute_target import compute_targets

        return compute_targets(self)

    @property
    def datastores(self) -> dict[str, Datastore]:
        """The datastores by name."""
        from ..datastores.datastore import all_datastores

        return all_datastores(self)

    @property
    def datasets(self) -> dict[str, TabularDataset | FileDataset]:
        """The newest version of every registered dataset, by name."""
        from ..datasets.dataset import Dataset

        return Dataset.get_all(self)

    @property
    def environments(self) -> dict[str, Environment]:
        """The environments by name; see `Environment.list`."""
        from ..environments.environment import Environment

        return Environment.list(self)

    @property
    def experiments(self) -> Experiments:
        """The experiments by name."""
        from .experiments import Experiments

        return Experiments(self)

    @property
    def models(self) -> dict[str, Model]:
        """The newest version of every registered model, by name."""
        from ..models.model import Model

        return {model.name: model for model in Model.list(self, latest=True)}

    @property
    def webservices(self) -> dict[str, object]:
        """Empty: web services are not offered."""
        return {}

    def get_default_datastore(self) -> Datastore:
        """Return the default datastore."""
        from ..datastores.datastore import Datastore

        return Datastore(self)

    def set_default_datastore(self, name: str) -> None:
        """Make a datastore the default one, for every later driver too.

        Args:
            name: The datastore's name.

        Raises:
            UserErrorException: There is no such datastore.

        """
        from ..datastores.datastore import set_default

        set_default(name)

    def get_default_compute_target(self, type: str = "CPU") -> ComputeTarget | None:
        """Return None: steps name their targets.

        Args:
            type: Accepted as in v1 and ignored.

        """
        return None

    def get_default_keyvault(self) -> Keyvault:
        """Return the secrets that the configuration names."""
        from .keyvault import Keyvault

        return Keyvault(self)

    def get_run(self, run_id: str) -> Run:
        """Return a run by its id.

        Args:
            run_id: The run's id.

        Raises:
            BadInput: There is no such run.

        """
        from ..runs.run import Run

        return Run.get(self, run_id)

    def get_details(self) -> dict[str, object]:
        """Return v1's document of the workspace."""
        return {
            "id": f"/subscriptions/{self.subscription_id}/resourceGroups/{self.resource_group}/workspaces/{self.name}",
            "name": self.name,
            "location": self.location,
            "type": "Microsoft.MachineLearningServices/workspaces",
            "sku": self.sku,
        }

    def get_mlflow_tracking_uri(self, with_auth: bool = False) -> str:
        """Return empty text: there is no tracking server.

        Args:
            with_auth: Accepted as in v1 and ignored.

        """
        return ""

    @override
    def __repr__(self) -> str:
        return (
            f"Workspace.create(name={self.name!r}, subscription_id={self.subscription_id!r}, "
            f"resource_group={self.resource_group!r})"
        )


def _facts() -> WorkspaceFacts | None:
    """Return the facts of the open workspace; None if none can be opened, which its first use reports."""
    try:
        return current().workspace_facts
    except BadInput:
        return None


def _checked(name: str) -> str:
    """Return the name if it stands for the open workspace; letter case does not count, as in Azure.

    Raises:
        UserErrorException: The open workspace is in a bucket and has another name. In a bucket each name has
            data of its own, and a driver works in the workspace of its folder.

    """
    facts = _facts()
    if facts is None or not facts.apart or name.casefold() == facts.name.casefold():
        return name
    raise UserErrorException(
        f"workspace {name!r} is not the open one: here that is {facts.name!r}, and in a bucket each has its own data",
        remedy=f"to work in {name!r}, write 'name: {name}' into the workspace's runner.yaml; to read its data from "
        f"{facts.name!r}, configure a datastore of type 'workspace' (docs/how-to/configuration.md)",
    )

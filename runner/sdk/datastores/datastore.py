"""Datastores: named places for data in a workspace."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ...errors import BadInput
from ...model.data import DEFAULT_DATASTORE, FILE_DATASTORE
from ...model.names import reserved_problem
from ...override import override
from ..base.exceptions import UserErrorException
from ..base.session import current
from . import registration
from .data_paths import DataReference

if TYPE_CHECKING:
    from ...operations.values import DatastoreFacts
    from ...ports import ObjectStore
    from ..workspaces.workspace import Workspace


class Datastore:
    """A datastore of the workspace: a configured bucket or folder. As in v1, the constructor returns its typed object.

    Example:
        >>> datastore = Datastore(ws, "workspaceblobstore")
        >>> datastore.upload("data", target_path="raw", overwrite=True)
        >>> dataset = Dataset.Tabular.from_delimited_files(datastore.path("raw/*.csv"))

    Args:
        workspace: The workspace. None: the one of this folder.
        name: The datastore's name. None: the default datastore.

    Raises:
        UserErrorException: There is no such datastore.

    """

    def __new__(cls, workspace: Workspace | None = None, name: str | None = None) -> Datastore:
        """Make the typed datastore, whichever class was called."""
        return object.__new__(AzureFileDatastore if name == FILE_DATASTORE else AzureBlobDatastore)

    def __init__(self, workspace: Workspace | None = None, name: str | None = None) -> None:
        known = current().datastore_facts()
        self.workspace: Workspace | None = workspace
        self.name: str = name or next(iter(known))
        if self.name not in known:
            raise _unknown(self.name, known)
        self._facts: DatastoreFacts = known[self.name]

    @staticmethod
    def get(workspace: Workspace, datastore_name: str) -> Datastore:
        """Return a datastore by name.

        Args:
            workspace: The workspace.
            datastore_name: The name.

        Raises:
            UserErrorException: There is no such datastore.

        """
        return Datastore(workspace, datastore_name)

    @staticmethod
    def get_default(workspace: Workspace) -> Datastore:
        """Return the workspace's default datastore.

        Args:
            workspace: The workspace.

        """
        return Datastore(workspace)

    @staticmethod
    def register_azure_blob_container(
        workspace: Workspace,
        datastore_name: str,
        container_name: str,
        account_name: str,
        sas_token: str | None = None,
        account_key: str | None = None,
        protocol: str | None = None,
        endpoint: str | None = None,
        overwrite: bool = False,
        create_if_not_exists: bool = False,
        skip_validation: bool = False,
        blob_cache_timeout: int | None = None,
        grant_workspace_access: bool = False,
        subscription_id: str | None = None,
        resource_group: str | None = None,
    ) -> Datastore:
        """Give a name to the configured datastore that stands for an account and container, else to the container.

        A container that is not configured is read in Azure, with the token or the key. They are kept in a file that
        only you can read, below ``~/.config/runner/azure_blob``, never in the workspace. Without them the container
        must be public, or its key known from an earlier call on this machine. It is read-only.

        Args:
            workspace: The workspace.
            datastore_name: The name: letters, digits and underscore.
            container_name: The container.
            account_name: The storage account.
            sas_token: A token with the permissions read and list. None: another key, or none is needed.
            account_key: The account's key; steps that use the datastore get it. None: no key.
            protocol: ``"https"`` or ``"http"``. None: https.
            endpoint: The domain of the cloud, or the URL of a Blob service. None: ``core.windows.net``.
            overwrite: True: the name may have meant another container. Default: False.
            create_if_not_exists: Accepted as in v1; nothing is created. Default: False.
            skip_validation: True: do not read from the container now. Default: False.
            blob_cache_timeout, grant_workspace_access: Accepted as in v1 and ignored.
            subscription_id, resource_group: Accepted as in v1 and ignored.

        Returns:
            The datastore.

        Raises:
            UserErrorException: The container can neither be read nor is configured (the message has the lines to add to
                ``runner.yaml``), or the name is taken.

        """
        container = registration.container_of(account_name, container_name, protocol, endpoint)
        container = replace(container, account_key=account_key or "", sas_token=sas_token or "")
        registration.named_after(datastore_name, container, overwrite=overwrite, tried=not skip_validation)
        return Datastore(workspace, datastore_name)

    register_azure_file_share = staticmethod(registration.refusal("register_azure_file_share", "Azure file shares"))
    register_azure_data_lake = staticmethod(registration.refusal("register_azure_data_lake", "Azure Data Lake"))
    register_azure_data_lake_gen2 = staticmethod(
        registration.refusal("register_azure_data_lake_gen2", "Azure Data Lake")
    )
    register_azure_sql_database = staticmethod(registration.refusal("register_azure_sql_database", "Azure SQL"))
    register_azure_my_sql = staticmethod(registration.refusal("register_azure_my_sql", "Azure MySQL"))
    register_azure_postgre_sql = staticmethod(registration.refusal("register_azure_postgre_sql", "Azure PostgreSQL"))
    register_dbfs = staticmethod(registration.refusal("register_dbfs", "Databricks"))
    register_hdfs = staticmethod(registration.refusal("register_hdfs", "HDFS"))
    register_onelake = staticmethod(registration.refusal("register_onelake", "OneLake"))

    def unregister(self) -> None:
        """Remove the registered name; the data stay.

        Raises:
            UserErrorException: The datastore is configured, not registered, or is the default one.

        """
        registration.forget(self.name)

    def set_as_default(self) -> None:
        """Make it the workspace's default datastore."""
        set_default(self.name)

    @property
    def datastore_type(self) -> str:
        """v1's name of the type: ``AzureBlob``."""
        return "AzureBlob"

    @property
    def container_name(self) -> str:
        """The container that it is configured to stand for, else its bucket or its own name."""
        return self._facts.container or self.name

    @property
    def account_name(self) -> str:
        """The account that it is configured to stand for, else the workspace's name."""
        return self._facts.account or current().workspace_facts.name

    @property
    def account_key(self) -> None:
        """None: credentials are configured, and never shown."""
        return

    @property
    def sas_token(self) -> None:
        """None: credentials are configured, and never shown."""
        return

    @property
    def store(self) -> ObjectStore:
        """The object store of the datastore. Raises BadInput if it is not configured."""
        return current().datastore(self.name)

    def path(self, path: str | None = None, data_reference_name: str | None = None) -> DataReference:
        """Return a place in the datastore, as an input of a step.

        Args:
            path: The path. None: the whole datastore.
            data_reference_name: The input's name. None: a derived name.

        """
        return DataReference(self, data_reference_name, path)

    def as_mount(self) -> DataReference:
        """Return the whole datastore as a mounted input."""
        return DataReference(self)

    def as_download(self, path_on_compute: str | None = None) -> DataReference:
        """Return the whole datastore as an input that is copied.

        Args:
            path_on_compute: The path in the step. None: a path is chosen.

        """
        return DataReference(self, mode="download", path_on_compute=path_on_compute)

    def as_upload(self, path_on_compute: str | None = None) -> DataReference:
        """Return the datastore as a place that the step writes to; the files are uploaded when the script has ended.

        Args:
            path_on_compute: The path in the step. None: a path is chosen.

        """
        return DataReference(self, mode="upload", path_on_compute=path_on_compute)

    def upload(
        self, src_dir: str, target_path: str | None = None, overwrite: bool = False, show_progress: bool = True
    ) -> DataReference:
        """Upload the files of a folder.

        Args:
            src_dir: The folder.
            target_path: The path on the datastore. None: its root.
            overwrite: True: replace files that exist there. Default: False, they stay as they are.
            show_progress: True: print a line for each file. Default: True.

        Returns:
            A reference to `target_path`.

        Raises:
            UserErrorException: There is no such folder, or runner keeps its own records at `target_path`.

        """
        from .files import files_below

        return self.upload_files(files_below(src_dir), src_dir, target_path, overwrite, show_progress)

    def upload_files(
        self,
        files: Sequence[str],
        relative_root: str | None = None,
        target_path: str | None = None,
        overwrite: bool = False,
        show_progress: bool = True,
    ) -> DataReference:
        """Upload files.

        Args:
            files: Paths of files.
            relative_root: The folder below which their paths are kept. None: the folder that all of them have in
                common.
            target_path: The path on the datastore. None: its root.
            overwrite: True: replace files that exist there. Default: False, they stay as they are.
            show_progress: True: print a line for each file. Default: True.

        Returns:
            A reference to `target_path`.

        Raises:
            UserErrorException: A file is missing or outside the root, or runner keeps its own records at `target_path`.

        """
        from .files import Upload, keys_of, send

        keys = keys_of(files, relative_root, target_path)
        check_free(self.name, keys.values())
        send(Upload(self.store, self.name, overwrite=overwrite, show=show_progress), keys)
        return self.path(target_path)

    def download(
        self, target_path: str, prefix: str | None = None, overwrite: bool = False, show_progress: bool = True
    ) -> int:
        """Copy files of the datastore to this machine.

        Args:
            target_path: The folder; each file gets its whole path on the datastore below it.
            prefix: The beginning of the paths to copy. None: all.
            overwrite: True: replace files that exist here. Default: False, they stay as they are.
            show_progress: True: print a line for each file that stays as it is. Default: True.

        Returns:
            The number of files copied.

        Raises:
            UserErrorException: The prefix has ``..``, or a file cannot be written.

        """
        from .files import fetch, users_objects

        if ".." in (prefix or "").split("/"):
            raise UserErrorException(f"the prefix {prefix!r} leaves its datastore", remedy="write it without '..'")
        found = users_objects(self.store, self.name, (prefix or "").lstrip("/"))
        return fetch(self.store, {info.key: info.key for info in found}, target_path, overwrite, show_progress)

    @override
    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"


AbstractDatastore = Datastore
"""v1's name of the class that every datastore is one of."""


class AzureBlobDatastore(Datastore):
    """v1's type of nearly every datastore here: a bucket or a folder."""


class AzureFileDatastore(Datastore):
    """v1's type of the built-in ``workspacefilestore``."""

    @property
    @override
    def datastore_type(self) -> str:
        """v1's name of the type: ``AzureFile``."""
        return "AzureFile"


def all_datastores(workspace: Workspace) -> dict[str, Datastore]:
    """Return every datastore of the workspace by name.

    Args:
        workspace: The workspace.

    """
    return {name: _known(workspace, facts) for name, facts in current().datastore_facts().items()}


def _known(workspace: Workspace, facts: DatastoreFacts) -> Datastore:
    made = Datastore.__new__(Datastore, workspace, facts.name)
    made.workspace, made.name, made._facts = workspace, facts.name, facts
    return made


def _unknown(name: str, known: Mapping[str, DatastoreFacts]) -> UserErrorException:
    """Return the error for an unknown name; the session may know more, as in a step."""
    try:
        current().datastore(name)
    except BadInput as error:
        problem = error.problems[0]
        return UserErrorException(problem.what, error, where=problem.where, remedy=problem.remedy)
    return UserErrorException(
        f"there is no datastore {name!r} in the workspace (known: {', '.join(known)})",
        remedy="correct the name, or add it under 'datastores:' of the workspace's runner.yaml",
    )


def set_default(name: str) -> None:
    """Make a datastore the default one.

    Args:
        name: The datastore's name.

    Raises:
        UserErrorException: There is no such datastore.

    """
    from ...data import named_datastores
    from ...errors import BadInput

    try:
        current().datastore(name)
    except BadInput as error:
        raise UserErrorException(error.problems[0].what, error, remedy=error.problems[0].remedy) from error
    named_datastores.set_default(current().store, name)


def check_free(datastore: str, keys: Iterable[str]) -> None:
    """Refuse keys at which runner keeps its own records or the outputs of runs.

    Args:
        datastore: The datastore's name.
        keys: The keys to be written.

    Raises:
        UserErrorException: A key is reserved.

    """
    own = datastore == DEFAULT_DATASTORE
    problem = next(filter(None, (reserved_problem(key, workspace=own) for key in keys)), None)
    if problem:
        raise UserErrorException(problem.what, remedy=problem.remedy)

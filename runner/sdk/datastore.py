"""Datastores: named places for data in a workspace."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from ..errors import BadInput
from ..model.data import DEFAULT_DATASTORE, FILE_DATASTORE
from ..model.names import reserved_problem
from ..override import override
from . import datastore_registration as registration
from .data import DataReference
from .exceptions import UserErrorException
from .session import current

if TYPE_CHECKING:
    from ..operations.values import DatastoreFacts
    from ..ports import ObjectStore
    from .workspace import Workspace


class Datastore:
    """A factory, as in v1: ``Datastore(workspace, name)`` is the typed datastore, the default one without a name."""

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
        """The datastore of that name. Raises UserErrorException."""
        return Datastore(workspace, datastore_name)

    @staticmethod
    def get_default(workspace: Workspace) -> Datastore:
        """The workspace's default datastore."""
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
        """The configured datastore that this account and container mean, under this name.

        Keys and tokens are neither used nor kept: a store's credentials are configured. Raises
        UserErrorException with the lines to add to ``runner.yaml`` when none is configured.
        """
        registration.named_after(datastore_name, container_name, account_name, overwrite=overwrite)
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
        """Take the registered name back; the data stay. Raises UserErrorException for a configured datastore."""
        registration.forget(self.name)

    def set_as_default(self) -> None:
        """Make it the workspace's default datastore."""
        set_default(self.name)

    @property
    def datastore_type(self) -> str:
        """v1's word for the kind."""
        return "AzureBlob"

    @property
    def container_name(self) -> str:
        """The container it is configured to stand for, else its bucket or its own name."""
        return self._facts.container or self.name

    @property
    def account_name(self) -> str:
        """The account it is configured to stand for, else the workspace's name."""
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
        """The store behind it. Raises BadInput."""
        return current().datastore(self.name)

    def path(self, path: str | None = None, data_reference_name: str | None = None) -> DataReference:
        """A place in it, as an input of a step."""
        return DataReference(self, data_reference_name, path)

    def as_mount(self) -> DataReference:
        """All of it, present at its path."""
        return DataReference(self)

    def as_download(self, path_on_compute: str | None = None) -> DataReference:
        """All of it, copied."""
        return DataReference(self, mode="download", path_on_compute=path_on_compute)

    def as_upload(self, path_on_compute: str | None = None) -> DataReference:
        """Written by the step and uploaded at its end."""
        return DataReference(self, mode="upload", path_on_compute=path_on_compute)

    def upload(
        self, src_dir: str, target_path: str | None = None, overwrite: bool = False, show_progress: bool = True
    ) -> DataReference:
        """Upload a folder's files. What is there already is left as it is unless `overwrite`."""
        from .datastore_files import files_below

        return self.upload_files(files_below(src_dir), src_dir, target_path, overwrite, show_progress)

    def upload_files(
        self,
        files: Sequence[str],
        relative_root: str | None = None,
        target_path: str | None = None,
        overwrite: bool = False,
        show_progress: bool = True,
    ) -> DataReference:
        """Upload files to their paths below `relative_root` (their common parent if None)."""
        from .datastore_files import Upload, keys_of, send

        keys = keys_of(files, relative_root, target_path)
        check_free(self.name, keys.values())
        send(Upload(self.store, self.name, overwrite=overwrite, show=show_progress), keys)
        return self.path(target_path)

    def download(
        self, target_path: str, prefix: str | None = None, overwrite: bool = False, show_progress: bool = True
    ) -> int:
        """Copy what begins with `prefix` below `target_path`, under its whole path; how many files.

        A file that is there already is left as it is unless `overwrite`.
        """
        from .datastore_files import fetch, users_objects

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
    """v1's name for the type of nearly every datastore here: a bucket or a folder."""


class AzureFileDatastore(Datastore):
    """The type of the built-in ``workspacefilestore``."""

    @property
    @override
    def datastore_type(self) -> str:
        """v1's word for the kind."""
        return "AzureFile"


def all_datastores(workspace: Workspace) -> dict[str, Datastore]:
    """Every datastore of the workspace by name."""
    return {name: _known(workspace, facts) for name, facts in current().datastore_facts().items()}


def _known(workspace: Workspace, facts: DatastoreFacts) -> Datastore:
    made = Datastore.__new__(Datastore, workspace, facts.name)
    made.workspace, made.name, made._facts = workspace, facts.name, facts
    return made


def _unknown(name: str, known: Mapping[str, DatastoreFacts]) -> UserErrorException:
    """Return the error for a name that nothing here has; the session may know more, as in a step."""
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
    """Make a datastore the one that is meant when none is named. Raises UserErrorException for an unknown one."""
    from ..data import named_datastores
    from ..errors import BadInput

    try:
        current().datastore(name)
    except BadInput as error:
        raise UserErrorException(error.problems[0].what, error, remedy=error.problems[0].remedy) from error
    named_datastores.set_default(current().store, name)


def check_free(datastore: str, keys: Iterable[str]) -> None:
    """Raise UserErrorException for a key at which runner keeps its own records, or the outputs of runs lie."""
    own = datastore == DEFAULT_DATASTORE
    problem = next(filter(None, (reserved_problem(key, workspace=own) for key in keys)), None)
    if problem:
        raise UserErrorException(problem.what, remedy=problem.remedy)

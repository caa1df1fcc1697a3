"""Datastores: named places for data in a workspace."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..model.data import DEFAULT_DATASTORE
from ..model.names import reserved_problem
from ..override import override
from .data import DataReference, plain_path
from .exceptions import NotOffered, UserErrorException
from .session import current

if TYPE_CHECKING:
    from ..ports import ObjectStore
    from .workspace import Workspace


class Datastore:
    """A factory, as in v1: ``Datastore(workspace, name)`` is the typed datastore."""

    def __new__(cls, workspace: Workspace | None = None, name: str | None = None) -> Datastore:
        """Make the typed datastore, whichever class was called."""
        return object.__new__(AzureBlobDatastore)

    def __init__(self, workspace: Workspace | None = None, name: str | None = None) -> None:
        known = current().datastore_names()
        self.workspace = workspace
        self.name = name or (known[0] if known else DEFAULT_DATASTORE)
        if self.name not in known:
            raise UserErrorException(
                f"there is no datastore {self.name!r} in the workspace (known: {', '.join(known)})",
                remedy="correct the name, or add the datastore to the workspace's runner.yaml",
            )

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
        workspace: Workspace, datastore_name: str, container_name: str, account_name: str, **_options: object
    ) -> Datastore:
        """The configured datastore of that name. Raises UserErrorException when there is none."""
        if datastore_name in current().datastore_names():
            return Datastore(workspace, datastore_name)
        raise UserErrorException(
            f"datastore {datastore_name!r} ({account_name}/{container_name}) is not configured here",
            remedy="runner does not reach Azure: name the bucket or folder that holds this data in runner.yaml",
        )

    @staticmethod
    def register_azure_file_share(*_arguments: object, **_options: object) -> Datastore:
        """Refuse."""
        raise NotOffered("Azure file shares are not offered", remedy="use a bucket or a folder as datastore")

    @property
    def datastore_type(self) -> str:
        """v1's word for the kind."""
        return "AzureBlob"

    @property
    def container_name(self) -> str:
        """The datastore's own name: there is no container."""
        return self.name

    @property
    def account_name(self) -> str:
        """The workspace's name: there is no storage account."""
        return current().workspace_facts.name

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
        root = Path(src_dir)
        if not root.is_dir():
            raise UserErrorException(f"there is no folder {src_dir!r} to upload", where=str(root.absolute()))
        files = [str(path) for path in sorted(root.rglob("*")) if path.is_file()]
        return self.upload_files(files, src_dir, target_path, overwrite, show_progress)

    def upload_files(
        self,
        files: Sequence[str],
        relative_root: str | None = None,
        target_path: str | None = None,
        overwrite: bool = False,
        show_progress: bool = True,
    ) -> DataReference:
        """Upload files to their paths below `relative_root` (their common parent if None)."""
        missing = [file for file in files if not Path(file).is_file()]
        if missing:
            raise UserErrorException(
                f"there is no file {missing[0]!r} to upload", where=str(Path(missing[0]).absolute())
            )
        root = Path(relative_root) if relative_root else _common_parent(files)
        store = self.store
        keys = [_key(target_path, Path(os.path.relpath(file, root)).as_posix()) for file in files]
        check_free(self.name, keys)
        for file, key in zip(files, keys, strict=True):
            if not overwrite and store.stat(key) is not None:
                _say(show_progress, f"{self.name}/{key} is there already: left as it is")
                continue
            store.upload(key, Path(file))
            _say(show_progress, f"uploaded {file} to {self.name}/{key}")
        return self.path(target_path)

    def download(
        self, target_path: str, prefix: str | None = None, overwrite: bool = False, show_progress: bool = True
    ) -> int:
        """Copy what begins with `prefix` below `target_path`, under its whole path; how many files."""
        store = self.store
        copied = 0
        for info in store.list((prefix or "").lstrip("/")):
            path = Path(target_path) / info.key
            if path.exists() and not overwrite:
                _say(show_progress, f"{path} is there already: left as it is")
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            path.unlink(missing_ok=True)
            store.download(info.key, path)
            copied += 1
        return copied

    @override
    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"


class AzureBlobDatastore(Datastore):
    """v1's name for the type every datastore has here: a bucket or a folder."""


def all_datastores(workspace: Workspace) -> dict[str, Datastore]:
    """Every datastore of the workspace by name."""
    return {name: Datastore(workspace, name) for name in current().datastore_names()}


def check_free(datastore: str, keys: Iterable[str]) -> None:
    """Raise UserErrorException for a key at which runner keeps its own records."""
    if datastore != DEFAULT_DATASTORE:
        return
    problem = next(filter(None, map(reserved_problem, keys)), None)
    if problem:
        raise UserErrorException(problem.what, remedy=problem.remedy)


def _common_parent(files: Sequence[str]) -> Path:
    parents = [str(Path(file).absolute().parent) for file in files]
    return Path(os.path.commonpath(parents)) if parents else Path()


def _key(target_path: str | None, relative: str) -> str:
    return "/".join(part for part in (plain_path((target_path or "").replace("\\", "/")), relative) if part)


def _say(show: bool, line: str) -> None:
    if show:
        print(line)

"""The workspace in a step's process: its stores, opened with the access that the step folder describes.

A step reads and writes the store like a driver (models, datasets, other runs, a cancel of its own run). It starts
no controllers, since nothing that could drive a run lives as long as it; it asks that of its own run (`run_requests`).
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from ...data.masking import Hidden
from ...errors import BadInput
from ...model.access import Access, declaration
from ...model.data import DEFAULT_DATASTORE, FILE_DATASTORE
from ...model.document import from_document
from ...model.durable import must_survive
from ...model.store_endpoint import BucketEndpoint, StepStores, StoreEndpoint
from ...operations.values import DatastoreFacts, Request, RunView, WorkspaceFacts
from ...override import override
from .exceptions import NotOffered, UserErrorException
from .run_requests import SubmittingByRequest
from .step_folder import step_context

if TYPE_CHECKING:
    from ...model.context import StoreAccess
    from ...model.environment import NamedEnvironment
    from ...model.plan import Plan
    from ...ports import ObjectStore
    from ...storage.azure_blob.address import Container


def open_in_step() -> StepSession:
    """Return the session of this step's process.

    Raises:
        BadInput: The step was given no access to its stores.

    """
    try:
        access = step_context().access
    except UserErrorException as error:
        raise _closed(f": {error.message}") from error
    if not access.folder and not access.stores:
        raise _closed("")
    return StepSession(access)


class StepSession(SubmittingByRequest):
    """The `Session` of a step's process.

    Args:
        access: The stores, datastores and secrets of the step.

    """

    def __init__(self, access: StoreAccess) -> None:
        self._access = access
        self._open: dict[str, ObjectStore] = {}
        self._views: dict[str, RunView] = {}
        self._hidden = Hidden()
        """Values that are masked in the workspace store."""

    @cached_property
    @override
    def store(self) -> ObjectStore:
        """The workspace store. Values of secrets that this step was given are masked in the records of runs."""
        from ...data.masked_store import masked_store
        from ...data.secret_values import masks, readable

        base = _folder(self._access.folder) if self._access.folder else self._remote(DEFAULT_DATASTORE)
        self._hidden += masks((*readable(self._access.secrets), *self._stores.values))
        return masked_store(base, self._hidden)

    @cached_property
    def _stores(self) -> StepStores:
        return self._read_stores() if self._access.stores else StepStores(BucketEndpoint(bucket="", endpoint=""))

    def _read_stores(self) -> StepStores:
        return from_document(StepStores, json.loads(Path(self._access.stores).read_bytes()))

    def _renewed(self, name: str) -> StoreEndpoint | None:
        """Return the endpoint of a datastore with renewed keys, and mask the new keys too."""
        from ...data.secret_values import masks

        stores = self._read_stores()
        self._hidden += [value for value in masks(stores.values) if value not in self._hidden]
        return stores.of(name)

    @property
    def workspace_facts(self) -> WorkspaceFacts:
        """The names that the run was submitted with; every step has them in its environment."""
        names = ("WORKSPACE_NAME", "SUBSCRIPTION", "RESOURCEGROUP")
        name, subscription, group = (os.environ.get(f"AZUREML_ARM_{name}", "") for name in names)
        return WorkspaceFacts(
            name=name, subscription_id=subscription, resource_group=group, apart=not self._access.folder, fixed=True
        )

    def datastore(self, name: str) -> ObjectStore:
        """Return the object store of a datastore.

        Args:
            name: The datastore's name.

        Raises:
            BadInput: This step cannot reach it.

        """
        if name == DEFAULT_DATASTORE:
            return self.store
        if name not in self._open:
            self._open[name] = self._opened(name)
        return self._open[name]

    def datastore_facts(self) -> Mapping[str, DatastoreFacts]:
        """Return the facts of every datastore that this step reaches, by name, the default one first."""
        from ...data.named_datastores import remembered

        known = remembered(self.store)
        found = {
            DEFAULT_DATASTORE: DatastoreFacts(name=DEFAULT_DATASTORE, kind="workspace", place="the workspace store")
        }
        for name in self._reached():
            if name == DEFAULT_DATASTORE:
                continue
            kind = "folder" if name in self._access.datastores else "bucket"
            found[name] = DatastoreFacts(name=name, kind=kind, place=self._access.datastores.get(name, name))
        for name, meant in known.named.items():
            if name in found or meant.datastore in found:
                found[name] = DatastoreFacts(
                    name=name,
                    kind="bucket",
                    place=name,
                    account=meant.account,
                    container=meant.container,
                    configured=meant.datastore,
                )
        if known.default not in found:
            # To take another one for the default would put data into the wrong place.
            found[known.default] = DatastoreFacts(name=known.default, kind="bucket", place=known.default)
        return {known.default: found.pop(known.default), **found}

    def datastore_names(self) -> tuple[str, ...]:
        """Return the names of the datastores that this step reaches, the default one first."""
        return tuple(self.datastore_facts())

    def target_names(self) -> tuple[str, ...]:
        """Return no names: a step starts nothing, so every name is valid."""
        return ()

    def curated_images(self) -> Mapping[str, str]:
        """Return no images: they are in the driver's configuration."""
        return {}

    def make_environment(self, environment: NamedEnvironment) -> str:
        """Refuse: environments are made before steps run.

        Args:
            environment: Not used.

        Returns:
            Nothing.

        Raises:
            BadInput: Always.

        """
        raise BadInput(
            "an environment cannot be made from inside a step",
            where="a step's process",
            remedy="build it in the driver",
        )

    def add_wheel(self, path: Path, *, exist_ok: bool) -> str:
        """Refuse: wheels are stored before steps run.

        Args:
            path: The file.
            exist_ok: Not used.

        Returns:
            Nothing.

        Raises:
            BadInput: Always.

        """
        raise BadInput(
            f"the wheel {path} cannot be stored from inside a step",
            where="a step's process",
            remedy="store it in the driver",
        )

    def stored_line(self, line: str) -> str:
        """Return a line of pip that names no local wheel.

        Args:
            line: The line.

        Raises:
            BadInput: It names a local wheel.

        """
        from ...model.pip_line import file_line

        named = file_line(line)
        return self.add_wheel(Path(named.path), exist_ok=True) if named and named.is_local_wheel else line

    def admit_container(self, container: Container, *, tried: bool) -> NoReturn:
        """Refuse: the key would be kept in a place that ends with the step.

        Args:
            container: The container.
            tried: Read from the container first.

        Raises:
            BadInput: Always.

        """
        raise BadInput("a step cannot register a container", remedy="register the datastore in the driver")

    def secret_names(self) -> tuple[str, ...]:
        """Return the names of the secrets that this step was given, sorted."""
        return tuple(sorted({*self._access.secrets, *self._stores.secrets}))

    def secret(self, name: str) -> str:
        """Return the value of a secret.

        Args:
            name: The secret's name.

        Raises:
            BadInput: This step was not given it.

        """
        from ...data.secret_values import unknown, value_of

        if name in self._stores.secrets:
            return self._stores.secrets[name]
        if name in self._access.secrets:
            return value_of(name, self._access.secrets)
        if name in self._withheld.secrets:
            raise BadInput(
                f"this step does not declare the secret '{name}'",
                where="a step's process",
                remedy=declaration("secrets", name),
            )
        raise unknown(name, (*self.secret_names(), *self._withheld.secrets))

    def submit(self, plan: Plan, request: Request) -> str:
        """Refuse: no run is started from inside a step.

        Args:
            plan: Not used.
            request: Not used.

        Returns:
            Nothing.

        Raises:
            NotOffered: Always.

        """
        raise NotOffered(
            "a run cannot be submitted from inside a step",
            where="a step's process",
            remedy="make it a step of the pipeline, or submit it from the driver",
        )

    def view(self, run: str) -> RunView:
        """Return the run as it is now.

        Args:
            run: The run's id.

        Raises:
            BadInput: There is no such run.

        """
        from ...operations import watch

        known = self._views.get(run)
        fresh = self._views[run] = watch.newer(self.store, known) if known else watch.view(self.store, run)
        return fresh

    def wait(self, run: str, *, after: int, seconds: float) -> RunView:
        """Return the run as soon as it has ended or has new journal entries.

        Args:
            run: The run's id.
            after: The number of the last known entry.
            seconds: The longest wait.

        """
        from ...operations import watch

        known = self.view(run)
        if known.state.over or known.state.number > after:
            return known
        fresh = self._views[run] = watch.wait(self.store, known, seconds=seconds, pause=0.5)
        return fresh

    def runs(self, experiment: str = "") -> tuple[str, ...]:
        """Return the ids of the workspace's runs, newest first.

        Args:
            experiment: The experiment. Default: empty, any.

        """
        from ...runs import index

        newest = index.newest(self.store, sys.maxsize)
        return tuple(entry.run for entry in newest if experiment in ("", entry.experiment))

    def logs(self, run: str, key: str) -> str:
        """Return the whole output of a step's newest attempt so far.

        Args:
            run: The run's id.
            key: The step's key.

        """
        from ...model.task import TaskId
        from ...operations import watch

        attempt = self.view(run).state.steps[key].attempt
        return watch.log_text(self.store, TaskId(run, key, max(attempt, 1)))

    def cancel(self, run: str) -> None:
        """Cancel a run; one that has ended stays as it is.

        Args:
            run: The run's id.

        """
        from ...runs import records

        if not self.view(run).state.over:
            records.cancel(self.store, run)

    def _remote(self, name: str) -> ObjectStore:
        """Return the store of a datastore. Keys that it refuses are read again, since they may have been renewed."""
        from ...storage.registry import open_store

        endpoint = self._stores.of(name) or BucketEndpoint(bucket="", endpoint="")
        return open_store(endpoint, renew=lambda: self._renewed(name))

    def _opened(self, name: str) -> ObjectStore:
        from ...data.named_datastores import remembered

        folder, endpoint = self._access.datastores.get(name), self._stores.of(name)
        if folder:
            return _folder(folder)
        if self._access.stores and endpoint is not None:
            return self._remote(name)
        meant = remembered(self.store).named.get(name)
        if meant is not None and meant.datastore != name:
            return self.datastore(meant.datastore)
        if name in self._withheld.datastores:
            raise BadInput(
                f"this step does not declare the datastore '{name}'",
                where="a step's process",
                remedy=f"make its data an input of the step, or {declaration('datastores', name)}",
            )
        raise BadInput(
            f"this step cannot open the datastore '{name}' by name (it can: {', '.join(self._reached())})",
            where="a step's process",
            remedy="correct the name, or make its data an input of the step: a step on this machine opens folders "
            "by name, one in a pod opens buckets",
        )

    @cached_property
    def _withheld(self) -> Access:
        return self._access.withheld.joined(self._stores.withheld)

    def _reached(self) -> tuple[str, ...]:
        own = (DEFAULT_DATASTORE, FILE_DATASTORE, *self._access.datastores, *self._stores.datastores)
        return tuple(name for name in dict.fromkeys(own) if name not in self._withheld.datastores)


def _closed(why: str) -> BadInput:
    return BadInput(
        f"the workspace cannot be opened from inside this step{why}",
        where="a step's process, which has its staged inputs and outputs only",
        remedy="give the step what it needs as inputs, outputs and arguments",
    )


def _folder(path: str) -> ObjectStore:
    from ...storage.directory import DirectoryStore

    return DirectoryStore(Path(path), durable=must_survive)

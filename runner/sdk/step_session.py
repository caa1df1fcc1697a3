"""The workspace as a step's process reaches it: through its stores, with what the step folder says of them.

A step reads and writes the store like a driver (models, datasets, other runs, a cancel of its own run); it starts
no runs, since nothing that could drive one lives as long as it.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from ..data.masking import Hidden
from ..errors import BadInput
from ..model.access import Access, declaration
from ..model.context import STEP_VARIABLE, StepContext
from ..model.data import DEFAULT_DATASTORE, FILE_DATASTORE
from ..model.document import from_document
from ..model.durable import must_survive
from ..model.vantage import BucketVantage, StepStores
from ..operations.values import DatastoreFacts, Request, RunView, WorkspaceFacts

if TYPE_CHECKING:
    from ..model.context import StoreAccess
    from ..model.environment import NamedEnvironment
    from ..model.plan import Plan
    from ..ports import ObjectStore


def open_in_step() -> StepSession:
    """The session of this step's process. Raises BadInput when the step was given no way to its stores."""
    folder = Path(os.environ[STEP_VARIABLE])
    try:
        access = from_document(StepContext, json.loads((folder / "context.json").read_bytes())).access
    except (OSError, ValueError) as error:
        raise _closed(f": its folder {folder} cannot be read: {error}") from error
    if not access.folder and not access.stores:
        raise _closed("")
    return StepSession(access)


class StepSession:
    """sdk.session.Session inside a step."""

    def __init__(self, access: StoreAccess) -> None:
        self._access = access
        self._open: dict[str, ObjectStore] = {}
        self._views: dict[str, RunView] = {}
        self._hidden = Hidden()
        """What is masked in the workspace store."""

    @cached_property
    def store(self) -> ObjectStore:
        """The workspace store; no value of a secret that this step was given gets into what runs keep there."""
        from ..data.masked_store import masked_store
        from ..data.secret_values import masks, readable

        base = _folder(self._access.folder) if self._access.folder else self._bucket(DEFAULT_DATASTORE)
        self._hidden += masks((*readable(self._access.secrets), *self._stores.values))
        return masked_store(base, self._hidden)

    @cached_property
    def _stores(self) -> StepStores:
        return self._read_stores() if self._access.stores else StepStores(BucketVantage("", ""))

    def _read_stores(self) -> StepStores:
        return from_document(StepStores, json.loads(Path(self._access.stores).read_bytes()))

    def _renewed(self, name: str) -> BucketVantage | None:
        """The bucket of a datastore as pods are told of it by now; keys that were renewed are masked as well."""
        from ..data.secret_values import masks

        stores = self._read_stores()
        self._hidden += [value for value in masks(stores.values) if value not in self._hidden]
        return stores.of(name)

    @property
    def workspace_facts(self) -> WorkspaceFacts:
        """The names the run was submitted with, which every step has in its environment."""
        names = ("WORKSPACE_NAME", "SUBSCRIPTION", "RESOURCEGROUP")
        name, subscription, group = (os.environ.get(f"AZUREML_ARM_{name}", "") for name in names)
        return WorkspaceFacts(name, subscription, group, apart=not self._access.folder, fixed=True)

    def datastore(self, name: str) -> ObjectStore:
        """The store behind a datastore's name. Raises BadInput for one that this step cannot reach."""
        if name == DEFAULT_DATASTORE:
            return self.store
        if name not in self._open:
            self._open[name] = self._opened(name)
        return self._open[name]

    def datastore_facts(self) -> Mapping[str, DatastoreFacts]:
        """What is known of every datastore that this step reaches, the default one first."""
        from ..data.named_datastores import remembered

        known = remembered(self.store)
        found = {DEFAULT_DATASTORE: DatastoreFacts(DEFAULT_DATASTORE, "workspace", "the workspace store")}
        for name in self._reached():
            if name == DEFAULT_DATASTORE:
                continue
            kind = "folder" if name in self._access.datastores else "bucket"
            found[name] = DatastoreFacts(name, kind, self._access.datastores.get(name, name))
        for name, meant in known.named.items():
            if name in found or meant.datastore in found:
                found[name] = DatastoreFacts(name, "bucket", name, meant.account, meant.container, meant.datastore)
        if known.default not in found:
            # To take another one for the default would put data into the wrong place.
            found[known.default] = DatastoreFacts(known.default, "bucket", known.default)
        return {known.default: found.pop(known.default), **found}

    def datastore_names(self) -> tuple[str, ...]:
        """Every datastore that this step reaches, the default one first."""
        return tuple(self.datastore_facts())

    def target_names(self) -> tuple[str, ...]:
        """None: a step starts nothing, so any name will do."""
        return ()

    def curated_images(self) -> Mapping[str, str]:
        """None: they are the driver's configuration."""
        return {}

    def make_environment(self, environment: NamedEnvironment) -> str:
        """Refuse: environments are made before steps run."""
        raise BadInput(
            "an environment cannot be made from inside a step",
            where="a step's process",
            remedy="build it in the driver",
        )

    def secret_names(self) -> tuple[str, ...]:
        """The secrets that this step was given, sorted."""
        return tuple(sorted({*self._access.secrets, *self._stores.secrets}))

    def secret(self, name: str) -> str:
        """The value of a secret. Raises BadInput for one that this step was not given."""
        from ..data.secret_values import unknown, value_of

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
        """Refuse: no run is started from inside a step. Raises NotOffered."""
        from .exceptions import NotOffered

        raise NotOffered(
            "a run cannot be submitted from inside a step",
            where="a step's process",
            remedy="make it a step of the pipeline, or submit it from the driver",
        )

    def view(self, run: str) -> RunView:
        """The run now. Raises BadInput for an unknown id."""
        from ..operations import watch

        known = self._views.get(run)
        fresh = self._views[run] = watch.newer(self.store, known) if known else watch.view(self.store, run)
        return fresh

    def wait(self, run: str, *, after: int, seconds: float) -> RunView:
        """The run as soon as it has ended or has entries beyond number `after`, else after `seconds`."""
        from ..operations import watch

        known = self.view(run)
        if known.state.over or known.state.number > after:
            return known
        fresh = self._views[run] = watch.wait(self.store, known, seconds=seconds, pause=0.5)
        return fresh

    def runs(self, experiment: str = "") -> tuple[str, ...]:
        """Ids of the workspace's runs, newest first, of one experiment unless that is empty."""
        from ..runs import index

        newest = index.newest(self.store, sys.maxsize)
        return tuple(entry.run for entry in newest if experiment in ("", entry.experiment))

    def logs(self, run: str, key: str) -> str:
        """All output of the step's newest attempt so far."""
        from ..model.task import TaskId
        from ..operations import watch

        attempt = self.view(run).state.steps[key].attempt
        return watch.log_text(self.store, TaskId(run, key, max(attempt, 1)))

    def cancel(self, run: str) -> None:
        """Ask for the end of the run; an ended one is left as it is."""
        from ..runs import records

        if not self.view(run).state.over:
            records.cancel(self.store, run)

    def _bucket(self, name: str) -> ObjectStore:
        """The bucket of a datastore; a key that it refuses is read again, as keys are renewed beside us."""
        from ..storage.s3.store import BucketStore

        vantage = self._stores.of(name) or BucketVantage("", "")
        return BucketStore(vantage, renew=lambda: self._renewed(name))

    def _opened(self, name: str) -> ObjectStore:
        from ..data.named_datastores import remembered

        folder, vantage = self._access.datastores.get(name), self._stores.of(name)
        if folder:
            return _folder(folder)
        if self._access.stores and vantage is not None:
            return self._bucket(name)
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
    from ..storage.directory import DirectoryStore

    return DirectoryStore(Path(path), durable=must_survive)

"""The stores of a step's process as the pool uses them: without masks, since rows are the user's data."""

from __future__ import annotations

import json
from pathlib import Path

from ...model.context import StoreAccess
from ...model.data import DEFAULT_DATASTORE
from ...model.document import from_document
from ...model.store_endpoint import StepStores, StoreEndpoint
from ...ports import ObjectStore


def workspace_store(access: StoreAccess) -> ObjectStore:
    """Return the workspace store.

    Args:
        access: The access of the step.

    Raises:
        BadInput: This step cannot open it.
    """
    return store_of(access, DEFAULT_DATASTORE)


def store_of(access: StoreAccess, datastore: str) -> ObjectStore:
    """Return the store of a datastore.

    Args:
        access: The access of the step.
        datastore: Its name.

    Raises:
        BadInput: This step cannot open it.
    """
    if datastore == DEFAULT_DATASTORE and access.folder:
        return _folder(access.folder)
    if folder := access.datastores.get(datastore):
        return _folder(folder)
    from ...errors import BadInput
    from ...storage.registry import open_store
    from ...storage.s3.http import STEP_RETRIES

    def endpoint() -> StoreEndpoint | None:
        stores: StepStores = from_document(StepStores, json.loads(Path(access.stores).read_bytes()))
        return stores.of(datastore)

    found = endpoint() if access.stores else None
    if found is None:
        raise BadInput(f"this step cannot open the datastore '{datastore}'", remedy="see: runner doctor")
    return open_store(found, STEP_RETRIES, endpoint)


def _folder(path: str) -> ObjectStore:
    from ...model.durable import must_survive
    from ...storage.directory import DirectoryStore

    return DirectoryStore(Path(path), durable=must_survive)

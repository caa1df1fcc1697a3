"""The outputs of runs: where they lie, and which reuse entries name them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from itertools import chain

from ...data.dataset import Datastores
from ...dataclass import dataclass
from ...errors import BadInput, StoreError
from ...model.names import RUNS_FOLDER, maker_of
from ...model.record import CommitRecord
from ...model.stored_documents import read_document
from ...model.task import Task
from ...ports import FolderStore, ObjectInfo
from ...runs import records
from .reading import Contents


@dataclass(frozen=True)
class Entry:
    """A reuse entry."""

    run: str
    """The run whose outputs it names."""
    info: ObjectInfo


@dataclass(frozen=True, kw_only=True)
class RunOutputs:
    """The outputs of one run, as the assignments of its attempts name them."""

    places: tuple[tuple[str, str], ...] = ()
    """Datastore and key of each output of each attempt, without those that other runs share."""
    fingerprints: tuple[str, ...] = ()
    """The fingerprints under which its results may be reused."""
    problem: str = ""
    """The reason why they are not known."""


def outputs_of(read: Contents, run: str, assignments: Sequence[str]) -> RunOutputs:
    """Return the outputs of a run. Raises StoreError if the store cannot be used."""
    places: dict[tuple[str, str], None] = {}
    fingerprints: dict[str, None] = {}
    for key, data in zip(assignments, read(assignments), strict=True):
        if data is None:
            continue
        try:
            task = read_document(Task, data, key)
        except StoreError as error:
            return RunOutputs(problem=str(error))
        for one in task.outputs:
            if is_of(run, one.key):  # every other place may hold the files of others
                places[one.datastore, one.key] = None
        if task.fingerprint:
            fingerprints[task.fingerprint] = None
    return RunOutputs(places=tuple(places), fingerprints=tuple(fingerprints))


def is_of(run: str, key: str) -> bool:
    """Return True if the place `key` of a datastore can only be one of this run's."""
    maker = maker_of(key)
    return maker is not None and maker[0] == run


def objects_of(datastores: Datastores, run: str, outputs: RunOutputs) -> Iterator[tuple[str, ObjectInfo]]:
    """Yield the datastore and the facts of each object of a run's outputs.

    A bucket lists all usual outputs of a run at once. A folder store looks into their folders, of which there may be
    many beside.

    Raises:
        BadInput: A datastore is no longer configured.
        StoreError: One cannot be read.

    """
    usual = f"{RUNS_FOLDER}/{run}."
    for name in sorted({name for name, _ in outputs.places}):
        store = datastores(name)
        keys = {key for datastore, key in outputs.places if datastore == name}
        if not isinstance(store, FolderStore):
            keys = {usual if key.startswith(usual) else key for key in keys}
        # No prefix begins with another one, so that no object comes twice.
        alone = [key for key in sorted(keys) if not any(key != other and key.startswith(other) for other in keys)]
        for info in chain.from_iterable(map(store.list, alone)):
            if is_of(run, info.key):
                yield name, info


def entries_naming(read: Contents, runs: Mapping[str, RunOutputs], stored: Mapping[str, ObjectInfo]) -> list[Entry]:
    """Return the reuse entries that name outputs of these runs.

    Args:
        read: Reads objects of the workspace store.
        runs: The outputs of the runs. An entry that names a run lies at a fingerprint of one of its attempts.
        stored: The reuse entries of the store by their keys.

    Raises:
        StoreError: The store cannot be used.

    """
    asked = [
        (run, stored[key])
        for run, outputs in runs.items()
        for key in map(records.reuse_key, outputs.fingerprints)
        if key in stored
    ]
    documents = read([info.key for _, info in asked])
    found = zip(asked, documents, strict=True)
    return [Entry(run, info) for (run, info), data in found if run_named_by(info.key, data or b"") == run]


def run_named_by(key: str, entry: bytes) -> str:
    """Return the run whose outputs a reuse entry names; empty for one that cannot be read, which nobody reuses."""
    with suppress(StoreError):
        return records.origin_of(read_document(CommitRecord, entry, key)).partition(".")[0] if entry else ""
    return ""


def is_recent(entry: ObjectInfo, now: datetime, age: timedelta) -> bool:
    """Return True if a reuse entry was written within `age`: its result may be reused, and its run stays."""
    return not entry.modified or now - datetime.fromtimestamp(entry.modified, timezone.utc) < age


def unusable(datastores: Datastores, read_only: Callable[[str], bool], outputs: RunOutputs) -> str:
    """Return why the outputs of a run cannot be deleted; empty if nothing is known against it.

    Args:
        datastores: Open a datastore by its name. Raise BadInput for one that is not configured.
        read_only: Returns True for a datastore that refuses every deletion. May raise BadInput.
        outputs: The outputs of the run.

    """
    for name in sorted({name for name, _key in outputs.places}):
        try:
            datastores(name)
            if read_only(name):
                return f"its outputs lie on datastore '{name}', which is read-only"
        except BadInput as error:
            return f"its outputs lie on datastore '{name}': {error}"
    return outputs.problem

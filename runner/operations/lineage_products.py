"""The products of runs: the registered models and datasets that came from a run, and the run behind a dataset."""

from __future__ import annotations

from collections import OrderedDict
from datetime import timedelta
from itertools import islice
from threading import Lock

from ..data import registered_models, registry
from ..data.registered_models import ModelRecord
from ..data.registry import Registration
from ..dataclass import dataclass
from ..errors import ObjectMissing, StoreDenied, StoreError, StoreUnreachable
from ..model.data import DatasetDefinition
from ..model.names import maker_of, run_time
from ..model.stored_documents import read_document
from ..ports import ObjectInfo, ObjectStore
from . import catalog
from .lineage import RunFacts
from .parallel_reads import read_each

MODELS = 2_000
"""The most models that one look reads: the newest by their last change."""
VERSIONS = 200
"""The most versions of a dataset that one look reads, the newest first."""
_SKEW = timedelta(minutes=5)
"""The difference between the clocks of the store and of a submitter that is allowed for."""


@dataclass(frozen=True)
class StepOfRun:
    """A run, and perhaps one of its steps."""

    run: str
    step: str = ""
    """The step's key; empty: the run as a whole."""


@dataclass(frozen=True)
class ModelsFound:
    """The models that came from a run."""

    models: tuple[ModelRecord, ...]
    looked: int
    complete: bool
    """False: there are more models than were looked at."""


class ModelMemory:
    """The records of models that were read before. A changed record is read again. Several threads may use it."""

    def __init__(self, most: int = 2 * MODELS) -> None:
        """Begin with nothing.

        Args:
            most: The most records that are remembered. Default: 4,000.

        """
        self._most = most
        self._lock = Lock()
        self._known: OrderedDict[tuple[str, str], ModelRecord | None] = OrderedDict()

    def of(self, store: ObjectStore, info: ObjectInfo) -> ModelRecord | None:
        """Return the record of a model; None if it is damaged or gone.

        Args:
            store: The workspace store.
            info: Its object.

        Raises:
            StoreUnreachable: The store does not answer.
            StoreDenied: The store refuses the request.

        """
        place = (info.key, info.etag)
        with self._lock:
            if place in self._known:
                return self._known[place]
        try:
            record = read_document(ModelRecord, store.get(info.key), info.key)
        except (StoreUnreachable, StoreDenied):
            raise
        except (ObjectMissing, StoreError):
            record = None
        with self._lock:
            self._known[place] = record
            while len(self._known) > self._most:
                self._known.popitem(last=False)
        return record


def maker_of_model(record: ModelRecord) -> StepOfRun | None:
    """Return the run that registered a model; None: it was not registered by a run.

    Args:
        record: The model.

    """
    run, _, step = record.run.partition(".")
    return StepOfRun(run, step) if run else None


def maker_of_dataset(definition: DatasetDefinition) -> StepOfRun | None:
    """Return the step whose output a dataset is; None: its files were not made by a step.

    Args:
        definition: The dataset.

    """
    for path in definition.paths:
        found = maker_of(path.path)
        if found is not None:
            return StepOfRun(*found)
    return None


def models_of_run(store: ObjectStore, run: str, memory: ModelMemory) -> ModelsFound:
    """Return the models that a run or its steps registered, newest first.

    Args:
        store: The workspace store.
        run: The run's id.
        memory: The records that are known.

    Raises:
        StoreError: The store cannot be read.

    """
    since = (run_time(run) - _SKEW).timestamp()
    known = [info for info in registered_models.record_infos(store) if not info.modified or info.modified >= since]
    known.sort(key=lambda info: info.modified, reverse=True)
    records = read_each(store, lambda info: memory.of(store, info), known[:MODELS])
    found = [record for record in records if record and record.run.partition(".")[0] == run]
    found.sort(key=lambda record: record.created, reverse=True)
    return ModelsFound(tuple(found), min(len(known), MODELS), len(known) <= MODELS)


def datasets_of_run(store: ObjectStore, facts: RunFacts) -> tuple[Registration, ...]:
    """Return the registered versions that are outputs of a run's steps, by the names that its plan states.

    Args:
        store: The workspace store.
        facts: The run.

    Raises:
        StoreError: The store cannot be read.

    """
    found = []
    since = run_time(facts.run) - _SKEW
    for name in dict.fromkeys(made.name for made in facts.plan.makes):
        known = catalog.find(store, catalog.Kind.DATASETS, name)
        for version in islice(known.versions if known else (), VERSIONS):
            if version.written is not None and version.written < since:
                break
            entry = registry.fetch(store, name, version.number)
            maker = maker_of_dataset(entry.definition) if entry else None
            if entry is not None and maker is not None and maker.run == facts.run:
                found.append(entry)
    return tuple(found)

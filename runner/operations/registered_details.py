"""One registered dataset, model or environment, with what made it and what names it."""

from __future__ import annotations

import json
from collections.abc import Mapping

from ..data import registered_models, registry
from ..data.registered_models import ModelRecord
from ..data.registry import Registration
from ..dataclass import dataclass, field
from ..errors import BadInput, ObjectDamaged, ObjectMissing, StoreError
from ..model.names import REGISTRY
from ..model.published import PublishedRecord
from ..ports import ObjectStore
from . import catalog
from .catalog import Kind, Registered
from .lineage import DatasetUse, Memory
from .lineage_products import MODELS, ModelMemory, StepOfRun, maker_of_dataset, maker_of_model
from .parallel_reads import read_each
from .published import pages

PIPELINES = 200
"""The most published pipelines that one look goes through, the newest first."""
FILES = 200
"""The most files of a model that are listed."""


@dataclass(frozen=True)
class ModelFile:
    """A file of a model."""

    path: str
    bytes: int


@dataclass(frozen=True, kw_only=True)
class DatasetDetail:
    """A version of a registered dataset."""

    known: Registered
    entry: Registration
    maker: StepOfRun | None
    """The step whose output it is; None: it was not made by a step."""
    pipelines: tuple[PublishedRecord, ...]
    """The published pipelines whose defaults read it, of the newest `PIPELINES`."""
    models: tuple[ModelRecord, ...]
    """The models that were registered with it, of the newest `lineage_products.MODELS`."""


@dataclass(frozen=True, kw_only=True)
class ModelDetail:
    """A version of a registered model."""

    known: Registered
    record: ModelRecord
    maker: StepOfRun | None
    """The run, and perhaps the step, that registered it."""
    files: tuple[ModelFile, ...]
    more_files: bool
    datasets: tuple[tuple[str, str, Registration | None], ...]
    """Of each dataset that it was registered with: the scenario, its id, and its registration if it is known."""
    inputs: tuple[DatasetUse, ...]
    """The registered datasets that the run read, or the step that registered it."""


@dataclass(frozen=True, kw_only=True)
class EnvironmentDetail:
    """A version of a registered environment, as it is stored."""

    known: Registered
    version: int
    document: Mapping[str, object] = field(default_factory=dict)


def dataset(store: ObjectStore, memory: Memory, models: ModelMemory, name: str, version: int) -> DatasetDetail | None:
    """Return a version of a dataset; None: there is none.

    Args:
        store: The workspace store.
        memory: The facts of plans that are known.
        models: The records of models that are known.
        name: The registered name.
        version: The version; 0: the newest.

    Raises:
        StoreError: The store cannot be read.

    """
    known = catalog.find(store, Kind.DATASETS, name)
    entry = registry.fetch(store, name, version or known.newest.number) if known else None
    if known is None or entry is None:
        return None
    return DatasetDetail(
        known=known,
        entry=entry,
        maker=maker_of_dataset(entry.definition),
        pipelines=_pipelines_reading(store, memory, name, entry.definition.version),
        models=_models_with(store, models, entry.definition.id),
    )


def _models_with(store: ObjectStore, models: ModelMemory, identity: str) -> tuple[ModelRecord, ...]:
    infos = sorted(registered_models.record_infos(store), key=lambda info: info.modified, reverse=True)
    records = read_each(store, lambda info: models.of(store, info), infos[:MODELS])
    return tuple(record for record in records if record and any(one == identity for _, one in record.datasets))


def _pipelines_reading(store: ObjectStore, memory: Memory, name: str, version: int) -> tuple[PublishedRecord, ...]:
    listed = pages.of_pipelines(store, pages.Wanted(every=True, limit=PIPELINES)).items
    reading = read_each(store, lambda record: _reads(store, memory, record, name, version), listed)
    return tuple(record for record, reads in zip(listed, reading, strict=True) if reads)


def _reads(store: ObjectStore, memory: Memory, record: PublishedRecord, name: str, version: int) -> bool:
    try:
        facts = memory.of_plan(store, record.plan)
    except (ObjectMissing, ObjectDamaged, BadInput):  # deleted, or damaged: the others count
        return False
    return any(use.name == name and use.version in (0, version) for use in facts.reads)


def model(store: ObjectStore, memory: Memory, name: str, version: int) -> ModelDetail | None:
    """Return a version of a model; None: there is none.

    Args:
        store: The workspace store.
        memory: The facts of runs that are known.
        name: The registered name.
        version: The version; 0: the newest.

    Raises:
        StoreError: The store cannot be read.

    """
    known = catalog.find(store, Kind.MODELS, name)
    record = registered_models.read(store, name, version or known.newest.number) if known else None
    if known is None or record is None:
        return None
    maker = maker_of_model(record)
    facts = memory.of_run(store, maker.run) if maker else None
    reads = facts.plan.reads if facts else ()
    files = tuple(_files(store, record))
    return ModelDetail(
        known=known,
        record=record,
        maker=maker,
        files=files[:FILES],
        more_files=len(record.files) > FILES,
        datasets=tuple((purpose, one, _of_id(store, one)) for purpose, one in record.datasets),
        inputs=tuple(use for use in reads if maker and maker.step in ("", use.step)),
    )


def _files(store: ObjectStore, record: ModelRecord) -> list[ModelFile]:
    folder = f"{registered_models.folder_of(record.name, record.version)}/"
    sizes = {}
    for info in store.list(folder):
        sizes[info.key[len(folder) :]] = info.size
        if len(sizes) > FILES:
            break
    return [ModelFile(path, size) for path, size in sizes.items()]


def _of_id(store: ObjectStore, identity: str) -> Registration | None:
    try:
        return registry.find(store, identity)
    except ObjectMissing:
        return None


def environment(store: ObjectStore, name: str, version: int) -> EnvironmentDetail | None:
    """Return a version of an environment; None: there is none.

    Args:
        store: The workspace store.
        name: The registered name.
        version: The version; 0: the newest.

    Raises:
        StoreError: The store cannot be read.

    """
    known = catalog.find(store, Kind.ENVIRONMENTS, name)
    if known is None:
        return None
    number = version or known.newest.number
    try:
        document = json.loads(store.get(f"{REGISTRY}environments/{name}/{number:08d}.json"))
    except ObjectMissing:
        return None
    except (ValueError, RecursionError):
        raise StoreError(f"the environment '{name}' version {number} is damaged") from None
    return EnvironmentDetail(known=known, version=number, document=document if isinstance(document, dict) else {})

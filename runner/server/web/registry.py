"""The pages of registered datasets, models and environments, and the overview of the registry."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from starlette.responses import Response

from ...data import registered_models, registry
from ...dataclass import dataclass, field
from ...errors import StoreDenied, StoreError, StoreUnreachable
from ...operations import catalog, lineage, registered_details
from ...operations.catalog import Kind, Registered
from ...operations.lineage import Memory, RunFacts
from ...operations.lineage_products import ModelMemory
from ...operations.parallel_reads import read_each
from ...operations.run_states import states_of
from ...pages import registry as shown
from ...pages import registry_texts as texts
from ...pages.registry import DATASETS, ENVIRONMENTS, MODELS, RunRows, Section
from ...ports import ObjectStore
from ..operation import Call, Operation
from ..problems import not_found
from .page import page
from .registry_parameters import AFTER, CURSOR, EVERY, NAME, VERSION
from .routes import shown_page

_NAMES = 50
"""Names of one page."""
_ROWS = 50
"""Runs of one page."""
SECTION = "Registry"


@dataclass(frozen=True, kw_only=True)
class NameRow:
    """A registered name in a list."""

    known: Registered
    about: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)


class Pages:
    """The pages, with what they remember of runs and models."""

    def __init__(self, memory: Memory, models: ModelMemory) -> None:
        """Remember the memories.

        Args:
            memory: The facts of runs, shared by all pages.
            models: The records of models, likewise.

        """
        self._memory = memory
        self._models = models

    def operations(self) -> tuple[Operation, ...]:
        """Return the operations."""
        return (
            *self._of(DATASETS, self._dataset, _dataset_row),
            *self._of(MODELS, self._model, _model_row),
            *self._of(ENVIRONMENTS, self._environment, lambda _, known: NameRow(known=known)),
        )

    def _of(
        self, section: Section, single: Callable[[Call], Response], row: Callable[[ObjectStore, Registered], NameRow]
    ) -> tuple[Operation, Operation]:
        return (
            shown_page(section.href, f"page_{section.folder}", section.title, _names(section, row), CURSOR),
            shown_page(
                f"{section.href}/{{name}}",
                f"page_{section.folder[:-1]}",
                f"A registered {section.noun}",
                single,
                NAME,
                VERSION,
                AFTER,
                EVERY,
            ),
        )

    def _dataset(self, call: Call) -> Response:
        name, asked = call.text("name"), int(call.query.get("version", 0))
        every = bool(call.query.get("all"))
        with call.context.workspaces.borrow() as workspace:
            store = workspace.store
            detail = registered_details.dataset(store, self._memory, self._models, name, asked)
            if detail is None:
                raise _unknown(DATASETS, name, asked)
            version = detail.entry.definition.version
            fits = lineage.reads_dataset(name, 0 if every else version)
            found = runs_found(call, DATASETS.of(name), store, self._memory, fits, name=name)
        written = next((one.written for one in detail.known.versions if one.number == version), None)
        return page(
            call,
            "registry_dataset.html",
            title=f"{name} version {version}",
            section=SECTION,
            crumbs=shown.crumbs(DATASETS, name),
            detail=detail,
            found=found,
            written=written,
            definition_facts=shown.definition_facts(detail.entry.definition),
            every_version="" if every else DATASETS.of(name, version=version, all="true"),
            kind=DATASETS,
            most_pipelines=registered_details.PIPELINES,
        )

    def _model(self, call: Call) -> Response:
        name, asked = call.text("name"), int(call.query.get("version", 0))
        with call.context.workspaces.borrow() as workspace:
            detail = registered_details.model(workspace.store, self._memory, name, asked)
        if detail is None:
            raise _unknown(MODELS, name, asked)
        return page(
            call,
            "registry_model.html",
            title=f"{name} version {detail.record.version}",
            section=SECTION,
            crumbs=shown.crumbs(MODELS, name),
            detail=detail,
            kind=MODELS,
        )

    def _environment(self, call: Call) -> Response:
        name, asked = call.text("name"), int(call.query.get("version", 0))
        with call.context.workspaces.borrow() as workspace:
            store = workspace.store
            detail = registered_details.environment(store, name, asked)
            if detail is None:
                raise _unknown(ENVIRONMENTS, name, asked)
            found = runs_found(call, ENVIRONMENTS.of(name), store, self._memory, lineage.with_environment(name))
        return page(
            call,
            "registry_environment.html",
            title=f"{name} version {detail.version}",
            section=SECTION,
            crumbs=shown.crumbs(ENVIRONMENTS, name),
            detail=detail,
            found=found,
            kind=ENVIRONMENTS,
            document_facts=texts.environment_facts(detail.document),
            texts=texts.environment_texts(detail.document),
        )


def runs_found(
    call: Call, path: str, store: ObjectStore, memory: Memory, fits: Callable[[RunFacts], bool], *, name: str = ""
) -> RunRows:
    """Return the rows of the runs that fit, from the place that the call names.

    Args:
        call: The call.
        path: The address of the page.
        store: The workspace store.
        memory: The facts of runs.
        fits: Returns True for runs that are wanted.
        name: The dataset that was asked for. Default: empty, none.

    Raises:
        StoreError: The store cannot be read.

    """
    found = lineage.runs_that(store, memory, fits, cursor=call.text("after"), limit=_ROWS)
    states = states_of(store, [facts.run for facts in found.runs])
    return shown.run_rows(found, states, path, dict(call.query), name=name)


def _names(section: Section, row: Callable[[ObjectStore, Registered], NameRow]) -> Callable[[Call], Response]:
    def names(call: Call) -> Response:
        cursor = call.text("cursor")
        with call.context.workspaces.borrow() as workspace:
            store = workspace.store
            found = catalog.page(store, Kind(section.folder), cursor=cursor, limit=_NAMES)
            rows = list(read_each(store, lambda known: _readable(row, store, known), found.names))
        return page(
            call,
            "registry_names.html",
            title=section.title,
            section=SECTION,
            crumbs=shown.crumbs(section),
            kind=section,
            kind_sections=shown.ALL,
            rows=rows,
            first=section.href if cursor else "",
            next=shown.address(section.href, cursor=found.cursor) if found.cursor else "",
        )

    return names


def _readable(row: Callable[[ObjectStore, Registered], NameRow], store: ObjectStore, known: Registered) -> NameRow:
    """Return the row of a name; of a damaged record, one that says so: it must not hide the others."""
    try:
        return row(store, known)
    except (StoreUnreachable, StoreDenied):
        raise
    except StoreError:
        return NameRow(known=known, about="Its record cannot be read.")


def _dataset_row(store: ObjectStore, known: Registered) -> NameRow:
    entry = registry.fetch(store, known.name, known.newest.number)
    if entry is None:
        return NameRow(known=known)
    return NameRow(known=known, about=entry.description or texts.place_text(entry.definition), tags=entry.tags)


def _model_row(store: ObjectStore, known: Registered) -> NameRow:
    record = registered_models.read(store, known.name, known.newest.number)
    if record is None:
        return NameRow(known=known)
    return NameRow(known=known, about=record.description or record.framework, tags=record.tags)


def _unknown(section: Section, name: str, version: int) -> Exception:
    which = f" version {version}" if version else ""
    return not_found(f"there is no {section.noun} '{name}'{which} here", f"see: {section.href}")

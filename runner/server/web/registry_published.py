"""The pages of published pipelines, endpoints and schedules."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from itertools import islice
from typing import Any

from starlette.responses import Response

from ...dataclass import dataclass, field
from ...errors import ObjectDamaged, ObjectMissing
from ...model.firing import Firing, FiringState
from ...model.plan import Plan
from ...model.published import EndpointRecord, PublishedRecord, endpoint_url
from ...model.schedule import ScheduleRecord
from ...operations import lineage
from ...operations.lineage import Memory
from ...operations.published import due_texts, endpoints, pages, pipelines, schedule_history, schedules
from ...operations.published.pages import Page, Wanted
from ...operations.run_states import states_of
from ...pages import registry as shown
from ...pages import registry_texts as texts
from ...pages.graph_data import plan_document
from ...pages.registry import ENDPOINTS, PIPELINES, SCHEDULES, Section
from ...ports import ObjectStore
from ...runs import plans
from ..operation import Call, Operation
from ..problems import Refusal, not_found
from .page import page
from .registry import SECTION, runs_found
from .registry_parameters import AFTER, BEFORE, CURSOR, EVERY, ID
from .routes import shown_page

_OBJECTS = 50
"""Objects of one page."""
_COMING = 10
"""Due times that a page tells in advance."""
_FIRINGS = 50
"""Firings of one page."""
_COLUMNS = {
    PIPELINES: ("Version", "Description"),
    ENDPOINTS: ("Default version", "Description"),
    SCHEDULES: ("Runs", "Due", "Next"),
}
Record = PublishedRecord | EndpointRecord | ScheduleRecord


@dataclass(frozen=True)
class Cell:
    """A cell of a list: a text, a link or a time."""

    text: str = ""
    href: str = ""
    time: datetime | None = None


@dataclass(frozen=True)
class Row:
    """A published object in a list."""

    record: Record
    cells: tuple[Cell, ...]


@dataclass(frozen=True, kw_only=True)
class StepRow:
    """A step of a published pipeline."""

    key: str
    name: str
    script: str
    compute: str
    needs: str


@dataclass(frozen=True)
class EndpointUse:
    """An endpoint of which a pipeline is a version."""

    record: EndpointRecord
    versions: tuple[str, ...]


@dataclass(frozen=True)
class VersionRow:
    """A version of an endpoint."""

    version: str
    pipeline: str
    record: PublishedRecord | None


@dataclass(frozen=True, kw_only=True)
class FiringRow:
    """A due time in the history of a schedule."""

    firing: Firing
    said: str
    notes: str
    run: str = ""
    """Its run; empty: it has none."""
    state: str = ""


@dataclass(kw_only=True)
class Remembered:
    """Endpoints and schedules by the keys of their revisions, which never change."""

    endpoints: dict[str, EndpointRecord] = field(default_factory=dict)
    schedules: dict[str, ScheduleRecord] = field(default_factory=dict)


class Pages:
    """The pages, with what they remember."""

    def __init__(self, memory: Memory) -> None:
        """Remember the memory.

        Args:
            memory: The facts of runs, shared by all pages.

        """
        self._memory = memory
        self._known = Remembered()

    def operations(self) -> tuple[Operation, ...]:
        """Return the operations."""
        return (
            *_of(PIPELINES, _listing(PIPELINES, pages.of_pipelines, _pipeline_row), self._pipeline),
            *_of(ENDPOINTS, _listing(ENDPOINTS, self.endpoints, _endpoint_row), self._endpoint),
            *_of(SCHEDULES, _listing(SCHEDULES, self.schedules, _schedule_row), self._schedule),
        )

    def endpoints(self, store: ObjectStore, wanted: Wanted) -> Page[EndpointRecord]:
        """Return a page of endpoints. A revision is read once."""
        return pages.of_records(endpoints.documents(store).all(self._known.endpoints), wanted)

    def schedules(self, store: ObjectStore, wanted: Wanted) -> Page[ScheduleRecord]:
        """Return a page of schedules. A revision is read once."""
        return pages.of_records(schedules.documents(store).all(self._known.schedules), wanted)

    def _pipeline(self, call: Call) -> Response:
        with call.context.workspaces.borrow() as workspace:
            store = workspace.store
            record = pipelines.documents(store).find(call.text("id"))
            if record is None:
                raise _unknown(PIPELINES)
            plan = _plan(store, record)
            found = runs_found(call, PIPELINES.of(record.id), store, self._memory, lineage.of_pipelines(record.id))
            every = endpoints.documents(store).all(self._known.endpoints)
            uses = [_use(one, record.id) for one in every if any(each.pipeline == record.id for each in one.versions)]
            known = schedules.all_of(store, active_only=False, pipeline=record.id, known=self._known.schedules)
        return _shown(
            call,
            PIPELINES,
            record.name,
            record=record,
            found=found,
            graph=plan_document(plan) if plan else None,
            steps=None if plan is None else [_step_row(plan, key) for key in plan.by_key],
            parameters=texts.parameter_texts(plan) if plan else [],
            reads=lineage.plan_facts(plan).reads if plan else (),
            endpoints=uses,
            schedules=known,
            run_href=f"{PIPELINES.of(record.id)}/run" if call.known_caller.may_submit(record.id) else "",
        )

    def _endpoint(self, call: Call) -> Response:
        with call.context.workspaces.borrow() as workspace:
            store = workspace.store
            record = endpoints.documents(store).find(call.text("id"))
            if record is None:
                raise _unknown(ENDPOINTS)
            ids = [one.pipeline for one in record.versions]
            named = dict(zip(ids, pipelines.documents(store).find_each(ids), strict=False))
            found = runs_found(call, ENDPOINTS.of(record.id), store, self._memory, lineage.of_pipelines(*ids))
            known = schedules.all_of(store, active_only=False, endpoint=record.id, known=self._known.schedules)
        rows = [VersionRow(one.version, one.pipeline, named.get(one.pipeline)) for one in reversed(record.versions)]
        return _shown(
            call,
            ENDPOINTS,
            record.name,
            record=record,
            found=found,
            versions=rows,
            schedules=known,
            url=endpoint_url(call.context.url, record.id),
        )

    def _schedule(self, call: Call) -> Response:
        before = call.text("before")
        with call.context.workspaces.borrow() as workspace:
            store = workspace.store
            record = schedules.documents(store).find(call.text("id"))
            if record is None:
                raise _unknown(SCHEDULES)
            firings = list(islice(schedule_history.newest_first(store, record.id, before=before), _FIRINGS + 1))
            history = _history(store, firings[:_FIRINGS])
            runs_text, runs_href = _runs_of(store, record)
            coming = due_texts.coming(record, store.now(), _COMING)
        path = SCHEDULES.of(record.id)
        more = len(firings) > _FIRINGS
        return _shown(
            call,
            SCHEDULES,
            record.name,
            record=record,
            history=history,
            older=shown.address(path, before=schedule_history.place_of(firings[_FIRINGS - 1])) if more else "",
            first=path if before else "",
            runs_text=runs_text,
            runs_href=runs_href,
            coming=coming,
            due=due_texts.when(record),
            parameters=_values(record),
        )


def _of(
    section: Section, listing: Callable[[Call], Response], single: Callable[[Call], Response]
) -> tuple[Operation, Operation]:
    more = (BEFORE,) if section is SCHEDULES else (AFTER,)
    return (
        shown_page(section.href, f"page_{section.folder}", section.title, listing, CURSOR, EVERY),
        shown_page(f"{section.href}/{{id}}", f"page_{section.folder[:-1]}", f"One {section.noun}", single, ID, *more),
    )


def _listing(
    section: Section,
    found_by: Callable[[ObjectStore, Wanted], Page[PublishedRecord]]
    | Callable[[ObjectStore, Wanted], Page[EndpointRecord]]
    | Callable[[ObjectStore, Wanted], Page[ScheduleRecord]],
    row: Callable[[ObjectStore, Record], Row],
) -> Callable[[Call], Response]:
    def listing(call: Call) -> Response:
        every, cursor = bool(call.query.get("all")), call.text("cursor")
        with call.context.workspaces.borrow() as workspace:
            store = workspace.store
            found = found_by(store, Wanted(every=every, cursor=cursor, limit=_OBJECTS))
            rows = [row(store, record) for record in found.items]
        kept = "true" if every else ""
        return page(
            call,
            "registry_published.html",
            title=section.title,
            section=SECTION,
            crumbs=shown.crumbs(section),
            kind=section,
            kind_sections=shown.ALL,
            rows=rows,
            columns=_COLUMNS[section],
            every=every,
            other=shown.address(section.href, all="" if every else "true"),
            first=shown.address(section.href, all=kept) if cursor else "",
            next=shown.address(section.href, all=kept, cursor=found.cursor) if found.cursor else "",
        )

    return listing


def _shown(call: Call, section: Section, name: str, **values: Any) -> Response:  # noqa: ANN401 - what the templates show
    return page(
        call,
        f"registry_{section.folder[:-1]}.html",
        title=name,
        section=SECTION,
        crumbs=shown.crumbs(section, name),
        kind=section,
        may_submit=call.known_caller.may("submit"),
        **values,
    )


def _pipeline_row(_: ObjectStore, record: Record) -> Row:
    assert isinstance(record, PublishedRecord)
    return Row(record, (Cell(record.version), Cell(record.description)))


def _endpoint_row(_: ObjectStore, record: Record) -> Row:
    assert isinstance(record, EndpointRecord)
    pipeline = next((one.pipeline for one in record.versions if one.version == record.default), "")
    return Row(record, (Cell(record.default, PIPELINES.of(pipeline) if pipeline else ""), Cell(record.description)))


def _schedule_row(store: ObjectStore, record: Record) -> Row:
    assert isinstance(record, ScheduleRecord)
    coming = due_texts.coming(record, store.now())
    cells = (Cell(*_runs_of(store, record)), Cell(due_texts.when(record)), Cell(time=coming[0] if coming else None))
    return Row(record, cells)


def _runs_of(store: ObjectStore, record: ScheduleRecord) -> tuple[str, str]:
    """Return the name of what a schedule runs, and the address of its page."""
    if record.endpoint:
        endpoint = endpoints.documents(store).find(record.endpoint)
        return (f"endpoint {endpoint.name}" if endpoint else record.endpoint, ENDPOINTS.of(record.endpoint))
    pipeline = pipelines.documents(store).find(record.pipeline)
    return (pipeline.name if pipeline else record.pipeline, PIPELINES.of(record.pipeline))


def _history(store: ObjectStore, firings: list[Firing]) -> list[FiringRow]:
    submitted = [each.run for each in firings if each.state is FiringState.SUBMITTED]
    states = states_of(store, submitted)
    return [
        FiringRow(
            firing=each,
            said=texts.firing_said(each),
            notes=texts.firing_notes(each),
            run=each.run if each.run in states else "",
            state=states.get(each.run, ""),
        )
        for each in firings
    ]


def _plan(store: ObjectStore, record: PublishedRecord) -> Plan | None:
    try:
        return plans.load(store, record.plan)
    except (ObjectMissing, ObjectDamaged):
        return None


def _step_row(plan: Plan, key: str) -> StepRow:
    step = plan.by_key[key]
    return StepRow(
        key=key,
        name=plan.names[key],
        script=step.script,
        compute=step.compute,
        needs=texts.needs_text(plan, step),
    )


def _use(record: EndpointRecord, pipeline: str) -> EndpointUse:
    return EndpointUse(record, tuple(each.version for each in record.versions if each.pipeline == pipeline))


def _values(record: ScheduleRecord) -> str:
    scalars = [(name, texts.value_text(value)) for name, value in record.values.scalars.items()]
    return shown.values_text(
        [*scalars, *((name, texts.data_text(value)) for name, value in record.values.data.items())]
    )


def _unknown(section: Section) -> Refusal:
    return not_found(f"there is no {section.noun} of this id here", f"see: {section.href}")

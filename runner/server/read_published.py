"""Operations that show published pipelines, endpoints and schedules."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Generic, TypeVar

from starlette.responses import JSONResponse

from ..dataclass import dataclass
from ..errors import ObjectMissing
from ..model.published import EndpointRecord, PublishedRecord, endpoint_url, pipeline_url
from ..model.schedule import ScheduleRecord
from ..operations.published import pages
from ..operations.published.documents import Documents
from ..operations.published.pages import Page, Wanted
from ..ports import ObjectStore
from ..runs import plans
from .context import Context
from .operation import Answer, Call, Operation, Parameter
from .plain import plain
from .problems import not_found

_GUID = "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"
ID = Parameter(
    name="id", about="The id, a GUID.", in_path=True, schema={"type": "string", "maxLength": 36, "pattern": _GUID}
)
_LISTED = (
    Parameter(name="name", about="Only those of this name."),
    Parameter(
        name="all", about="Also those that are disabled or archived. Default: false.", schema={"type": "boolean"}
    ),
    Parameter(
        name="cursor",
        about="The `cursor` of the page before.",
        schema={"type": "string", "minLength": 1, "maxLength": 400},
    ),
    Parameter(
        name="limit",
        about="The most objects of a page. Default: 50.",
        schema={"type": "integer", "minimum": 1, "maximum": 200},
    ),
)
_PAGING = (
    "The answer has `items` and `cursor`. While `cursor` is a text, there may be more: send it for the next page. A "
    "page may have fewer objects than `limit`, or none. What is published meanwhile comes before the first page: "
    "nothing is twice in the pages or missing."
)
_OBJECT = {"type": "object"}
_LIST = {
    "type": "object",
    "properties": {"items": {"type": "array", "items": _OBJECT}, "cursor": {"type": ["string", "null"]}},
    "required": ["items", "cursor"],
}


R = TypeVar("R", PublishedRecord, EndpointRecord, ScheduleRecord)


@dataclass(frozen=True)
class _Kind:
    """One kind of published object."""

    folder: str
    """In the registry and in the path."""
    noun: str


def operations() -> tuple[Operation, ...]:
    """Return the operations."""
    endpoints, schedules = _Records("endpoints", EndpointRecord), _Records("schedules", ScheduleRecord)
    return (
        *_operations(
            _Kind("pipelines", "published pipeline"), PublishedRecord, pages.of_pipelines, _pipeline, _with_parameters
        ),
        *_operations(_Kind("endpoints", "pipeline endpoint"), EndpointRecord, endpoints.page, _endpoint, None),
        *_operations(
            _Kind("schedules", "schedule"), ScheduleRecord, schedules.page, lambda _context, one: _fields(one), None
        ),
    )


class _Records(Generic[R]):
    """Lists endpoints or schedules. No index has their times, so all are read, but each of them once."""

    def __init__(self, folder: str, shape: type[R]) -> None:
        self._folder = folder
        self._shape: type[R] = shape
        self._known: dict[str, R] = {}

    def page(self, store: ObjectStore, wanted: Wanted) -> Page[R]:
        """Return a page of them."""
        return pages.of_records(Documents(store, self._folder, self._shape).all(self._known), wanted)


def _operations(
    kind: _Kind,
    shape: type[R],
    page: Callable[[ObjectStore, Wanted], Page[R]],
    shown: Callable[[Context, R], dict[str, object]],
    detailed: Callable[[ObjectStore, R], Mapping[str, object]] | None,
) -> tuple[Operation, Operation]:
    def every(call: Call) -> JSONResponse:
        wanted = Wanted(
            name=call.text("name"),
            every=bool(call.query.get("all")),
            cursor=call.text("cursor"),
            limit=int(call.query.get("limit", 50)),
        )
        with call.context.workspaces.borrow() as workspace:
            found = page(workspace.store, wanted)
        return JSONResponse(
            {"items": [shown(call.context, one) for one in found.items], "cursor": found.cursor or None}
        )

    def single(call: Call) -> JSONResponse:
        with call.context.workspaces.borrow() as workspace:
            store = workspace.store
            found = Documents(store, kind.folder, shape).find(call.text("id"))
            if found is None:
                raise not_found(f"there is no {kind.noun} of this id", f"see: /api/v1/{kind.folder}")
            more = detailed(store, found) if detailed else {}
        return JSONResponse({**shown(call.context, found), **more})

    noun = f"{kind.noun}s"
    return (
        Operation(
            method="GET",
            path=f"/api/v1/{kind.folder}",
            id=f"list_{kind.folder}",
            summary=f"The {noun}, newest first",
            about=_PAGING,
            tag=kind.folder,
            handler=every,
            parameters=_LISTED,
            answers={200: Answer(f"The {noun}.", _LIST)},
        ),
        Operation(
            method="GET",
            path=f"/api/v1/{kind.folder}/{{id}}",
            id=f"get_{kind.folder[:-1]}",
            summary=f"One {kind.noun}",
            tag=kind.folder,
            handler=single,
            parameters=(ID,),
            answers={200: Answer(f"The {kind.noun}.", _OBJECT)},
        ),
    )


def _pipeline(context: Context, record: PublishedRecord) -> dict[str, object]:
    return {**_fields(record), "endpoint": pipeline_url(context.url, record.id)}


def _endpoint(context: Context, record: EndpointRecord) -> dict[str, object]:
    return {**_fields(record), "endpoint": endpoint_url(context.url, record.id)}


def _with_parameters(store: ObjectStore, record: PublishedRecord) -> dict[str, object]:
    """Return the parameters of a pipeline with their defaults, and its steps."""
    try:
        plan = plans.load(store, record.plan)
    except ObjectMissing:
        return {"parameters": {}, "data_parameters": [], "steps": []}
    data = {given.parameter: None for step in plan.steps for given in step.inputs if given.parameter}
    return {
        "parameters": plain(plan.parameters),
        "data_parameters": plain(list(data)),
        "steps": [{"key": step.key, "name": plain(step.name)} for step in plan.steps],
    }


def _fields(record: object) -> dict[str, object]:
    found = plain(record)
    assert isinstance(found, dict)
    return found

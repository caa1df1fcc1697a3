"""The application: its operations, and the parts that hold for all of them."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.responses import JSONResponse

from . import change_runs, health, openapi, read_files, read_logs, read_published, read_runs, submission
from .context import Context
from .dispatch import Dispatch, unrouted
from .guard import Guard
from .metrics import Metrics
from .operation import Answer, Operation
from .web import pages


def all_operations(metrics: Metrics) -> tuple[Operation, ...]:
    """Return every operation of the server but the one for its own description.

    Args:
        metrics: The figures of the server.

    """
    return (
        *submission.operations(),
        *health.operations(metrics),
        *read_published.operations(),
        *read_runs.operations(),
        *change_runs.operations(),
        *read_logs.operations(),
        *read_files.operations(),
        *(pages.operations() if pages.are_on() else ()),
    )


def application(context: Context, metrics: Metrics | None = None) -> Starlette:
    """Return the server's application (ASGI).

    Args:
        context: The surroundings of the server.
        metrics: Its figures. Default: new ones.

    """
    metrics = metrics or Metrics()
    operations = all_operations(metrics)
    described = Operation(
        method="GET",
        path="/openapi.json",
        id="openapi",
        summary="This description of the server",
        tag="health",
        handler=lambda _: JSONResponse(openapi.document((*operations, described), context.url)),
        scope="",
        answers={200: Answer("An OpenAPI document.", {"type": "object"})},
    )
    dispatch = Dispatch(context, metrics)
    made = Starlette(
        routes=[dispatch.route(each) for each in (*operations, described)],
        middleware=[Middleware(Guard, context=context, metrics=metrics)],
        exception_handlers={HTTPException: unrouted},
    )
    made.router.redirect_slashes = False  # a redirect would repeat a name that the caller chose
    return made

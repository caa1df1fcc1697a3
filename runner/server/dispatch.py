"""From a request to the handler of its operation, and from errors to problem documents."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from functools import partial

import anyio
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from ..errors import RunnerError, StoreError
from . import origins
from .context import Caller, Context
from .guard import RECORD, Record
from .limits import Rate, Turns
from .metrics import Metrics
from .operation import Call, Operation
from .parameters import path_values, query_values
from .problems import Refusal, not_found, refusal_of, response
from .token_check import forbidden
from .web.refusals import error_page, refused_page, wants_page

log = logging.getLogger("runner.server")
Endpoint = Callable[[Request], Awaitable[Response]]


class Dispatch:
    """Makes the routes of operations."""

    def __init__(self, context: Context, metrics: Metrics) -> None:
        """Set the limits.

        Args:
            context: The surroundings of the server.
            metrics: Its figures.

        """
        limits, monotonic = context.settings.limits, context.clock.monotonic
        self._context = context
        self._metrics = metrics
        self._rate = Rate(limits.requests_per_second, 2 * limits.requests_per_second, monotonic)
        per_second = limits.submissions_per_second
        self._submission_rate = Rate(per_second, 10 * per_second, monotonic)
        self._turns = Turns(limits.submissions, limits.waiting)

    def route(self, operation: Operation) -> Route:
        """Return the route of an operation."""
        return Route(operation.path, self._endpoint(operation), methods=[operation.method], name=operation.id)

    def _endpoint(self, operation: Operation) -> Endpoint:
        async def endpoint(request: Request) -> Response:
            record: Record = request.scope[RECORD]
            record.operation = operation
            refused = partial(refused_page, request, record) if operation.page else response
            try:
                return await (self._change if operation.body else self._read)(operation, request, record)
            except Refusal as refusal:
                return self._with_cookie(refused(refusal), refusal, request)
            except RunnerError as error:
                if isinstance(error, StoreError):
                    self._metrics.store_failed(error)
                found = refusal_of(error)
                if found.status >= 500:
                    log.error("call %s (%s): %s", record.id, operation.id, error)  # noqa: TRY400 - runner's errors say all
                return refused(found)
            except ClientDisconnect:
                return refused(Refusal(400, "the request ended before its body did"))
            except Exception:
                log.exception("call %s (%s) failed", record.id, operation.id)
                return refused(Refusal(500, f"the server has a fault; its log names the call {record.id}"))

        return endpoint

    def _with_cookie(self, answer: Response, refusal: Refusal, request: Request) -> Response:
        """Delete the cookie of a session that is not valid: open pages would send it for ever."""
        sessions = self._context.sessions
        if refusal.status == 401 and sessions is not None and (line := sessions.forgotten(request)):
            answer.headers.append("Set-Cookie", line)
        return answer

    async def _read(self, operation: Operation, request: Request, record: Record) -> Response:
        """Answer a call without a body."""

        def work() -> Response:
            caller = self._admitted(operation, request, record)
            return operation.handler(self._call(operation, request, record, caller))

        return work() if operation.at_once else await run_in_threadpool(work)

    async def _change(self, operation: Operation, request: Request, record: Record) -> Response:
        """Answer a call with a body. Nothing of it is read before the caller is known."""
        caller = await run_in_threadpool(self._admitted, operation, request, record)
        call = self._call(operation, request, record, caller)
        call.body = await self._body(request)
        async with AsyncExitStack() as stack:
            if operation.scope == "submit":
                await stack.enter_async_context(self._turns.turn())
            answer = await run_in_threadpool(operation.handler, call)
        if operation.submits and answer.status_code < 400:
            self._metrics.submissions.inc()
        return answer

    def _admitted(self, operation: Operation, request: Request, record: Record) -> Caller | None:
        """Return the caller, if it may call the operation now. Raise Refusal."""
        if operation.page and operation.method != "GET":
            origins.refuse_foreign(request.headers, self._context.url)
        if not operation.scope:
            return None
        caller = record.caller = self._context.authenticate(request)
        if (caller.by_proxy or caller.by_browser) and operation.method != "GET" and not operation.page:
            origins.refuse_forged(request.headers, self._context.url)
        self._rate.take(caller.id)
        if operation.scope == "submit":
            if not any(scope.startswith("submit") for scope in caller.scopes):
                raise forbidden("submit")
            self._submission_rate.take(caller.id)
        elif not caller.may(operation.scope):
            raise forbidden(operation.scope)
        return caller

    def _call(self, operation: Operation, request: Request, record: Record, caller: Caller | None) -> Call:
        return Call(
            context=self._context,
            caller=caller,
            path=path_values(operation.parameters, request.path_params),
            query=query_values(operation.parameters, request.query_params.multi_items()),
            headers=request.headers,
            connection=request,
            notes=record.notes,
        )

    async def _body(self, request: Request) -> bytes:
        """Return the body. Raise Refusal if it is too long, encoded, or does not come in time."""
        limits = self._context.settings.limits
        if request.headers.get("content-encoding", "identity") != "identity":
            raise Refusal(415, "the body is compressed", "send it as it is")
        if int(request.headers.get("content-length", "0")) > limits.body_bytes:
            raise _too_long(limits.body_bytes)
        try:
            with anyio.fail_after(limits.body_seconds):
                return await _collected(request, limits.body_bytes)
        except TimeoutError:
            what = f"the body did not arrive within {limits.body_seconds:g} s"
            raise Refusal(408, what, "send it at once") from None


async def _collected(request: Request, most: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > most:
            raise _too_long(most)
        parts.append(part)
    return b"".join(parts)


def _too_long(most: int) -> Refusal:
    return Refusal(413, f"the body has more than {most} bytes", "send less: data belong into a datastore")


async def unrouted(request: Request, error: Exception) -> Response:
    """Return the answer of a call without a route: 404 or 405. A browser that looks for a page gets one.

    Args:
        request: The call.
        error: Starlette's exception.

    """
    assert isinstance(error, HTTPException)
    if error.status_code == 405:
        allowed = (error.headers or {}).get("Allow", "")
        headers = {"Allow": allowed} if allowed else None
        return response(
            Refusal(405, f"this path does not take {request.method[:16]}", f"use {allowed}", headers=headers)
        )
    if wants_page(request):
        return error_page(not_found("There is no such page here.", "the runs are at /runs"))
    return response(not_found("there is nothing at this path", "the paths: /openapi.json"))

"""The rules of every call: known hosts, one length of the body, safe headers, figures and an audit record."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import datetime

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..dataclass import dataclass, field
from ..model.redaction import redacted
from .context import Caller, Context
from .hosts import is_known, known_hosts
from .metrics import Metrics
from .operation import Operation
from .problems import Refusal, response

RECORD = "runner.record"
"""The key of the call's record in the scope."""
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
    "Referrer-Policy": "no-referrer",
}
"""They keep a browser from showing a file of a run as a page of the server."""
_DISCONNECTED = 499
"""The status in the audit record of a call whose client left before the answer began (nginx's convention)."""


@dataclass(kw_only=True)
class Record:
    """The facts of one call for the audit."""

    id: str
    began: float
    at: datetime
    operation: Operation | None = None
    caller: Caller | None = None
    status: int = _DISCONNECTED
    first: float | None = None
    """Seconds until the answer began; None: it has not."""
    bytes: int = 0
    """Bytes of the body so far."""
    streams: bool = False
    """True: the answer is sent in parts."""
    notes: dict[str, object] = field(default_factory=dict)


class Guard:
    """The outermost part of the application."""

    def __init__(self, app: ASGIApp, context: Context, metrics: Metrics) -> None:
        """Wrap an application.

        Args:
            app: The application.
            context: The surroundings of the server.
            metrics: Counts the calls.

        """
        self._app = app
        self._context = context
        self._metrics = metrics
        self._hosts = known_hosts(context.settings)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a call."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        clock = self._context.clock
        record = scope[RECORD] = Record(id=secrets.token_hex(8), began=clock.monotonic(), at=clock.now())
        headers = Headers(scope=scope)
        body_read = not ("transfer-encoding" in headers or headers.get("content-length", "0") != "0")

        async def read() -> Message:
            nonlocal body_read
            message = await receive()
            body_read = body_read or not message.get("more_body", False)
            return message

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.body":
                record.bytes += len(message.get("body", b""))
                if message.get("more_body", False) and not record.streams:
                    record.streams = True
                    self._metrics.open_streams.inc()
            if message["type"] == "http.response.start":
                record.status = message["status"]
                record.first = clock.monotonic() - record.began
                own = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    own.setdefault(name, value)
                own["X-Request-Id"] = record.id
                if not body_read:  # else the server would read the rest, however long it is
                    own["Connection"] = "close"
            await send(message)

        with self._metrics.open_calls.track_inprogress():
            try:
                refusal = misfit(headers, self._hosts)
                await (response(refusal) if refusal else self._app)(scope, read, answer)
            finally:
                self._finish(record, scope)

    def _finish(self, record: Record, scope: Scope) -> None:
        seconds = self._context.clock.monotonic() - record.began
        operation = record.operation
        if record.streams:
            self._metrics.open_streams.dec()
        name = operation.id if operation else ""
        self._metrics.answered(name, record.status, seconds, first=record.first, size=record.bytes)
        if is_audited(operation, record.status):
            self._context.audit(audit_fields(record, scope, seconds))


def is_audited(operation: Operation | None, status: int) -> bool:
    """Return True if a call has an audit record.

    Those of live pages that get nothing new have none, and neither have public things without a fault.

    Args:
        operation: The operation; None: the path has none.
        status: The status of the answer.

    """
    if operation is None or status >= 400:
        return True
    changes = operation.page and operation.method != "GET"
    return (bool(operation.scope) or changes) and status != 304


def misfit(headers: Headers, hosts: Iterable[str]) -> Refusal | None:
    """Return why a call is refused before anybody looks at its path; None: nothing is wrong.

    Args:
        headers: The headers of the call.
        hosts: The names under which the server answers.

    """
    given = headers.getlist("host")
    if len(given) != 1:
        return Refusal(400, "the request needs one Host header", "use an ordinary HTTP client")
    if not is_known(given[0], hosts):
        remedy = "use its address, or add the name to 'hosts:' under 'serve:' of runner.yaml"
        return Refusal(421, "this server does not answer under the name in the Host header", remedy)
    if len(headers.getlist("content-length")) + len(headers.getlist("transfer-encoding")) > 1:
        # Two servers in a row could take different parts of the connection for the body (request smuggling).
        return Refusal(400, "the request states the length of its body twice", "use an ordinary HTTP client")
    return None


def audit_fields(record: Record, scope: Scope, seconds: float) -> dict[str, object]:
    """Return the audit record of a call: who, what, run, status, milliseconds. It has no token and no value.

    Args:
        record: The facts.
        scope: The call's ASGI scope.
        seconds: The time until the answer was complete.

    """
    caller, operation, client = record.caller, record.operation, scope.get("client")
    who = {"token": caller.id, "name": caller.name, "user": caller.user} if caller else {}
    return {
        "at": record.at.isoformat(timespec="milliseconds"),
        "request": record.id,
        "client": client[0] if client else "",
        **{key: value for key, value in who.items() if value},
        "operation": operation.id if operation else "",
        "method": str(scope["method"])[:16],
        **({} if operation else {"path": redacted(str(scope["path"]))[:200]}),
        **record.notes,
        "status": record.status,
        "ms": round(seconds * 1000, 1),
    }

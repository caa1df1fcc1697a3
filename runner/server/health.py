"""Operations for those who look after the server: health, readiness, figures."""

from __future__ import annotations

from threading import Lock

from starlette.responses import JSONResponse, Response

from ..errors import RunnerError
from ..runs.store_format import STORE_KEY
from .metrics import MEDIA_TYPE, Metrics
from .operation import Answer, Call, Operation
from .problems import RETRY_SECONDS, too_busy

_FRESH = 2.0
"""Seconds for which an answer of the store is believed: anybody may ask for it."""
_PATIENCE = 10.0
"""Seconds for which its last answer is believed while it is asked again."""
_STATUS = {"type": "object", "properties": {"status": {"type": "string"}}, "required": ["status"]}


def operations(metrics: Metrics) -> tuple[Operation, ...]:
    """Return the operations.

    Args:
        metrics: The figures of the server.

    """
    readiness = _Readiness(metrics)
    return (
        Operation(
            method="GET",
            path="/healthz",
            id="health",
            summary="The process answers",
            tag="health",
            handler=lambda _: JSONResponse({"status": "ok"}),
            scope="",
            at_once=True,
            answers={200: Answer("It does.", _STATUS)},
        ),
        Operation(
            method="GET",
            path="/readyz",
            id="readiness",
            summary="The store can be reached",
            tag="health",
            handler=readiness.answer,
            scope="",
            answers={200: Answer("It can.", _STATUS)},
            refusals=(503,),
        ),
        Operation(
            method="GET",
            path="/metrics",
            id="metrics",
            summary="Figures of this process for Prometheus",
            tag="health",
            handler=lambda _: Response(metrics.text(), media_type=MEDIA_TYPE),
            scope="",
            at_once=True,
            answers={200: Answer("The figures.", media_type="text/plain")},
        ),
    )


class _Readiness:
    """Asks the store, once for all who ask at the same time: no more than one thread waits for it."""

    def __init__(self, metrics: Metrics) -> None:
        self._reachable = metrics.store_reachable
        self._lock = Lock()
        self._asked = float("-inf")
        self._good = False

    def answer(self, call: Call) -> Response:
        monotonic = call.context.clock.monotonic
        if self._lock.acquire(blocking=False):
            try:
                if monotonic() - self._asked > _FRESH:
                    self._good = _reachable(call)
                    self._asked = monotonic()
                    self._reachable.set(self._good)
                good = self._good
            finally:
                self._lock.release()
        else:  # another thread asks
            good = self._good and monotonic() - self._asked < _PATIENCE
        if not good:
            raise too_busy(503, "the store cannot be reached", RETRY_SECONDS)
        return JSONResponse({"status": "ready"})


def _reachable(call: Call) -> bool:
    try:
        with call.context.workspaces.borrow() as workspace:
            workspace.store.stat(STORE_KEY)
    except RunnerError:
        return False
    return True

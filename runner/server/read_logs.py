"""The operation that gives the log of a step: a part, the last lines, or all lines as they are written."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from threading import Lock

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from ..dataclass import dataclass
from ..model.status import IN_FLIGHT, STEP_ENDS
from ..model.task import TaskId
from ..operations import listing
from ..operations.log_bytes import LogReader, StoredLog, stored_log
from ..operations.values import RunView
from ..operations.workers import count_in
from ..override import override
from ..ports import ObjectStore
from ..runs import head
from ..runs.records import shown_attempt
from .context import Context
from .operation import Answer, Call, Operation, Parameter
from .problems import not_found, too_busy
from .ranges import requested
from .run_access import ATTEMPT, RUN, STEP, attempt_of, opened_run, run_now, step_key

_TEXT = "text/plain; charset=utf-8"
_MOST_LINES, _MOST_TAIL = 10_000, 4 << 20
_PAUSE = 0.5
"""Seconds between two looks at a log that is followed."""
_VIEWERS, _VIEWERS_OF_ONE = 200, 20
"""The most logs that are followed at the same time: in all, and by one caller."""
_SILENCE = 15.0
"""Seconds without news after which the run's controller is asked for."""
_PLAIN = {"X-Content-Type-Options": "nosniff"}


def operations() -> tuple[Operation, ...]:
    """Return the operation."""
    return (
        Operation(
            method="GET",
            path=f"/api/v1/runs/{{{RUN.name}}}/steps/{{{STEP.name}}}/logs",
            id="get_log",
            summary="The output of a step",
            about="`Range` gives a part, `tail` the last lines. With `follow=true` the answer goes on, as chunked "
            "text, until the attempt has ended. Secrets of the step are masked.",
            tag="runs",
            handler=_Logs(),
            parameters=(
                RUN,
                STEP,
                ATTEMPT,
                Parameter(
                    name="worker",
                    about="The index of one of the workers of the step. Default: 0.",
                    schema={"type": "integer", "minimum": 0, "maximum": 1_000_000},
                ),
                Parameter(
                    name="tail",
                    about=f"Begin with this many last lines, of at most {_MOST_TAIL >> 20} MiB. `Range` is ignored.",
                    schema={"type": "integer", "minimum": 1, "maximum": _MOST_LINES},
                ),
                Parameter(
                    name="follow",
                    about="Go on until the attempt has ended. Default: false.",
                    schema={"type": "boolean"},
                ),
            ),
            request_headers=(Parameter(name="Range", about="One part: `bytes=0-999`, `bytes=1000-`, `bytes=-500`."),),
            answers={
                200: Answer("The output so far.", media_type="text/plain"),
                206: Answer("The part.", media_type="text/plain"),
            },
            refusals=(416,),
        ),
    )


@dataclass(frozen=True)
class _Watched:
    """The worker of a step that a caller follows."""

    run: str
    key: str
    worker: int


def _worker_of(view: RunView, call: Call, key: str) -> int:
    """Return the worker that a call names. Raise `Refusal` (404) if the step has none of that index."""
    worker, most = int(call.query.get("worker", 0)), count_in(view, key)
    if worker >= most:
        raise not_found(f"step '{key}' has no worker {worker}", f"its last worker: {most - 1}")
    return worker


class _Logs:
    """Handles the operation, and counts those who follow."""

    def __init__(self) -> None:
        self._viewers: dict[str, int] = {}
        self._lock = Lock()

    def __call__(self, call: Call) -> Response:
        with opened_run(call) as (workspace, view):
            key = step_key(view, call.text("step"))
            task = attempt_of(workspace.store, view, call, key)
            worker = _worker_of(view, call, key)
            log = stored_log(workspace.store, task, worker) if task else StoredLog(())
            start, end, headers = 0, log.size, dict(_PLAIN)
            part = None
            if "tail" in call.query:
                start = log.start_of_last(workspace.store, int(call.query["tail"]), _MOST_TAIL)
            elif not call.query.get("follow"):
                part = requested(call.headers.get("range", ""), log.size)
        if call.query.get("follow"):
            return self._followed(call, _Watched(view.state.run, key, worker), task, start)
        if part is not None:
            start, end = part.start, part.end
            headers["Content-Range"] = f"bytes {start}-{end - 1}/{log.size}"
        headers |= {"Content-Length": str(end - start), "Accept-Ranges": "bytes"}
        body = _blocks(call.context, log, start, end)
        return StreamingResponse(body, 206 if part else 200, headers, _TEXT)

    def _followed(self, call: Call, watched: _Watched, task: TaskId | None, start: int) -> Response:
        caller = call.known_caller.id
        with self._lock:
            if sum(self._viewers.values()) >= _VIEWERS or self._viewers.get(caller, 0) >= _VIEWERS_OF_ONE:
                raise too_busy(429, "too many logs are followed at the same time", 10)
            self._viewers[caller] = self._viewers.get(caller, 0) + 1
        watcher = _Watcher(call.context, watched, task, start)
        return _Counted(watcher.text(), lambda: self._left(caller))

    def _left(self, caller: str) -> None:
        with self._lock:
            self._viewers[caller] -= 1
            if not self._viewers[caller]:
                del self._viewers[caller]


class _Counted(StreamingResponse):
    """An answer that says when it is over, however it ends."""

    def __init__(self, body: AsyncIterator[bytes], over: Callable[[], None]) -> None:
        super().__init__(body, 200, dict(_PLAIN), _TEXT)
        self._over = over

    @override
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._over()


class _Watcher:
    """Reads the log of one attempt until the attempt has ended; of a step without one, that of the first."""

    def __init__(self, context: Context, watched: _Watched, task: TaskId | None, start: int) -> None:
        self._context = context
        self._run, self._key, self._worker, self._task = watched.run, watched.key, watched.worker, task
        self._start = start
        self._reader: LogReader | None = None
        self._heard = context.clock.monotonic()
        """The last time at which there was something new, or the run's controller was alive."""

    async def text(self) -> AsyncIterator[bytes]:
        """Yield the log. Between two looks no thread is used."""
        while True:
            data, over = await run_in_threadpool(self._look)
            if data:
                yield data
            elif over:
                return
            else:
                await asyncio.sleep(_PAUSE)

    def _look(self) -> tuple[bytes, bool]:
        """Return the next bytes, and whether none follow if there are none."""
        with self._context.workspaces.borrow() as workspace:
            store = workspace.store
            view = run_now(workspace, self._run)
            self._task = self._task or shown_attempt(store, view.state, self._key)
            over = self._is_over(view) or self._is_left(store)  # before the read: what it wrote until then is read
            if self._task is None:
                return b"", over
            if self._reader is None:
                self._reader = LogReader(store, self._task, self._start, self._worker)
            data = self._reader.read(store)
        if data:
            self._heard = self._context.clock.monotonic()
        return data, over

    def _is_over(self, view: RunView) -> bool:
        step = view.state.steps[self._key]
        if view.state.over or step.status in STEP_ENDS:
            return True
        return self._task is not None and (step.attempt != self._task.attempt or step.status not in IN_FLIGHT)

    def _is_left(self, store: ObjectStore) -> bool:
        """Return True if the run has no controller any more that could note the end of the attempt."""
        if self._context.clock.monotonic() - self._heard < _SILENCE:
            return False
        self._heard = self._context.clock.monotonic()
        seen = head.read(store, self._run)
        return seen is not None and listing.status(seen, store.now(), full=listing.disk_is_full(store)) == "stopped"


def _blocks(context: Context, log: StoredLog, start: int, end: int) -> Iterator[bytes]:
    """Yield a part of a log. Each block is read by a worker thread when the client has taken the one before."""
    at = start
    while at < end:
        with context.workspaces.borrow() as workspace:
            data = next(log.read(workspace.store, at, end))
        at += len(data)
        yield data

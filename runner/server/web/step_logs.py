"""The page of a step's log: a window of it, a search in it, and what follows while it is written."""

from __future__ import annotations

from starlette.responses import JSONResponse, Response

from ...operations.log_bytes import StoredLog, stored_log
from ...operations.log_windows import BYTES, LogSearch, Read, search, start_before, start_of_line, window
from ...operations.workers import count_in
from ...pages.log_view import next_place, shown_lines
from ...pages.step_links import StepLinks
from ..operation import Call, Operation, Parameter
from .page import etag, unchanged
from .routes import shown_page
from .step_access import PARAMETERS, PATH, OpenedStep, opened_step, step_page

_PLACE = {"type": "integer", "minimum": 0, "maximum": 1 << 50}
_BEFORE = 20
"""Lines that are shown before a line whose address was followed."""
_WORKERS = 500
"""The most workers that can be chosen from a list."""


def operations() -> tuple[Operation, ...]:
    """Return the operations."""
    at = Parameter(name="at", about="The place at which the window begins, in bytes.", schema=_PLACE)
    return (
        shown_page(
            f"{PATH}/log",
            "page_step_log",
            "The log of a step",
            _log,
            *PARAMETERS,
            at,
            Parameter(name="line", about="The number of the first line, if it is known.", schema=_PLACE),
            Parameter(name="around", about="A place that the window shows with its surroundings.", schema=_PLACE),
            Parameter(
                name="find",
                about="A text to search for.",
                schema={"type": "string", "minLength": 1, "maxLength": 200},
            ),
            Parameter(name="from", about="The place at which a search begins.", schema=_PLACE),
        ),
        shown_page(
            f"{PATH}/log.json",
            "page_step_log_lines",
            "The next lines of the log of a step",
            _following,
            *PARAMETERS,
            at,
        ),
    )


def _opened_log(opened: OpenedStep) -> tuple[StoredLog, Read]:
    store = opened.workspace.store
    log = stored_log(store, opened.task, opened.worker) if opened.task else StoredLog(())
    return log, lambda start, end: b"".join(log.read(store, start, end))


def _log(call: Call) -> Response:
    with opened_step(call) as opened:
        state = opened.view.state
        # The log itself follows by `log.json`: the rest of the page changes with the run alone.
        tag = etag(call, state.run, state.number) if not opened.finished else ""
        known = unchanged(call, tag)
        if known is not None:
            return known
        links = _pinned(opened)
        log, read = _opened_log(opened)
        start, first = _start(call, read, log.size)
        shown = window(read, log.size, start)
        lines = shown_lines(shown, first)
        behind = lines[-1].number + lines[-1].ends if lines and lines[-1].number else 0
        before = start_before(read, shown.start) if shown.start else 0
        at_end = shown.end >= log.size
        return step_page(
            call,
            opened,
            "step_log.html",
            "log",
            live=not opened.finished and "find" not in call.query,  # each new look would search again
            tag=tag,
            shown=shown,
            lines=lines,
            marked=int(call.query["around"]) if "around" in call.query else -1,
            earlier=links.to("log", at=before, line=1 if not before else "") if shown.start else "",
            later=links.to("log", at=shown.end, line=behind or "") if not at_end else "",
            follow=links.to("log.json") if at_end and not opened.over else "",
            next_place=next_place(shown, over=opened.over),
            find=call.text("find"),
            found=_found(call, read, log.size),
            workers=range(min(_WORKERS, count_in(opened.view, opened.key))),
            worker=opened.worker,
            pinned=links,
        )


def _pinned(opened: OpenedStep) -> StepLinks:
    """Return the addresses of the attempt that is shown: places in its log are none in that of another attempt."""
    task, links = opened.task, opened.links
    own = task is not None and task.run == opened.view.state.run
    return links.of(task.attempt, links.worker) if task is not None and own else links


def _start(call: Call, read: Read, size: int) -> tuple[int, int]:
    """Return the place of the window, and the number of its first line; 0: unknown."""
    if "around" in call.query:
        place = min(int(call.query["around"]), size)
        line = start_of_line(read, place)
        start = start_before(read, line, _BEFORE)
        return start, int(not start)
    if "at" in call.query:
        start = min(int(call.query["at"]), size)
        return start, int(call.query.get("line", 0)) or int(not start)
    return (0, 1) if size <= BYTES // 2 else (start_before(read, size), 0)


def _found(call: Call, read: Read, size: int) -> LogSearch | None:
    wanted = call.text("find")
    return search(read, size, wanted, int(call.query.get("from", 0))) if wanted else None


def _following(call: Call) -> Response:
    with opened_step(call) as opened:
        over = opened.over  # before the read: what was written until then is read
        log, read = _opened_log(opened)
        tag = etag(call, opened.task, log.size, over)
        known = unchanged(call, tag)
        if known is not None:
            return known
        shown = window(read, log.size, int(call.query.get("at", 0)))
        lines = shown_lines(shown)
        newest, attempt = opened.view.state.steps[opened.key].attempt, _pinned(opened).attempt
    document = {
        "lines": [line.document for line in lines],
        "next": next_place(shown, over=over),
        "size": log.size,
        "over": over and shown.end >= log.size,
        "attempt": attempt,
        "newer": newest if 0 < attempt < newest else 0,
    }
    return JSONResponse(document, headers={"ETag": tag})

"""The report of a run: shown on an origin of its own, or downloaded."""

from __future__ import annotations

from threading import Lock

from starlette.responses import Response

from ...operations.report_contents import contents
from ...operations.stored_reports import kept
from ...pages.report import report_html
from ..operation import Call, Operation, Parameter
from ..problems import not_found
from ..run_access import RUN, opened_run
from .routes import TAG

_POLICY = (
    "sandbox allow-scripts allow-downloads; default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
    "img-src data:; font-src data:; frame-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""The report is shown on an opaque origin: it cannot act for who looks at it. Its own policy has the digests of what
runs in it, and both hold."""
_ONE = Lock()
"""Reports are made one after the other: a large one takes seconds, and tens of megabytes of memory."""
_KEPT = Parameter(name="kept", about="Send the report that was made at the end of the run.", schema={"type": "boolean"})
_DOWNLOAD = Parameter(name="download", about="Send it as a file.", schema={"type": "boolean"})


def operations() -> tuple[Operation, ...]:
    """Return the operations."""
    return (
        Operation(
            method="GET",
            path=f"/runs/{{{RUN.name}}}/report",
            id="page_report",
            summary="The report of a run, as one file",
            about="It is made now; with `kept`, it is the one that was made at the end of the run.",
            tag=TAG,
            handler=_report,
            page=True,
            parameters=(RUN, _KEPT, _DOWNLOAD),
        ),
    )


def _report(call: Call) -> Response:
    with opened_run(call) as (workspace, view):
        run, store = view.state.run, workspace.store
        if call.query.get("kept"):
            text = kept(store, run)
            if text is None:
                raise not_found(f"no report of run {run} is kept", f"see the one that is made now: /runs/{run}/report")
        else:
            with _ONE:
                text = report_html(contents(store, view, workspace.datastore)).encode(errors="replace")
    headers = {"Content-Security-Policy": _POLICY, "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    if call.query.get("download"):
        headers["Content-Disposition"] = f'attachment; filename="{run}.html"'
    return Response(text, media_type="text/html; charset=utf-8", headers=headers)

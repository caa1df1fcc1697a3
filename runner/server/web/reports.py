"""The report of a run: shown on an origin of its own, or downloaded."""

from __future__ import annotations

from threading import Lock

from starlette.responses import Response

from ...operations.report_contents import contents
from ...operations.stored_reports import kept
from ...pages.report import report_html
from ..operation import Call, Operation, Parameter
from ..run_access import RUN, opened_run
from .static import TAG

_POLICY = (
    "sandbox allow-scripts allow-downloads; default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
    "img-src data:; font-src data:; frame-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""The report is shown on an opaque origin: it cannot act for who looks at it. Its own policy has the digests of what
runs in it, and both hold."""
_ONE = Lock()
"""Reports are made one after the other: a large one takes seconds, and tens of megabytes of memory."""
_DOWNLOAD = Parameter(name="download", about="Send it as a file.", schema={"type": "boolean"})


def operations() -> tuple[Operation, ...]:
    """Return the operations."""
    return (
        Operation(
            method="GET",
            path=f"/runs/{{{RUN.name}}}/report",
            id="page_report",
            summary="The report of a run, as one file",
            about="The one that was made at the end of the run, if `report: true` holds. Else it is made now.",
            tag=TAG,
            handler=_report,
            page=True,
            parameters=(RUN, _DOWNLOAD),
        ),
    )


def _report(call: Call) -> Response:
    with opened_run(call) as (workspace, view):
        run, store = view.state.run, workspace.store
        text = kept(store, run) if view.state.over else None
        if text is None:
            with _ONE:
                text = report_html(contents(store, view, workspace.datastore)).encode(errors="replace")
    headers = {"Content-Security-Policy": _POLICY, "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    if call.query.get("download"):
        headers["Content-Disposition"] = f'attachment; filename="{run}.html"'
    return Response(text, media_type="text/html; charset=utf-8", headers=headers)

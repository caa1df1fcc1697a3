"""Style sheets and scripts of the pages. Their addresses change with their content, so that browsers keep them."""

from __future__ import annotations

from starlette.responses import RedirectResponse, Response

from ...pages import assets
from ..operation import Call, Operation, Parameter
from ..problems import not_found
from .routes import TAG

_POLICY = "default-src 'none'; script-src 'self'; frame-ancestors 'none'"
"""A worker, which is a script, may load further scripts of the server."""
_FOR_EVER = "public, max-age=31536000, immutable"


def operations() -> tuple[Operation, ...]:
    """Return the operations."""
    return (
        Operation(
            method="GET",
            path="/static/{digest}/{name:path}",
            id="page_asset",
            summary="A style sheet or a script",
            tag=TAG,
            handler=_asset,
            scope="",
            at_once=True,
            page=True,
            parameters=(
                Parameter(name="digest", about="The digest of its content.", in_path=True),
                Parameter(name="name", about="Its name.", in_path=True),
            ),
        ),
        Operation(
            method="GET",
            path="/",
            id="page_start",
            summary="The way to the runs",
            tag=TAG,
            handler=lambda _: RedirectResponse("/runs", 307),
            scope="",
            at_once=True,
            page=True,
        ),
    )


def _asset(call: Call) -> Response:
    """Return an asset. Names are compared with those in the package: no path is made from what a client sends."""
    name = call.text("name")
    if name not in assets.names():
        raise not_found("There is no such file.")
    known = assets.address(name) == f"/static/{call.text('digest')}/{name}"
    headers = {"Content-Security-Policy": _POLICY, "Cache-Control": _FOR_EVER if known else "no-store"}
    return Response(assets.content(name), media_type=assets.media_type(name), headers=headers)

"""Answers that are pages.

A handler of a page reads what it shows, and returns `page`. A live page gives its ETag, from what its content depends
on; a browser that has this content gets 304::

    tag = etag(call, view.state.run, view.state.number)
    return unchanged(call, tag) or page(call, "run.html", title=…, section="Runs", live=True, tag=tag, view=view)
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from functools import cache

from starlette.responses import HTMLResponse, Response

from ... import __version__
from ...pages import assets
from ...pages.rendering import render
from ...pages.shell import Link, Shell, Viewer
from ..context import Caller
from ..operation import Call
from ..sessions import LOCAL

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "font-src 'self'; worker-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""The Content-Security-Policy of pages: no inline script, nothing of another origin."""


def page(
    call: Call,
    template: str,
    *,
    title: str,
    section: str = "",
    crumbs: Sequence[Link] = (),
    live: bool = False,
    tag: str = "",
    status: int = 200,
    **values: object,
) -> HTMLResponse:
    """Return a page.

    Args:
        call: The call.
        template: The name of the template, which extends ``base.html``.
        title: The title of the page.
        section: The text of one of `runner.pages.shell.SECTIONS`. Default: none.
        crumbs: Breadcrumbs, the last one without an address. Default: none.
        live: True: scripts keep the page up to date. Default: False.
        tag: The tag of `etag`. Default: the page has none.
        status: The HTTP status. Default: 200.
        **values: What the template shows, beside ``shell`` and ``now``.

    """
    now = call.context.clock.now()
    shell = Shell(
        title=title,
        section=section,
        crumbs=crumbs,
        viewer=viewer(call.caller) if call.caller else None,
        live=live,
        tag=tag,
        now=now,
    )
    return shown(template, shell, status, now=now, **values)


def shown(template: str, shell: Shell, status: int = 200, **values: object) -> HTMLResponse:
    """Return a page in a given frame.

    Args:
        template: The name of the template.
        shell: The frame.
        status: The HTTP status. Default: 200.
        **values: What the template shows.

    """
    headers = {
        "Content-Security-Policy": POLICY,
        "Referrer-Policy": "same-origin",  # else forms would come without their origin, see `origins`
        **({"ETag": shell.tag} if shell.tag else {}),
    }
    text = render(template, shell=shell, **values)
    return HTMLResponse(text.encode(errors="replace"), status, headers)  # a step's text may have half characters


def etag(call: Call, *parts: object) -> str:
    """Return the ETag of a page. It also depends on who looks, on the query and on the version of the pages.

    Args:
        call: The call.
        *parts: What the content depends on, such as the number of the run's newest journal entry. JSON can write it, or
            `str`.

    """
    caller = (call.caller.id, call.caller.scopes) if call.caller else ()
    text = json.dumps([_version(), caller, dict(call.query), parts], default=str, sort_keys=True)
    return f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'


def unchanged(call: Call, tag: str) -> Response | None:
    """Return the answer 304 if the browser has the content of a tag; None otherwise.

    Args:
        call: The call.
        tag: The tag of `etag`.

    """
    known = call.headers.get("if-none-match", "")
    return Response(status_code=304, headers={"ETag": tag}) if tag and tag in known else None


def viewer(caller: Caller) -> Viewer:
    """Return who looks at a page.

    Args:
        caller: The caller.

    """
    name = caller.user or caller.name or caller.id
    token = f"{caller.name}: " if caller.name and caller.name != name else ""
    return Viewer(
        name=name,
        about=f"{token}may {', '.join(caller.scopes) or 'do nothing'}",
        may_submit=any(scope.startswith("submit") for scope in caller.scopes),
        may_log_out=caller.by_browser and caller.id != LOCAL,  # a one-time token opens no second session
    )


@cache
def _version() -> str:
    """Return a text that changes with the pages' code: a browser must not keep what an older server made."""
    return f"{__version__} {[assets.address(name) for name in assets.names()]}"

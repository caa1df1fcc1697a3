"""Refusals as pages, and the way to the login."""

from __future__ import annotations

from http import HTTPStatus
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from ...errors import Problem
from ...pages.shell import Shell
from ..guard import Record
from ..problems import Refusal
from . import pages
from .page import shown, viewer
from .ways_back import LOGIN, way_back

LIVE = "x-runner-live"
"""The header of calls that `static/live.js` makes."""


def refused_page(request: Request, record: Record, refusal: Refusal) -> Response:
    """Return the answer of a page that is refused. A browser that shows no valid session is led to the login.

    Args:
        request: The call.
        record: The facts of the call.
        refusal: Why it is refused.

    """
    if refusal.status == 401 and request.method == "GET" and LIVE not in request.headers and _is_navigation(request):
        target = way_back(f"{request.url.path}?{request.url.query}" if request.url.query else request.url.path)
        query = f"?{urlencode({'next': target})}" if target else ""
        return RedirectResponse(f"{LOGIN}{query}", 303)
    return error_page(refusal, record)


def error_page(refusal: Refusal, record: Record | None = None) -> HTMLResponse:
    """Return the page of a refusal: what is wrong, where, and what to do.

    Args:
        refusal: The refusal.
        record: The facts of the call. Default: nobody knows who calls.

    """
    problems = refusal.problems or (Problem(refusal.detail, "", refusal.remedy),)
    caller = record.caller if record else None
    shell = Shell(
        title=HTTPStatus(refusal.status).phrase,
        viewer=viewer(caller) if caller else None,
        away=refusal.status in (429, 503),
    )
    made = shown("error.html", shell, refusal.status, problems=problems)
    made.headers.update({name: value for name, value in refusal.headers.items() if name != "WWW-Authenticate"})
    return made


def wants_page(request: Request) -> bool:
    """Return True if a browser looks for a page, and there are pages.

    Args:
        request: The call.

    """
    return request.method == "GET" and "text/html" in request.headers.get("accept", "") and pages.are_on()


def _is_navigation(request: Request) -> bool:
    """Return False if a script made the call: it could do nothing with the page of the login."""
    return request.headers.get("sec-fetch-mode", "navigate") == "navigate"

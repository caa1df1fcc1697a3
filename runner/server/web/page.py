"""Answers that are pages."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from starlette.responses import HTMLResponse

from ...errors import Problem
from ...pages.rendering import render

if TYPE_CHECKING:
    from ..problems import Refusal

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "worker-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""The Content-Security-Policy of pages: no inline script, nothing of another origin."""


def page(template: str, status: int = 200, **values: object) -> HTMLResponse:
    """Return a page.

    Args:
        template: The name of the template.
        status: The HTTP status. Default: 200.
        **values: What the template shows.

    """
    return HTMLResponse(render(template, **values), status, {"Content-Security-Policy": POLICY})


def error_page(refusal: Refusal) -> HTMLResponse:
    """Return the page of a refusal: what is wrong, where, and what to do.

    Args:
        refusal: The refusal.

    """
    problems = refusal.problems or (Problem(refusal.detail, "", refusal.remedy),)
    made = page("error.html", refusal.status, title=HTTPStatus(refusal.status).phrase, problems=problems)
    made.headers.update({name: value for name, value in refusal.headers.items() if name != "WWW-Authenticate"})
    return made

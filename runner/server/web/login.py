"""Login and logout: a token, or the one-time token of `runner ui`, opens a session."""

from __future__ import annotations

import logging

from starlette.responses import RedirectResponse, Response

from ..operation import Call, Operation, Parameter
from ..problems import Refusal
from ..sessions import Sessions
from . import forms
from .page import page
from .routes import TAG, shown_page, taken_form
from .ways_back import LOGIN, way_back

log = logging.getLogger("runner.workspace")
_HOME = "/runs"
_ELSEWHERE = ("cross-site", "same-site")
"""The words of browsers for a link on a page of another site."""
_NEXT = Parameter(name="next", about="The page to show then.", schema={"type": "string", "maxLength": 2000})
_ONCE = Parameter(name="once", about="A one-time token.", schema={"type": "string", "maxLength": 100})


def operations() -> tuple[Operation, ...]:
    """Return the operations."""
    return (
        shown_page(LOGIN, "page_login", "The form of the login", _form, _NEXT, _ONCE, scope=""),
        taken_form(LOGIN, "page_log_in", "Log in with a token", _log_in, scope=""),
        Operation(
            method="POST",
            path="/logout",
            id="page_log_out",
            summary="Log out",
            tag=TAG,
            handler=_log_out,
            scope="",
            page=True,
        ),
    )


def _form(call: Call) -> Response:
    """Return the form; somebody who is known already goes on at once."""
    sessions, target = _sessions(call), way_back(call.text("next"))
    if call.text("once"):
        return _opened_once(call, sessions, target)
    if call.headers.get("sec-fetch-site") in _ELSEWHERE and target:
        # A link on a page of another site led here: browsers keep the cookie of the session back then.
        return _bounced(call, target)
    if _is_known(call):
        return RedirectResponse(target or _HOME, 303)
    return _shown(call, target)


def _opened_once(call: Call, sessions: Sessions, target: str) -> Response:
    try:
        caller, cookie = sessions.open_once(call.text("once"))
    except Refusal as refusal:
        if _is_known(call):  # the address is opened again in the browser that used it
            return _bounced(call, target or _HOME)
        return _shown(call, target, refusal)
    log.info("a browser has opened the one-time address")
    call.notes.update(token=caller.id, user=caller.user)
    made = _bounced(call, target or _HOME)
    made.headers["Set-Cookie"] = sessions.set_cookie(cookie)
    made.headers["Referrer-Policy"] = "no-referrer"
    return made


def _log_in(call: Call) -> Response:
    given, sessions = forms.fields(call), _sessions(call)
    target = way_back(given.text("next"))
    text = "".join(given.text("token").split())
    try:
        caller, cookie = sessions.open_with_token(text, call.connection)
    except Refusal as refusal:
        if refusal.status != 401:
            raise
        return _shown(call, target, refusal)
    call.notes.update(token=caller.id, name=caller.name, user=caller.user)
    return RedirectResponse(target or _HOME, 303, {"Set-Cookie": sessions.set_cookie(cookie)})


def _log_out(call: Call) -> Response:
    sessions = _sessions(call)
    sessions.end(call.connection)
    return RedirectResponse(LOGIN, 303, {"Set-Cookie": sessions.set_cookie("")})


def _shown(call: Call, target: str, refusal: Refusal | None = None) -> Response:
    status = refusal.status if refusal else 200
    return page(call, "login.html", title="Log in", status=status, target=target, refusal=refusal)


def _bounced(call: Call, target: str) -> Response:
    """Return a page that leads to another one: the browser sends the cookie with calls of the server's own pages."""
    return page(call, "bounce.html", title="runner", target=target)


def _sessions(call: Call) -> Sessions:
    if call.context.sessions is None:
        raise Refusal(404, "this server has no login", "send a token: Authorization: Bearer TOKEN")
    return call.context.sessions


def _is_known(call: Call) -> bool:
    try:
        call.context.authenticate(call.connection)
    except Refusal:
        return False
    return True

"""The sessions of browsers: their cookie, and the caller behind it.

A session lies in the store, so that every server of the workspace knows it (`operations.sessions`). `runner ui` also
has a one-time token: the session that it opens lives in the memory of its process alone.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import os
import secrets
import threading
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection

from ..config.serve import ServeConfig
from ..dataclass import dataclass
from ..errors import StoreError
from ..model.token import READ, SUBMIT, TokenRecord
from ..operations import sessions
from ..ports import Clock, ObjectStore
from .context import Caller
from .limits import Rate
from .token_check import TokenCheck, unauthorized

log = logging.getLogger("runner.server")
LOCAL = "ui"
"""The id of the caller whose session a one-time token has opened."""
_LOGINS_PER_SECOND, _LOGINS_AT_ONCE = 0.2, 20.0
"""Logins with one token: each writes to the store."""


@dataclass(frozen=True)
class OneTime:
    """A token that opens one session of this process."""

    text: str
    user: str
    """The user in whose name the session acts."""


class Sessions:
    """The sessions that a server knows. They may be used by several threads at once."""

    def __init__(
        self, store: ObjectStore, tokens: TokenCheck, settings: ServeConfig, clock: Clock, once: OneTime | None = None
    ) -> None:
        """Remember the settings.

        Args:
            store: The workspace store.
            tokens: The check of tokens.
            settings: The section ``serve:``.
            clock: The clock.
            once: A one-time token. Default: None, there is none.

        """
        self._store = store
        self._tokens = tokens
        self._clock = clock
        self._verifier = sessions.SessionVerifier(store, tokens.verifier, clock)
        self._logins = Rate(_LOGINS_PER_SECOND, _LOGINS_AT_ONCE, clock.monotonic)
        self._once = once
        self._local: dict[str, Caller] = {}
        """Callers of this process's own sessions, by the digest of the cookie."""
        self._lock = threading.Lock()
        parts = urlsplit(settings.public_url)
        self._secure = parts.scheme == "https"
        self.cookie = "__Host-runner" if self._secure else f"runner-{parts.port or 80}"
        """The name of the cookie. Cookies do not know ports: two servers of one machine need two names."""

    def caller(self, request: HTTPConnection) -> Caller | None:
        """Return the caller whom the cookie of a call names; None: it has none.

        Args:
            request: The call.

        Raises:
            Refusal: 401: the session is not valid; 429: too many wrong ones came from this address.
            StoreError: The store does not answer.

        """
        text = request.cookies.get(self.cookie, "")
        if not text:
            return None
        with self._lock:
            known = self._local.get(_digest(text))
        if known is not None:
            return known
        record = self._tokens.of_session(text, request, self._verifier.verify)
        return caller_of(record)

    def open_with_token(self, text: str, request: HTTPConnection) -> tuple[Caller, str]:
        """Open a session for the owner of a token.

        Args:
            text: The token.
            request: The call.

        Returns:
            The caller, and the text of the cookie.

        Raises:
            Refusal: 401, 429: see `TokenCheck.record`; 429: the token has opened too many sessions.
            StoreError: The store does not answer.

        """
        record = self._tokens.record(text, request)
        self._logins.take(record.id)
        now = self._clock.now()
        made = sessions.create(self._store, record, now, os.urandom(40))
        try:
            sessions.sweep(self._store)
        except StoreError:
            log.warning("old sessions could not be deleted")
        return caller_of(record), made.text

    def open_once(self, text: str) -> tuple[Caller, str]:
        """Open a session with the one-time token, which is dead from then on.

        Args:
            text: The token that the call has.

        Returns:
            The caller, and the text of the cookie.

        Raises:
            Refusal: 401: it is none, or it was used before.

        """
        with self._lock:
            once = self._once
            if once is None or not hmac.compare_digest(once.text.encode(), text.encode(errors="replace")):
                what = "this address was used before, or is wrong: it opens one session"
                raise unauthorized(what, "invalid_token", "start again: runner ui; or log in with a token")
            self._once = None
            cookie = secrets.token_urlsafe(32)
            made = self._local[_digest(cookie)] = Caller(
                id=LOCAL, name="runner ui", user=once.user, scopes=(READ, SUBMIT), by_browser=True
            )
        return made, cookie

    def end(self, request: HTTPConnection) -> None:
        """End the session of a call, if it has one.

        Args:
            request: The call.

        Raises:
            StoreError: The store does not answer.

        """
        text = request.cookies.get(self.cookie, "")
        with self._lock:
            local = self._local.pop(_digest(text), None)
        if local is None and text:
            self._verifier.end(text)

    def forgotten(self, request: HTTPConnection) -> str:
        """Return the value of ``Set-Cookie`` that deletes the cookie of a refused call; empty if it has none.

        Args:
            request: The call.

        """
        return self.set_cookie("") if self.cookie in request.cookies and "authorization" not in request.headers else ""

    def set_cookie(self, text: str) -> str:
        """Return the value of ``Set-Cookie`` for a session; with an empty text, the one that deletes the cookie.

        Args:
            text: The text of the cookie.

        """
        seconds = int(sessions.LIFETIME.total_seconds()) if text else 0
        secure = "; Secure" if self._secure else ""
        return f"{self.cookie}={text}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}"


def caller_of(record: TokenRecord) -> Caller:
    """Return the caller of a session.

    Args:
        record: The token behind it.

    """
    return Caller(id=record.id, name=record.name, user=record.user, scopes=record.scopes, by_browser=True)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()

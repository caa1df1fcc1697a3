"""Sessions of browsers, in ``serve/sessions/`` of the workspace store: every server of the workspace knows them.

A session stands for the token that somebody logged in with: it has the token's scopes as long as that is valid. The
store has the SHA-256 of the session's secret alone, as it has of tokens: nobody who reads the store gets a session.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from ..dataclass import dataclass
from ..errors import BadInput
from ..model.names import SERVE
from ..model.token import ID_BYTES, SECRET_BYTES, TokenRecord
from ..override import override
from ..ports import Clock, ObjectStore
from .kept_records import KeptRecords
from .published.documents import Documents
from .tokens import Verifier

LIFETIME = timedelta(hours=12)
"""The time after which somebody logs in again."""
_FOLDER = "sessions"
_TEXT = re.compile(r"rs_([0-9a-f]{16})_([0-9a-f]{64})")
_NOBODY = "0" * 64
"""Compared with the secret of a session that does not exist."""
_MOST_SWEPT = 200
_REMEDY = "log in again"


@dataclass(frozen=True, kw_only=True)
class SessionRecord:
    """A session as the store knows it. It does not hold the secret."""

    id: str
    digest: str
    """The hex SHA-256 of the secret."""
    token: str
    """The id of the token that it stands for."""
    created: datetime
    expires: datetime
    ended: datetime | None = None
    """The time of the logout; None: there was none."""


@dataclass(frozen=True)
class NewSession:
    """A session that was just made. Nothing else ever shows its text."""

    record: SessionRecord
    text: str

    @override
    def __repr__(self) -> str:
        """Return the id."""
        return f"<session {self.record.id}>"


def create(store: ObjectStore, token: TokenRecord, now: datetime, entropy: bytes) -> NewSession:
    """Make a session.

    Args:
        store: The workspace store.
        token: The record of the token that somebody logged in with.
        now: The time.
        entropy: 40 random bytes.

    Raises:
        StoreError: The store cannot be written.

    """
    if len(entropy) != ID_BYTES + SECRET_BYTES:
        raise ValueError("a session takes 40 random bytes")
    identity, secret = entropy[:ID_BYTES].hex(), entropy[ID_BYTES:].hex()
    ends = min(now + LIFETIME, token.expires or now + LIFETIME)
    record = SessionRecord(id=identity, digest=_digest(secret), token=token.id, created=now, expires=ends)
    if not documents(store).create(identity, record):
        raise BadInput("there is a session of this id", remedy="try again")
    return NewSession(record, f"rs_{identity}_{secret}")


def documents(store: ObjectStore) -> Documents[SessionRecord]:
    """Return the records of all sessions."""
    return Documents(store, _FOLDER, SessionRecord, folder=SERVE)


def sweep(store: ObjectStore) -> None:
    """Delete some records of sessions that have expired. No record is read: their age says enough.

    Args:
        store: The workspace store.

    Raises:
        StoreError: The store cannot be used.

    """
    oldest = (store.now() - LIFETIME - timedelta(hours=1)).timestamp()
    old = [info.key for info in store.list(f"{SERVE}{_FOLDER}/") if 0 < info.modified < oldest]
    for key in old[:_MOST_SWEPT]:
        store.delete(key)


class SessionVerifier:
    """Verifies sessions for one server. It may be used by several threads at once."""

    def __init__(self, store: ObjectStore, tokens: Verifier, clock: Clock) -> None:
        """Remember the store.

        Args:
            store: The workspace store.
            tokens: Verifies the tokens behind sessions.
            clock: The clock that expiry is measured by.

        """
        self._documents = documents(store)
        self._records = KeptRecords(self._documents, clock.monotonic)
        self._tokens = tokens
        self._clock = clock

    def verify(self, text: str, asking: Callable[[], None] = lambda: None) -> TokenRecord:
        """Return the record of the token behind a valid session.

        Args:
            text: What the browser sent.
            asking: Called before the store is asked for an id that no call has shown to exist. What it raises ends
                the verification. Default: nothing happens.

        Raises:
            BadInput: It is no valid session. The message never holds any of the text.
            StoreError: The store does not answer.

        """
        return self._tokens.alive(self._valid(text, asking).token)

    def end(self, text: str) -> None:
        """End a session. One that is not valid stays as it is.

        Args:
            text: What the browser sent.

        Raises:
            StoreError: The store cannot be used.

        """
        try:
            record = self._valid(text, lambda: None)
        except BadInput:
            return
        now = self._clock.now()
        self._documents.change(record.id, lambda known: known if known.ended else replace(known, ended=now))
        self._records.forget(record.id)

    def _valid(self, text: str, asking: Callable[[], None]) -> SessionRecord:
        given = _TEXT.fullmatch(text)
        if given is None:
            raise BadInput("this is no session of runner", remedy=_REMEDY)
        record = self._records.find(given[1], asking)
        # An unknown id is compared as well, so that an answer takes the same time.
        right = hmac.compare_digest(_digest(given[2]), record.digest if record else _NOBODY)
        if record is None or not right:
            raise BadInput("the session is unknown", remedy=_REMEDY)
        if record.ended is not None:
            raise BadInput("the session was ended", remedy=_REMEDY)
        if self._clock.now() >= record.expires:
            raise BadInput("the session has expired", remedy=_REMEDY)
        return record


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()

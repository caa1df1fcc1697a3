"""Bearer tokens of the REST endpoint, in ``serve/tokens/`` of the workspace store.

Everybody with keys of the whole store can write that folder, and so make tokens. Steps with keys of their own cannot.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from ..dataclass import dataclass
from ..errors import BadInput, Problem
from ..model import token
from ..model.names import SERVE
from ..model.published import EndpointRecord, PublishedRecord
from ..model.reading import unknown
from ..model.token import READ, SUBMIT, TokenRecord
from ..override import override
from ..ports import Clock, ObjectStore
from .kept_records import KeptRecords
from .published.documents import Documents

_NOBODY = "0" * 64
"""Compared with the secret of a token that does not exist."""
_LONGEST_NAME = 100
_FORMS = f"write {READ}, {SUBMIT}, or {SUBMIT}:NAME of a published pipeline or an endpoint"


@dataclass(frozen=True)
class NewToken:
    """A token that was just made. Nothing else ever shows its text."""

    record: TokenRecord
    text: str

    @override
    def __repr__(self) -> str:
        """Return the name and the id."""
        return f"<token '{self.record.name}' {self.record.id}>"


def documents(store: ObjectStore) -> Documents[TokenRecord]:
    """Return the records of all tokens."""
    return Documents(store, "tokens", TokenRecord, folder=SERVE)


def create(
    store: ObjectStore,
    name: str,
    scopes: Iterable[str],
    *,
    lifetime: timedelta | None,
    now: datetime,
    entropy: bytes,
    user: str = "",
) -> NewToken:
    """Make a token.

    Args:
        store: The workspace store.
        name: Its name, for people. Several tokens may have one name.
        scopes: See `resolved`.
        lifetime: The time until it expires. None: it never expires.
        now: The time.
        entropy: 40 random bytes.
        user: Who makes it. Default: empty.

    Returns:
        The record and the text.

    Raises:
        BadInput: The name or a scope is wrong. All problems are in it.
        StoreError: The store cannot be written.

    """
    if len(entropy) != token.ID_BYTES + token.SECRET_BYTES:
        raise ValueError("a token takes 40 random bytes")
    kept, problems = _resolved(store, tuple(dict.fromkeys(scopes)))
    if not name.strip() or len(name) > _LONGEST_NAME or not name.isprintable():
        remedy = f"use 1 to {_LONGEST_NAME} printable characters"
        problems.insert(0, Problem(f"{name[:40]!r} cannot name a token", remedy=remedy))
    if lifetime is not None and lifetime <= timedelta(0):
        problems.append(Problem("the token would have expired already", remedy="write --expires 90d, or never"))
    if problems:
        raise BadInput(problems)
    identity, secret = entropy[: token.ID_BYTES].hex(), entropy[token.ID_BYTES :].hex()
    record = TokenRecord(
        id=identity,
        name=name,
        digest=_digest(secret),
        scopes=kept,
        created=now,
        expires=None if lifetime is None else now + lifetime,
        user=user,
    )
    if not documents(store).create(identity, record):
        raise BadInput("there is a token of this id", remedy="try again")
    return NewToken(record, token.token_text(identity, secret))


def all_of(store: ObjectStore) -> list[TokenRecord]:
    """Return the records of all tokens, the newest first."""
    return sorted(documents(store).all(), key=lambda one: one.created, reverse=True)


def revoke(store: ObjectStore, which: str, now: datetime) -> list[TokenRecord]:
    """Revoke a token, or all tokens of a name.

    Args:
        store: The workspace store.
        which: A token's id, or a name.
        now: The time.

    Returns:
        The tokens that were valid until now. Empty: they had ended before.

    Raises:
        BadInput: There is no such token.

    """
    known = all_of(store)
    chosen = [one for one in known if one.id == which] or [one for one in known if one.name == which]
    if not chosen:
        what, remedy = unknown("token", which, dict.fromkeys(one.name for one in known))
        raise BadInput(what, remedy=remedy)
    valid = [one for one in chosen if not token.why_dead(one, now)]
    return [documents(store).change(one.id, lambda record: _revoked(record, now)) for one in valid]


def _revoked(record: TokenRecord, now: datetime) -> TokenRecord:
    return record if record.revoked else replace(record, revoked=now)


def _resolved(store: ObjectStore, scopes: Sequence[str]) -> tuple[tuple[str, ...], list[Problem]]:
    """Return the scopes with ids in the place of names, and all problems.

    A name means the endpoint of that name, else the newest published pipeline of that name. The id is kept: a
    pipeline that is published later under the same name is not covered, but new versions of an endpoint are.
    """
    problems = [] if scopes else [Problem("the token has no scope", remedy=f"add --scope; {_FORMS}")]
    kept: dict[str, None] = {}
    for scope in scopes:
        wanted = token.target_of(scope)
        if scope in (READ, SUBMIT):
            kept[scope] = None
        elif not wanted:
            problems.append(Problem(f"{scope!r} is no scope", remedy=_FORMS))
        elif identity := _identity_of(store, wanted, problems):
            kept[token.one_of(identity)] = None
    return tuple(kept), problems


def _identity_of(store: ObjectStore, wanted: str, problems: list[Problem]) -> str:
    """Return the id of a published pipeline or endpoint; empty, and a problem, if there is none or it is unclear."""
    endpoints = list(Documents(store, "endpoints", EndpointRecord).all())
    pipelines = sorted(Documents(store, "pipelines", PublishedRecord).all(), key=lambda one: one.created)
    if wanted in {*(one.id for one in endpoints), *(one.id for one in pipelines)}:
        return wanted
    named_endpoints = [one.id for one in endpoints if one.name == wanted]
    named_pipelines = [one.id for one in pipelines if one.name == wanted]
    if named_endpoints and named_pipelines:
        what = f"'{wanted}' is an endpoint ({named_endpoints[-1]}) and a published pipeline ({named_pipelines[-1]})"
        problems.append(Problem(what, remedy=f"write the id: --scope {SUBMIT}:ID"))
        return ""
    found = named_endpoints or named_pipelines
    if not found:
        names = dict.fromkeys([*(one.name for one in endpoints), *(one.name for one in pipelines)])
        problems.append(Problem(*_three(unknown("published pipeline or endpoint", wanted, names))))
    return found[-1] if found else ""


def _three(wrong: tuple[str, str]) -> tuple[str, str, str]:
    what, remedy = wrong
    return what, "", remedy


class Verifier:
    """Verifies tokens for one server. It may be used by several threads at once."""

    def __init__(self, store: ObjectStore, clock: Clock) -> None:
        """Remember the store.

        Args:
            store: The workspace store.
            clock: The clock that expiry is measured by.

        """
        self._records = KeptRecords(documents(store), clock.monotonic)
        self._clock = clock

    def verify(self, text: str, asking: Callable[[], None] = lambda: None) -> TokenRecord:
        """Return the record of a valid token.

        Args:
            text: What the client sent.
            asking: Called before the store is asked for an id that no call has shown to exist. What it raises ends
                the verification. Default: nothing happens.

        Raises:
            BadInput: It is no valid token. The message never holds any of the text.
            StoreError: The store does not answer.

        """
        given = token.parsed(text)
        if given is None:
            raise BadInput("this is no token of runner", remedy="send: Authorization: Bearer rt_…")
        record = self._records.find(given.id, asking)
        # An unknown id is compared as well, so that an answer takes the same time.
        right = hmac.compare_digest(_digest(given.secret), record.digest if record else _NOBODY)
        if record is None or not right:
            raise BadInput("the token is unknown", remedy="make one: runner token create NAME --scope …")
        if why := token.why_dead(record, self._clock.now()):
            raise BadInput(why, remedy="make another one: runner token create NAME --scope …")
        return record

    def alive(self, identity: str) -> TokenRecord:
        """Return the record of a token that a session was made from.

        Args:
            identity: The token's id.

        Raises:
            BadInput: It was revoked, has expired, or is gone.
            StoreError: The store does not answer.

        """
        record = self._records.find(identity)
        why = token.why_dead(record, self._clock.now()) if record else "the token of this session is gone"
        if record is None or why:
            raise BadInput(why, remedy="log in with another token: runner token create NAME --scope …")
        return record


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()

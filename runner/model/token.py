"""Bearer tokens of the REST endpoint: their text, their scopes, and when one is valid (pure).

A token is ``rt_<id>_<secret>``. The store has the SHA-256 of the secret, which is 256 random bits: nobody can find the
secret from it, so no slow hash is needed.
"""

from __future__ import annotations

import re
from datetime import datetime

from ..dataclass import dataclass
from .redaction import BEARER

READ = "read"
"""The scope to read pipelines, endpoints, schedules and runs."""
SUBMIT = "submit"
"""The scope to submit everything that is published, and to cancel runs."""
ID_BYTES = 8
SECRET_BYTES = 32
_OF_ONE = f"{SUBMIT}:"


@dataclass(frozen=True, kw_only=True)
class TokenRecord:
    """A token as the store knows it. It does not hold the secret."""

    id: str
    name: str
    digest: str
    """The hex SHA-256 of the secret."""
    scopes: tuple[str, ...]
    """``read``, ``submit``, or ``submit:<id>`` of one published pipeline or endpoint."""
    created: datetime
    expires: datetime | None = None
    """The time from which it is refused; None: never."""
    revoked: datetime | None = None
    """The time at which it was revoked; None: it was not."""
    user: str = ""
    """The user that made it."""


@dataclass(frozen=True)
class TokenText:
    """The two parts of a token."""

    id: str
    secret: str


def token_text(identity: str, secret: str) -> str:
    """Return the text that a client sends."""
    return f"rt_{identity}_{secret}"


def parsed(text: str) -> TokenText | None:
    """Return the parts of a token; None if the text is none."""
    found = re.fullmatch(BEARER, text, re.ASCII)
    return TokenText(found[1], found[2]) if found else None


def why_dead(record: TokenRecord, now: datetime) -> str:
    """Return why a token is refused now, in words; empty if it is valid."""
    if record.revoked is not None:
        return f"token '{record.name}' was revoked"
    if record.expires is not None and now >= record.expires:
        return f"token '{record.name}' has expired"
    return ""


def one_of(identity: str) -> str:
    """Return the scope to submit one published pipeline or endpoint."""
    return f"{_OF_ONE}{identity}"


def target_of(scope: str) -> str:
    """Return the name or id after ``submit:``; empty for another scope."""
    return scope[len(_OF_ONE) :] if scope.startswith(_OF_ONE) else ""


def permits(scopes: tuple[str, ...], needed: str) -> bool:
    """Return True if scopes permit an action.

    Args:
        scopes: The scopes of a token.
        needed: ``read``, ``submit``, or ``submit:<id>``, which ``submit`` permits as well.
    """
    return needed in scopes or (bool(target_of(needed)) and SUBMIT in scopes)

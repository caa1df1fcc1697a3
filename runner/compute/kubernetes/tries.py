"""How often and how long one request is tried: urllib3's own rules, with jitter and an end."""

from __future__ import annotations

from random import random

from urllib3 import BaseHTTPResponse, Retry

from ...override import override
from .answers import OVERLOADED

LONGEST_PAUSE = 5.0
"""Seconds. A server may ask for more by ``Retry-After``; a tick must not stand still for minutes."""
_SHORTEST_PAUSE = 0.2


class Tries(Retry):
    """Up to three more tries of a server that is overloaded, as it asks for them (RFC 9110 §10.2.3)."""

    @override
    def get_retry_after(self, response: BaseHTTPResponse) -> float | None:
        """Its ``Retry-After`` in seconds, up to `LONGEST_PAUSE`."""
        asked = super().get_retry_after(response)
        return None if asked is None else min(asked, LONGEST_PAUSE)

    @override
    def get_backoff_time(self) -> float:
        """Doubling pauses of which half is drawn, so that many clients do not come back together."""
        pause = max(_SHORTEST_PAUSE, min(super().get_backoff_time(), LONGEST_PAUSE))
        return pause * (0.5 + 0.5 * random())  # noqa: S311 - no secret


def tries() -> Tries:
    """The rules of one request.

    A POST may be sent twice: names are derived, so the second is told that it exists already.
    """
    return Tries(
        # A server that is not there is told at once; a kept connection that has died is tried anew.
        connect=0,
        read=1,
        status=3,
        status_forcelist=OVERLOADED,
        allowed_methods=None,
        backoff_factor=0.2,
        raise_on_status=False,
    )

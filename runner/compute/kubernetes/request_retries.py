"""Retries of one request: urllib3's own rules, with jitter and upper bounds."""

from __future__ import annotations

from random import random

from urllib3 import BaseHTTPResponse, Retry

from ...override import override
from .responses import OVERLOADED

LONGEST_PAUSE = 5.0
"""Seconds. A server may ask for more by ``Retry-After``, but a tick must not stop for minutes."""
_SHORTEST_PAUSE = 0.2


class RequestRetries(Retry):
    """Up to three retries of an overloaded server, after the pause that it asks for (RFC 9110 §10.2.3)."""

    @override
    def get_retry_after(self, response: BaseHTTPResponse) -> float | None:
        """Return the response's ``Retry-After`` in seconds, up to `LONGEST_PAUSE`."""
        asked = super().get_retry_after(response)
        return None if asked is None else min(asked, LONGEST_PAUSE)

    @override
    def get_backoff_time(self) -> float:
        """Return a doubling pause, half of it random, so that many clients do not return at the same moment."""
        pause = max(_SHORTEST_PAUSE, min(super().get_backoff_time(), LONGEST_PAUSE))
        return pause * (0.5 + 0.5 * random())  # noqa: S311 - no secret


def retry_rules() -> RequestRetries:
    """Return the retry rules of one request.

    A POST may be sent twice: names are derived, so the second answer is that the object exists already.
    """
    return RequestRetries(
        # A missing server is reported at once. A kept connection that has died is opened again.
        connect=0,
        read=1,
        status=3,
        status_forcelist=OVERLOADED,
        allowed_methods=None,
        backoff_factor=0.2,
        raise_on_status=False,
    )

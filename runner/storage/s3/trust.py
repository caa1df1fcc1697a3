"""What a signature stands on: the key, and the time. Both may turn out to be wrong while a store is in use."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, timezone

from ...errors import RunnerError
from ...model.vantage import BucketVantage
from .sign import SigningKey

SKEW_SECONDS = 15 * 60
"""S3 refuses a signature whose time is further from its own."""
_KEY_REFUSED = ("ExpiredToken", "InvalidAccessKeyId", "InvalidToken", "SignatureDoesNotMatch")
Renew = Callable[[], BucketVantage | None]
"""Read again what leads to the store: its key may have been changed since. Raises RunnerError, OSError."""


def server_time(headers: Mapping[str, str]) -> datetime | None:
    """The answer's Date, UTC (RFC 9110, 6.6.1)."""
    from email.utils import parsedate_to_datetime  # seldom needed

    try:
        return parsedate_to_datetime(headers.get("date", "")).astimezone(timezone.utc)
    except (TypeError, ValueError):
        return None


def is_of_key(headers: Mapping[str, str], body: bytes) -> bool:
    """Whether a refusal may be about the key itself, rather than about what it may do."""
    said = headers.get("x-minio-error-code", "") or body.decode(errors="replace")
    # An answer to HEAD may say nothing at all.
    return said == "" or any(code in said for code in _KEY_REFUSED)


class Trust:
    """The key and the time in force for one store."""

    def __init__(self, vantage: BucketVantage, renew: Renew | None = None) -> None:
        """Begin with the vantage's key and this machine's clock."""
        self.key = _key_of(vantage)
        self._endpoint = vantage.endpoint
        self._renew = renew
        self._skew = timedelta()

    def now(self) -> datetime:
        """The time to sign with, UTC."""
        return datetime.now(timezone.utc) + self._skew

    def regained(self, headers: Mapping[str, str], body: bytes) -> bool:
        """After a refusal: whether asking again may help, as the time was set by the store's or a new key was found."""
        return self._set_time(headers) or self._found_key(headers, body)

    def _set_time(self, headers: Mapping[str, str]) -> bool:
        theirs = server_time(headers)
        if theirs is None or abs((theirs - self.now()).total_seconds()) <= SKEW_SECONDS:
            return False
        self._skew = theirs - datetime.now(timezone.utc)
        side = "behind" if self._skew > timedelta() else "ahead of"
        sys.stderr.write(
            f"runner: this machine's clock is {abs(self._skew.total_seconds()):.0f} s {side} that of the object store "
            f"at {self._endpoint}: requests go by the store's; set this one right\n"
        )
        return True

    def _found_key(self, headers: Mapping[str, str], body: bytes) -> bool:
        if self._renew is None or not is_of_key(headers, body):
            return False
        try:
            found = self._renew()
        except (RunnerError, OSError, ValueError):
            return False  # the refusal says what is wrong
        before, self.key = self.key, _key_of(found) if found else self.key
        return self.key != before


def _key_of(vantage: BucketVantage) -> SigningKey:
    return SigningKey(vantage.access_key, vantage.secret_key, vantage.region)

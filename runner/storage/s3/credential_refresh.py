"""The key and clock of signatures. Both may turn out to be wrong while a store is in use."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Callable, Optional

from ...errors import RunnerError
from ...model.store_endpoint import BucketEndpoint
from .sign import SigningKey

_BEFORE_END = 5 * 60.0
"""Seconds before the end of temporary keys from which newer ones are looked for."""
_LOOK_AGAIN = 30.0
SKEW_SECONDS = 15 * 60
"""The difference of clocks from which S3 refuses a signature."""
_KEY_REFUSED = ("ExpiredToken", "InvalidAccessKeyId", "InvalidToken", "SignatureDoesNotMatch")
Renew = Callable[[], Optional[BucketEndpoint]]
"""Reads the endpoint's settings again: its key may have been changed. Raises RunnerError, OSError."""


def server_time(headers: Mapping[str, str]) -> datetime | None:
    """Return the Date header of an answer, UTC (RFC 9110, 6.6.1); None if there is none."""
    from email.utils import parsedate_to_datetime  # seldom needed

    try:
        return parsedate_to_datetime(headers.get("date", "")).astimezone(timezone.utc)
    except (TypeError, ValueError):
        return None


def is_of_key(headers: Mapping[str, str], body: bytes) -> bool:
    """Return True if a refusal may be about the key itself, not about its permissions."""
    said = headers.get("x-minio-error-code", "") or body.decode(errors="replace")
    # An answer to HEAD may have no reason at all.
    return said == "" or any(code in said for code in _KEY_REFUSED)


def is_not_s3(headers: Mapping[str, str], body: bytes) -> bool:
    """Return True if S3 has not written this refusal: a proxy may answer for a store that is away for a while."""
    return body != b"" and b"<Code>" not in body and "x-minio-error-code" not in headers


class CredentialRefresh:
    """The current key and clock correction for one store."""

    def __init__(self, bucket_endpoint: BucketEndpoint, renew: Renew | None = None, service: str = "s3") -> None:
        """Begin with the endpoint's key and this machine's clock. The signatures are for `service`."""
        self._service = service
        self.key = self._key_of(bucket_endpoint)
        self._endpoint = bucket_endpoint.endpoint
        self._renew = renew
        self._skew = timedelta()
        self._look_at = 0.0

    def current_key(self) -> SigningKey:
        """Return the key to sign with: another one, if there is one, some minutes before temporary keys end."""
        ends = self.key.credentials.expires
        if ends and self._renew is not None and self.now().timestamp() >= max(ends - _BEFORE_END, self._look_at):
            self._look_at = self.now().timestamp() + _LOOK_AGAIN  # other threads sign with the old key meanwhile
            self._read_key()
        return self.key

    def now(self) -> datetime:
        """Return the time to sign with, UTC."""
        return datetime.now(timezone.utc) + self._skew

    def refresh_after(self, headers: Mapping[str, str], body: bytes) -> bool:
        """Correct clock or key after a refusal; return True if either has changed, so that a retry may succeed."""
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
        return is_of_key(headers, body) and self._read_key()

    def _read_key(self) -> bool:
        """Read the key again; return True if it has changed."""
        if self._renew is None:
            return False
        try:
            found = self._renew()
        except (RunnerError, OSError, ValueError):
            return False  # the refusal gives the reason
        before, self.key = self.key, self._key_of(found) if found else self.key
        return self.key != before

    def _key_of(self, bucket_endpoint: BucketEndpoint) -> SigningKey:
        return SigningKey(bucket_endpoint.credentials, bucket_endpoint.region, self._service)

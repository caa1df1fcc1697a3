"""Reading requests to one container, with bounded retries.

Nothing that is sent here changes anything, so every request may be repeated.
"""

from __future__ import annotations

import random
import ssl
import time
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from http.client import HTTPConnection, HTTPException, HTTPResponse
from typing import Callable, Optional

from ...errors import RunnerError, StoreError, StoreUnreachable, StoreUntrusted
from ..s3.body import Body
from ..s3.connections import Connections
from ..s3.credential_refresh import SKEW_SECONDS, server_time
from ..s3.http import BUSY, Answer, BodyReader, RetryPolicy, pause
from .address import Container
from .sign import VERSION, authorization, http_date

Renew = Callable[[], Optional[Container]]
"""Reads the container's key again: it may have been changed. Raises RunnerError, OSError."""
_REFUSED = frozenset({401, 403})
_WHOLE, _PART = 200, 206


class Requests:
    """Sends requests to one container. Any number of threads may use it."""

    def __init__(self, container: Container, retries: RetryPolicy, renew: Renew | None = None) -> None:
        """Connect on the first request. Raise BadInput for an invalid endpoint."""
        self.container = container
        self._retries = retries
        self._renew = renew
        self._skew = timedelta()
        self._connections = Connections(container.server, retries.timeouts)

    def ask(
        self,
        method: str,
        key: str = "",
        *,
        query: dict[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        sink: BodyReader | None = None,
    ) -> Answer:
        """Return the answer, whatever its status; a refused request is sent again if clock or key were wrong.

        Args:
            method: ``GET`` or ``HEAD``.
            key: The key of a blob. Default: empty, the container.
            query: The parameters of the query. Default: none.
            headers: More headers, names in lower case. Default: none.
            sink: Reads the body of an answer of status 200 or 206; called again for each retry. Default: none.

        Raises:
            StoreUnreachable: There is no answer.
            StoreUntrusted: The server's certificate is not trusted.

        """
        answer = self._persist(method, key, query or {}, headers or {}, sink)
        for _ in range(2):  # both may be wrong
            if answer.status not in _REFUSED or not (self._found_time(answer) or self._found_key()):
                break
            answer = self._persist(method, key, query or {}, headers or {}, sink)
        return answer

    def now(self) -> datetime:
        """Return the time to sign with, UTC."""
        return datetime.now(timezone.utc) + self._skew

    def close(self) -> None:
        """Close the idle connections."""
        self._connections.close()

    def _persist(
        self, method: str, key: str, query: dict[str, str], headers: Mapping[str, str], sink: BodyReader | None
    ) -> Answer:
        attempt, timeouts = 0, 0
        while True:
            attempt += 1
            last = attempt >= self._retries.attempts
            try:
                result: Answer | Exception = self._send(method, key, query, headers, sink)
            except (OSError, HTTPException) as error:
                result = error
            if isinstance(result, Answer):
                if last or result.status not in BUSY:
                    return result
            else:
                timeouts += isinstance(result, TimeoutError)
                if last or timeouts >= self._retries.max_timeouts or isinstance(result, ssl.SSLCertVerificationError):
                    raise self._unreachable(result) from result
            time.sleep(pause(self._retries, attempt, result, random.random()))  # noqa: S311 - jitter

    def _send(
        self, method: str, key: str, query: dict[str, str], headers: Mapping[str, str], sink: BodyReader | None
    ) -> Answer:
        """Send the request once; again if a persistent connection turns out to be dead."""
        target, sent = self._signed(method, key, query, headers)
        connection, kept = self._connections.take()
        if kept:
            try:
                return self._exchange(connection, method, target, sent, sink)
            except (OSError, HTTPException):
                self._connections.close()  # the other idle connections are dead as well
            connection = self._connections.fresh()
        return self._exchange(connection, method, target, sent, sink)

    def _signed(
        self, method: str, key: str, query: dict[str, str], headers: Mapping[str, str]
    ) -> tuple[str, dict[str, str]]:
        """Return the target and the headers, with the signature in one of them."""
        container = self.container
        target = container.target(key, query)
        sent = {**headers, "x-ms-version": VERSION, "x-ms-date": http_date(self.now())}
        if container.account_key:
            sent["authorization"] = authorization(container.account, container.account_key, method, target, sent)
        elif container.sas_token:
            target += ("&" if query else "?") + container.sas_token
        return target, sent

    def _exchange(
        self,
        connection: HTTPConnection,
        method: str,
        target: str,
        headers: Mapping[str, str],
        sink: BodyReader | None,
    ) -> Answer:
        reusable = False
        try:
            connection.request(method, target, headers=dict(headers))
            response = connection.getresponse()
            self._require_length(method, response)
            if sink and response.status in (_WHOLE, _PART):
                body = b""
                sink(Body(response, connection.sock))
            else:
                body = response.read()
            reusable = response.isclosed() and not response.will_close and response.status < 400
            return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, body)
        finally:
            if reusable:
                self._connections.give_back(connection)
            else:
                connection.close()

    def _require_length(self, method: str, response: HTTPResponse) -> None:
        """Raise StoreError for content without a marked end (RFC 9112, 6.3): it may be cut off anywhere."""
        endless = response.length is None and not response.chunked
        if endless and method == "GET" and response.status in (_WHOLE, _PART):
            raise StoreError(
                f"the store at {self.container.endpoint} sent an answer without its length, so that a part of it "
                "would look like all of it: check the endpoint, and any proxy on the way to it"
            )

    def _found_time(self, answer: Answer) -> bool:
        """Correct the clock by the server's if they differ; return True if they did."""
        theirs = server_time(answer.headers)
        if theirs is None or abs((theirs - self.now()).total_seconds()) <= SKEW_SECONDS:
            return False
        self._skew = theirs - datetime.now(timezone.utc)
        return True

    def _found_key(self) -> bool:
        """Read the key again; return True if it has changed."""
        if self._renew is None:
            return False
        try:
            found = self._renew()
        except (RunnerError, OSError, ValueError):
            return False  # the refusal gives the reason
        if found is None or found == self.container:
            return False
        self.container = found
        return True

    def _unreachable(self, error: Exception) -> StoreError:
        at = self.container.endpoint
        if isinstance(error, ssl.SSLCertVerificationError):
            return StoreUntrusted(
                f"the certificate of {at} is not trusted: {error.verify_message}; for steps in pods set "
                "`ca_bundle` of the target to a file with its CA, on this machine the variable SSL_CERT_FILE"
            )
        what = str(error) or type(error).__name__
        return StoreUnreachable(f"no answer from Azure Blob Storage at {at} ({what}): is the account's name right?")

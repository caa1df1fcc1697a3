"""Signed requests to one endpoint, with bounded retries."""

from __future__ import annotations

import hashlib
import random
import ssl
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from http.client import HTTPConnection, HTTPException, HTTPResponse
from typing import Callable

from ...data.transfers import wire
from ...dataclass import dataclass, field
from ...errors import StoreError, StoreUnreachable, StoreUntrusted
from ...model.store_endpoint import BucketEndpoint
from ..localfile import BLOCK, Slice
from .body import Body
from .connections import Connections, Timeouts
from .credential_refresh import CredentialRefresh, Renew, is_not_s3, is_of_key
from .exchange import Response, send
from .sign import UNSIGNED, sign
from .xml import root_name

BodyReader = Callable[[Body], None]
"""Reads the body of an answer of status 200 or 206 to its end; called again for each retry."""

BUSY = frozenset({429, 500, 502, 503, 504, 507})
"""Statuses after which the same request may succeed."""

_DAMAGED_CODES = (b"RequestTimeout", b"XAmzContentSHA256Mismatch", b"BadDigest", b"IncompleteBody")
"""Codes of a request that was damaged or slow on its way.

https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
"""
_FAILED_LATE = 500
"""The status used for an error that follows a 200."""
_LONGEST_RETRY_AFTER = 30.0
_REFUSED = frozenset({401, 403})
_REFUSED_ATTEMPTS = 12
"""The least number of attempts for a refused request. Key and clock may both be wrong; and a store that has just
restarted does not know its users for some seconds, although it accepted their keys before (MinIO).
"""
_WARN_AT = 8
"""The attempt after which a warning is printed. Only callers with a long retry policy get so far."""


@dataclass(frozen=True, kw_only=True)
class RetryPolicy:
    """The number of attempts and the waits between them, in seconds."""

    attempts: int = 6
    first_wait: float = 0.1
    longest_wait: float = 5.0
    max_timeouts: int = 1
    """The number of time-outs accepted; each takes the time limit of an answer."""
    timeouts: Timeouts = field(default_factory=Timeouts)


STEP_RETRIES = RetryPolicy(attempts=45, longest_wait=15.0, max_timeouts=5)
"""Retries for about eight minutes, so that neither a restart of the store nor late new keys cost a day's work."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """A request before it is signed. It may be sent more than once."""

    method: str
    target: str
    """The encoded path and query."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Names in lower case; without host, content-length and signature."""
    body: bytes | Slice | None = field(default=None, repr=False)
    again: frozenset[int] = BUSY
    """The statuses that lead to a retry."""
    signed: bool = True
    """False: the request holds what the server needs to know who asks."""


@dataclass(frozen=True)
class Answer:
    """The final answer of the server."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes
    uncertain: bool = False
    """True if an earlier attempt may have had its effect: its connection broke, or the server failed."""


class _NoAnswer(Exception):
    """A persistent connection got no answer in time."""


class Endpoint:
    """Sends signed requests to one endpoint."""

    def __init__(
        self, bucket_endpoint: BucketEndpoint, retries: RetryPolicy, renew: Renew | None = None, service: str = "s3"
    ) -> None:
        """Connect on the first request. Raise BadInput for an invalid endpoint. Signatures are for `service`."""
        self._name = bucket_endpoint.endpoint
        self._credentials = CredentialRefresh(bucket_endpoint, renew, service)
        self._retries = retries
        self._accepted = False
        self._connections = Connections(bucket_endpoint.url, retries.timeouts)

    def ask(self, request: Request, sink: BodyReader | None = None) -> Answer:
        """Return the answer, whatever its status. Raise StoreUnreachable if there is none."""
        answer = self._ask_with_retries(request, sink)
        attempt, most = 1, max(_REFUSED_ATTEMPTS, self._retries.attempts)
        while request.signed and _is_refused(answer) and attempt < most:
            if not self._credentials.refresh_after(answer.headers, answer.body):
                accepted_before = self._accepted and is_of_key(answer.headers, answer.body)
                if not (accepted_before or is_not_s3(answer.headers, answer.body)):
                    break
                self._wait(attempt, answer)
            later = self._ask_with_retries(request, sink)
            answer = replace(later, uncertain=answer.uncertain or later.uncertain)
            attempt += 1
        self._accepted = self._accepted or answer.status < 300
        return answer

    def _ask_with_retries(self, request: Request, sink: BodyReader | None) -> Answer:
        uncertain, attempt, timeouts = False, 0, 0
        while True:
            attempt += 1
            last = attempt >= self._retries.attempts
            result = self._attempt(request, sink)
            if isinstance(result, Answer):
                uncertain = uncertain or result.uncertain
                if last or not (result.status in request.again or _was_damaged(result)):
                    return replace(result, uncertain=uncertain)
                uncertain = uncertain or result.status >= 500  # the server failed, perhaps midway
            else:
                timeouts += isinstance(result, TimeoutError)
                if last or timeouts >= self._retries.max_timeouts or isinstance(result, ssl.SSLCertVerificationError):
                    raise self._unreachable(result) from result
                uncertain = True
            self._wait(attempt, result)

    def _wait(self, attempt: int, result: Answer | Exception) -> None:
        seconds = pause(self._retries, attempt, result, random.random())  # noqa: S311 - jitter
        if attempt == _WARN_AT:
            sys.stderr.write(f"runner: the object store at {self._name} {_failing(result)}: trying again\n")
        time.sleep(seconds)

    def close(self) -> None:
        """Close the idle connections."""
        self._connections.close()

    def _attempt(self, request: Request, sink: BodyReader | None) -> Answer | OSError | HTTPException:
        try:
            return self._send(request, sink)
        except (OSError, HTTPException) as error:
            return error

    def _send(self, request: Request, sink: BodyReader | None) -> Answer:
        """Send the request once; twice if a persistent connection turns out to be dead."""
        # A slow answer looks like a dead connection, so a request that may take long gets a new one.
        connection, kept = self._connections.take() if _is_light(request) else (self._connections.fresh(), False)
        if not kept:
            return self._send_on(connection, request, sink)
        try:
            return self._send_on(connection, request, sink, kept=True)
        except _NoAnswer:
            self._connections.close()  # the other idle connections are dead as well
        except (ConnectionError, HTTPException):
            pass  # closed by the server meanwhile
        return replace(self._send_on(self._connections.fresh(), request, sink), uncertain=True)

    def _send_on(
        self, connection: HTTPConnection, request: Request, sink: BodyReader | None, *, kept: bool = False
    ) -> Answer:
        reusable = False
        try:
            ask = self._exchange_in_time if kept else self._exchange
            response = ask(connection, request)
            self._require_length(request, response)
            if sink and response.status in (200, 206):
                body = b""
                sink(Body(response, connection.sock))
            else:
                body = response.read()
            reusable = response.isclosed() and not response.will_close and not _may_come_from_a_proxy(response.status)
            headers = dict(response.headers)
            status = _FAILED_LATE if _failed_late(request, response.status, body) else response.status
            return Answer(status, headers, body)
        finally:
            if reusable:
                self._connections.give_back(connection)
            else:
                connection.close()

    def _require_length(self, request: Request, response: HTTPResponse) -> None:
        """Raise StoreError for content without a marked end (RFC 9112, 6.3): it may be cut off anywhere."""
        endless = response.length is None and not response.chunked
        if endless and request.method == "GET" and response.status in (200, 206):
            raise StoreError(
                f"the object store at {self._name} sent {request.target} without its length, so that a part of it "
                "would look like all of it: check the endpoint, and any proxy on the way to it"
            )

    def _exchange(self, connection: HTTPConnection, request: Request) -> HTTPResponse:
        self._write(connection, request)
        response = Response(connection.sock, request.method)
        try:
            response.begin()
        except BaseException:
            response.close()
            raise
        return response

    def _exchange_in_time(self, connection: HTTPConnection, request: Request) -> HTTPResponse:
        """Send the request as `_exchange` does. Raise _NoAnswer if no answer begins within the shorter limit."""
        connection.sock.settimeout(self._retries.timeouts.kept)
        try:
            response = self._exchange(connection, request)
        except TimeoutError as error:
            raise _NoAnswer from error
        if connection.sock is not None:  # the server may want it closed
            connection.sock.settimeout(self._retries.timeouts.answer)
        return response

    def _write(self, connection: HTTPConnection, request: Request) -> None:
        payload = _payload(request.body, secure=self._connections.secure)
        headers = {"host": self._connections.host, **request.headers}
        if request.body is not None:
            headers["content-length"] = str(len(request.body))
        if request.signed:
            key, at = self._credentials.current_key(), self._credentials.now()
            headers = sign(key, request.method, request.target, headers=headers, payload=payload, at=at)
        try:
            send(connection.sock, request.method, request.target, headers, _counted(_blocks(request.body)))
        except (BrokenPipeError, ConnectionResetError):
            # A server may answer and close before it has read the whole body: its answer has the reason.
            return

    def _unreachable(self, error: Exception) -> StoreError:
        if isinstance(error, ssl.SSLCertVerificationError):
            return StoreUntrusted(
                f"the certificate of {self._name} is not trusted: {error.verify_message}; for steps in pods set "
                "`ca_bundle` of the target to a file with its CA, on this machine the variable SSL_CERT_FILE"
            )
        what = str(error) or type(error).__name__
        return StoreUnreachable(
            f"no answer from the object store at {self._name} ({what}): is it running and reachable?"
        )


def pause(retries: RetryPolicy, attempt: int, result: Answer | Exception, roll: float) -> float:
    """Return the seconds before the next attempt: the server's Retry-After, else doubling waits with jitter.

    Args:
        retries: The policy.
        attempt: The number of the last attempt, from 1.
        result: Its result.
        roll: A random number from 0 to 1: the jitter.
    """
    asked = result.headers.get("retry-after", "") if isinstance(result, Answer) else ""
    if asked.isdecimal():
        return min(float(asked), _LONGEST_RETRY_AFTER)
    longest = min(retries.longest_wait, retries.first_wait * 2.0 ** (attempt - 1))
    return longest * (0.5 + roll / 2)


def _is_light(request: Request) -> bool:
    """Return True if every server answers the request at once: no copy, no completion of parts, no large body."""
    if request.method == "PUT":
        return request.body is not None and len(request.body) <= BLOCK
    return request.method != "POST"


def _failing(result: Answer | Exception) -> str:
    if not isinstance(result, Answer):
        return f"does not serve ({str(result) or type(result).__name__})"
    verb = "refuses the key" if result.status in _REFUSED else "does not serve"
    return f"{verb} (status {result.status})"


def _failed_late(request: Request, status: int, body: bytes) -> bool:
    """Return True if the server reports an error in the body of a 200, as S3 may do for slow requests.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html, API_CopyObject.html
    """
    if status != 200 or request.method not in ("PUT", "POST") or b"<Error" not in body:
        return False
    return root_name(body) == "Error"


def _is_refused(answer: Answer) -> bool:
    """Return True if the server refuses who asks. AWS answers 400 once temporary keys have ended."""
    return answer.status in _REFUSED or (answer.status == 400 and b"ExpiredToken" in answer.body)


def _may_come_from_a_proxy(status: int) -> bool:
    """Return True if a proxy may have answered for a store that is away: a new connection may reach it."""
    return status in _REFUSED or status >= 500


def _was_damaged(answer: Answer) -> bool:
    """Return True if the request was damaged or too slow on its way: the same one may succeed."""
    return answer.status == 400 and any(code in answer.body for code in _DAMAGED_CODES)


def _payload(body: bytes | Slice | None, *, secure: bool) -> str:
    """Return the digest of the body for the signature; `UNSIGNED` if TLS protects it and no digest is known."""
    if isinstance(body, Slice) and body.digest:
        return body.digest
    return UNSIGNED if secure else _digest(body)


def _digest(body: bytes | Slice | None) -> str:
    state = hashlib.sha256()
    for block in _blocks(body) or ():
        state.update(block)
    return state.hexdigest()


def _counted(blocks: Iterator[bytes | memoryview] | None) -> Iterator[bytes | memoryview] | None:
    """Tell of each block that was sent."""
    if blocks is None:
        return None

    def each(given: Iterator[bytes | memoryview]) -> Iterator[bytes | memoryview]:
        for block in given:
            yield block
            wire.sent(len(block))

    return each(blocks)


def _blocks(body: bytes | Slice | None) -> Iterator[bytes | memoryview] | None:
    """Yield the body in blocks, since a socket's time limit is for each call."""
    if body is None:
        return None
    if isinstance(body, Slice):
        return body.blocks()
    whole = memoryview(body)
    return (whole[start : start + BLOCK] for start in range(0, len(whole), BLOCK))

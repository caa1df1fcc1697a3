"""Signed requests to one endpoint: values in, values out, retried within bounds."""

from __future__ import annotations

import hashlib
import random
import ssl
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from http.client import HTTPConnection, HTTPException, HTTPResponse

from ...dataclass import dataclass, field
from ...errors import StoreError, StoreUnreachable, StoreUntrusted
from ...model.vantage import BucketVantage
from ..localfile import BLOCK, Slice
from .connections import Connections, Timeouts
from .sign import UNSIGNED, sign
from .trust import Renew, Trust, is_of_key
from .xml import root_of

Sink = Callable[[HTTPResponse], None]
"""Reads the body of an answer of status 200 or 206 to its end; called again when the request is sent again."""

BUSY = frozenset({429, 500, 502, 503, 504, 507})
"""Statuses after which the same request may succeed."""

_SPOILT = (b"RequestTimeout", b"XAmzContentSHA256Mismatch", b"BadDigest", b"IncompleteBody")
"""https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html"""
_FAILED_LATE = 500
"""The status that stands for an error after a 200."""
_LONGEST_RETRY_AFTER = 30.0
_REFUSED = frozenset({401, 403})
_TRUSTED_AGAIN = 12
"""How often a request is sent, at least, that is refused. The key and the time may both be wrong; and a store that has
just started again does not know its users for some seconds, though it took their keys before (MinIO does so).
"""
_SAYS_SO = 8
"""The sending after which people are told: only who is very patient comes so far."""


@dataclass(frozen=True)
class Patience:
    """How often a request is sent, and how long between, in seconds."""

    attempts: int = 6
    first_wait: float = 0.1
    longest_wait: float = 5.0
    silences: int = 1
    """How many silences are waited for: each takes the time limit of an answer."""
    timeouts: Timeouts = field(default_factory=Timeouts)


@dataclass(frozen=True)
class Request:
    """A request before it is signed. Every one may be sent more than once."""

    method: str
    target: str
    """The encoded path and query."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Names in lower case; without host, content-length and signature."""
    body: bytes | Slice | None = None
    again: frozenset[int] = BUSY
    """The statuses after which it is sent again."""


@dataclass(frozen=True)
class Answer:
    """What the server said in the end."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes
    uncertain: bool = False
    """An earlier sending may have had its effect: its connection died, or the server failed."""


class _Silence(Exception):
    """Nobody answers on a kept connection."""


class Endpoint:
    """Sends requests, signed with the key of one vantage."""

    def __init__(self, vantage: BucketVantage, patience: Patience, renew: Renew | None = None) -> None:
        """Connect to nothing yet. Raises BadInput."""
        self._name = vantage.endpoint
        self._trust = Trust(vantage, renew)
        self._patience = patience
        self._accepted = False
        self._connections = Connections(vantage.endpoint, patience.timeouts)

    def ask(self, request: Request, sink: Sink | None = None) -> Answer:
        """The answer, whatever its status. Raises StoreUnreachable when there is none."""
        answer = self._patiently(request, sink)
        attempt, most = 1, max(_TRUSTED_AGAIN, self._patience.attempts)
        while answer.status in _REFUSED and attempt < most:
            if not self._trust.regained(answer.headers, answer.body):
                if not (self._accepted and is_of_key(answer.headers, answer.body)):
                    break
                self._rest(attempt, answer)
            later = self._patiently(request, sink)
            answer = replace(later, uncertain=answer.uncertain or later.uncertain)
            attempt += 1
        self._accepted = self._accepted or answer.status < 300
        return answer

    def _patiently(self, request: Request, sink: Sink | None) -> Answer:
        uncertain, attempt, silences = False, 0, 0
        while True:
            attempt += 1
            last = attempt >= self._patience.attempts
            result = self._attempt(request, sink)
            if isinstance(result, Answer):
                uncertain = uncertain or result.uncertain
                if last or not (result.status in request.again or _was_spoilt(result)):
                    return replace(result, uncertain=uncertain)
                uncertain = uncertain or result.status >= 500  # the server failed, perhaps midway
            else:
                silences += isinstance(result, TimeoutError)
                if last or silences >= self._patience.silences or isinstance(result, ssl.SSLCertVerificationError):
                    raise self._unreachable(result) from result
                uncertain = True
            self._rest(attempt, result)

    def _rest(self, attempt: int, result: Answer | Exception) -> None:
        seconds = pause(self._patience, attempt, result, random.random())  # noqa: S311 - jitter
        if attempt == _SAYS_SO:
            sys.stderr.write(f"runner: the object store at {self._name} {_failing(result)}: trying again\n")
        time.sleep(seconds)

    def close(self) -> None:
        """Close the idle connections."""
        self._connections.close()

    def _attempt(self, request: Request, sink: Sink | None) -> Answer | OSError | HTTPException:
        try:
            return self._send(request, sink)
        except (OSError, HTTPException) as error:
            return error

    def _send(self, request: Request, sink: Sink | None) -> Answer:
        """Once; twice when a kept connection turns out to lead nowhere any more."""
        # What may take long cannot be told from a dead connection: it gets one that is surely alive.
        connection, kept = self._connections.take() if _is_light(request) else (self._connections.fresh(), False)
        if not kept:
            return self._converse(connection, request, sink)
        try:
            return self._converse(connection, request, sink, kept=True)
        except _Silence:
            self._connections.close()  # the others that are idle lead to the same place
        except (ConnectionError, HTTPException):
            pass  # closed by the server meanwhile
        return replace(self._converse(self._connections.fresh(), request, sink), uncertain=True)

    def _converse(
        self, connection: HTTPConnection, request: Request, sink: Sink | None, *, kept: bool = False
    ) -> Answer:
        reusable = False
        try:
            ask = self._soon if kept else self._said
            response = ask(connection, request)
            self._require_length(request, response)
            if sink and response.status in (200, 206):
                body = b""
                sink(response)
            else:
                body = response.read()
            reusable = response.isclosed() and not response.will_close and not _is_turned_away(response.status)
            headers = {name.lower(): value for name, value in response.getheaders()}
            status = _FAILED_LATE if _failed_late(request, response.status, body) else response.status
            return Answer(status, headers, body)
        finally:
            if reusable:
                self._connections.give_back(connection)
            else:
                connection.close()

    def _require_length(self, request: Request, response: HTTPResponse) -> None:
        """Raise StoreError for content whose end nothing marks (RFC 9112, 6.3): it may be cut off anywhere."""
        endless = response.length is None and not response.chunked
        if endless and request.method == "GET" and response.status in (200, 206):
            raise StoreError(
                f"the object store at {self._name} sent {request.target} without its length, so that a part of it "
                "would look like all of it: check the endpoint, and any proxy on the way to it"
            )

    def _said(self, connection: HTTPConnection, request: Request) -> HTTPResponse:
        self._write(connection, request)
        return connection.getresponse()

    def _soon(self, connection: HTTPConnection, request: Request) -> HTTPResponse:
        """As `_said`. Raises _Silence when no answer begins in the time that a kept connection is given."""
        connection.sock.settimeout(self._patience.timeouts.kept)
        try:
            response = self._said(connection, request)
        except TimeoutError as error:
            raise _Silence from error
        if connection.sock is not None:  # the server may want it closed
            connection.sock.settimeout(self._patience.timeouts.answer)
        return response

    def _write(self, connection: HTTPConnection, request: Request) -> None:
        payload = _payload(request.body, secure=self._connections.secure)
        headers = {"host": self._connections.host, **request.headers}
        if request.body is not None:
            headers["content-length"] = str(len(request.body))
        trust = self._trust
        signed = sign(trust.key, request.method, request.target, headers=headers, payload=payload, at=trust.now())
        try:
            connection.request(request.method, request.target, body=_blocks(request.body), headers=signed)
        except (BrokenPipeError, ConnectionResetError):
            # A server may answer before it has read the whole body, and close: its answer tells why.
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


def pause(patience: Patience, attempt: int, result: Answer | Exception, roll: float) -> float:
    """Seconds before the next attempt: what the server asks for, else doubling waits cut by `roll` (0 to 1)."""
    asked = result.headers.get("retry-after", "") if isinstance(result, Answer) else ""
    if asked.isdecimal():
        return min(float(asked), _LONGEST_RETRY_AFTER)
    longest = min(patience.longest_wait, patience.first_wait * 2.0 ** (attempt - 1))
    return longest * (0.5 + roll / 2)


def _is_light(request: Request) -> bool:
    """Whether every server answers it at once: no copy, no assembling of parts, no large body."""
    if request.method == "PUT":
        return request.body is not None and len(request.body) <= BLOCK
    return request.method != "POST"


def _failing(result: Answer | Exception) -> str:
    if not isinstance(result, Answer):
        return f"does not serve ({str(result) or type(result).__name__})"
    verb = "refuses the key" if result.status in _REFUSED else "does not serve"
    return f"{verb} (status {result.status})"


def _failed_late(request: Request, status: int, body: bytes) -> bool:
    """Whether the server said 200 early and then, in the body, that it failed, as S3 may do for what takes long.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html, API_CopyObject.html
    """
    if status != 200 or request.method not in ("PUT", "POST") or b"<Error" not in body:
        return False
    return root_of(body) == "Error"


def _is_turned_away(status: int) -> bool:
    """Whether somebody on the way may have answered for a store that is away: another connection may lead to it."""
    return status in _REFUSED or status >= 500


def _was_spoilt(answer: Answer) -> bool:
    """Whether the request came to the server damaged or too slowly, as S3 calls it: the same one may succeed."""
    return answer.status == 400 and any(code in answer.body for code in _SPOILT)


def _payload(body: bytes | Slice | None, *, secure: bool) -> str:
    """What the signature says of the body: its digest where that is known or nothing else protects it."""
    if isinstance(body, Slice) and body.digest:
        return body.digest
    return UNSIGNED if secure else _digest(body)


def _digest(body: bytes | Slice | None) -> str:
    state = hashlib.sha256()
    for block in _blocks(body) or ():
        state.update(block)
    return state.hexdigest()


def _blocks(body: bytes | Slice | None) -> Iterator[bytes | memoryview] | None:
    """In pieces, since a socket's time limit is for each call, not for each byte."""
    if body is None:
        return None
    if isinstance(body, Slice):
        return body.blocks()
    whole = memoryview(body)
    return (whole[start : start + BLOCK] for start in range(0, len(whole), BLOCK))

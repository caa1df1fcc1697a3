"""A faulty way to an object store: slow, cut off in the middle, truncated, overloaded; by the request's number.

Requests are passed on with the Host they name, so that their signatures stay good.
"""

from __future__ import annotations

import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from enum import Enum
from http.client import HTTPConnection, HTTPException, HTTPResponse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from runner.override import override

BUSY = b"<?xml version='1.0'?><Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"
SLOWNESS = 1.0
"""Seconds."""


class Fault(Enum):
    """What befalls one request."""

    SLOW = "slow"
    """The answer comes late, its second half later still."""
    CUT = "cut"
    """The connection is reset before the store hears of it."""
    LOST = "lost"
    """The store does it; the connection is reset before the answer."""
    TRUNCATED = "truncated"
    """The connection closes in the middle of the answer's body."""
    BUSY = "503"
    """``503 SlowDown``; the store hears nothing of it."""


if TYPE_CHECKING:
    Schedule = Callable[[int, str, str], Fault | None]
"""By the request's number (from 1), its method and its path."""


class FaultProxy:
    """What befalls requests from now on, and what has befallen them."""

    def __init__(self, upstream: str) -> None:
        self.upstream = urlsplit(upstream).netloc
        self.port = 0
        self.befallen: Counter[Fault] = Counter()
        self.passed = 0
        self._schedule: Schedule | None = None
        self._count = 0
        self._lock = threading.Lock()

    @property
    def endpoint(self) -> str:
        """As this machine reaches it."""
        return f"http://127.0.0.1:{self.port}"

    def inflict(self, schedule: Schedule) -> None:
        """Let the schedule decide from the next request on, which is the first."""
        with self._lock:
            self._schedule, self._count = schedule, 0

    def heal(self) -> None:
        """Pass everything on."""
        with self._lock:
            self._schedule = None

    def draw(self, method: str, path: str) -> Fault | None:
        """What befalls this request."""
        with self._lock:
            self._count += 1
            fault = self._schedule(self._count, method, path) if self._schedule else None
            if fault is None:
                self.passed += 1
            else:
                self.befallen[fault] += 1
            return fault


@contextmanager
def fault_proxy(upstream: str, host: str = "127.0.0.1") -> Iterator[FaultProxy]:
    """A proxy before the store at `upstream` (``http://host:port``), listening on `host`; faultless at first."""
    proxy = FaultProxy(upstream)
    server = ThreadingHTTPServer((host, 0), _handler(proxy))
    server.daemon_threads = True
    server.block_on_close = False  # a client that was killed may hold its connection open
    proxy.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield proxy
    finally:
        proxy.heal()
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    proxy: FaultProxy
    protocol_version = "HTTP/1.1"
    timeout = 60

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", "0")))
        fault = self.proxy.draw(self.command, self.path)
        with suppress(OSError, HTTPException):  # whoever asked, or the store, may be gone
            if fault is Fault.CUT:
                self._reset()
            elif fault is Fault.BUSY:
                self._answer(503, [("Retry-After", "1")], BUSY)
            else:
                self._pass_on(body, fault)
            return
        self.close_connection = True

    def _pass_on(self, body: bytes, fault: Fault | None) -> None:
        store = HTTPConnection(self.proxy.upstream, timeout=60)
        try:
            store.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                store.putheader(name, value)
            store.endheaders(body or None)
            answer = store.getresponse()
            self._give_back(answer, answer.read(), fault)
        finally:
            store.close()

    def _give_back(self, answer: HTTPResponse, body: bytes, fault: Fault | None) -> None:
        dropped = ("transfer-encoding", "content-length", "connection")
        headers = [(name, value) for name, value in answer.getheaders() if name.lower() not in dropped]
        if fault is Fault.LOST or (fault is Fault.TRUNCATED and len(body) < 2):
            self._reset()
        elif fault is Fault.TRUNCATED:
            self._answer(answer.status, headers, body, upto=len(body) // 2)
            self._reset()
        else:
            length = answer.headers.get("content-length") if self.command == "HEAD" else None
            self._answer(answer.status, headers, body, length=length, pause=SLOWNESS if fault else 0.0)

    def _answer(
        self,
        status: int,
        headers: list[tuple[str, str]],
        body: bytes,
        *,
        length: str | None = None,
        upto: int | None = None,
        pause: float = 0.0,
    ) -> None:
        time.sleep(pause)
        self.send_response_only(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", length or str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            sent = body[:upto]
            self.wfile.write(sent[: len(sent) // 2])
            time.sleep(pause)
            self.wfile.write(sent[len(sent) // 2 :])

    def _reset(self) -> None:
        self.wfile.flush()
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _serve  # noqa: N815 - the names http.server looks for

    @override
    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


def _handler(proxy: FaultProxy) -> type[BaseHTTPRequestHandler]:
    return type("BoundHandler", (_Handler,), {"proxy": proxy})

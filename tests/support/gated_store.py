"""A way to the object store on which one request can be held: the instant at which its sender is then killed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from runner.override import override

if TYPE_CHECKING:
    Wanted = Callable[[str, bytes], bool]
"""Whether a PUT of this path and body is the one to hold."""


class Gate:
    """Passes requests on as they are; their signatures stay good, as the Host they name stays the same."""

    def __init__(self, upstream: str) -> None:
        self.upstream = urlsplit(upstream).netloc
        self.endpoint = ""
        self.held = threading.Event()
        self._wanted: Wanted | None = None
        self._lock = threading.Lock()
        self._open = threading.Event()

    def hold(self, wanted: Wanted) -> None:
        """Hold the first such PUT from now on: `held` is set then, and it never reaches the store."""
        self._wanted = wanted

    def open(self) -> None:
        """Hold nothing; what was held is dropped."""
        self._wanted = None
        self._open.set()

    def passes(self, method: str, path: str, body: bytes) -> bool:
        """False, when the gate is opened, for the request that was held."""
        with self._lock:
            if self.held.is_set() or self._wanted is None or method != "PUT" or not self._wanted(path, body):
                return True
            self.held.set()
        self._open.wait()
        return False


@contextmanager
def gated_store(upstream: str) -> Iterator[Gate]:
    """A gate before the store at `upstream` (``http://host:port``)."""
    gate = Gate(upstream)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(gate))
    server.daemon_threads = True
    gate.endpoint = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield gate
    finally:
        gate.open()
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(gate: Gate) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 60

        @override
        def setup(self) -> None:
            super().setup()
            self.store = HTTPConnection(gate.upstream, timeout=60)

        @override
        def finish(self) -> None:
            self.store.close()
            with suppress(OSError):  # whoever asked may have been killed
                super().finish()

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", "0")))
            if not gate.passes(self.command, self.path, body):
                self.close_connection = True
                return
            self.store.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                self.store.putheader(name, value)
            self.store.endheaders(body or None)
            self._relay()

        def _relay(self) -> None:
            answer = self.store.getresponse()
            body = answer.read()
            self.send_response_only(answer.status, answer.reason)
            for name, value in answer.getheaders():
                if name.lower() not in ("transfer-encoding", "content-length", "connection"):
                    self.send_header(name, value)
            length = answer.headers.get("content-length") if self.command == "HEAD" else str(len(body))
            self.send_header("Content-Length", length or "0")
            self.end_headers()
            with suppress(OSError):
                self.wfile.write(body)

        do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _serve  # noqa: N815 - the names http.server looks for

        @override
        def log_message(self, format: str, *args: object) -> None:
            """Nothing."""

    return Handler

"""An HTTP server that answers what the test says, and breaks off where the test says."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from runner.override import override


@dataclass(frozen=True)
class Seen:
    """A request as it came."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes
    connection: int
    """Which connection it came on: its client's port."""


@dataclass(frozen=True)
class Reply:
    """What to answer."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    """An empty value: without the header that is sent otherwise."""
    cut: int | None = None
    """Close the connection after so many bytes of the body."""
    silent: bool = False
    """Close the connection without an answer."""
    mute: bool = False
    """Leave it open without an answer, as when its server is gone and nobody says so."""


def error(status: int, code: str, message: str = "said so", **headers: str) -> Reply:
    """An S3 error document."""
    text = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>{message}</Message></Error>"
    return Reply(status, text.encode(), {name.replace("_", "-"): value for name, value in headers.items()})


class _Server(ThreadingHTTPServer):
    request_queue_size = 64
    """Who comes when the queue is full tries again only after a second (TCP's first retransmission)."""


@dataclass
class ScriptedServer:
    """Where it listens and what it has seen."""

    endpoint: str
    seen: list[Seen]


@contextmanager
def scripted_server(
    answer: Iterable[Reply] | Callable[[Seen], Reply], tls: ssl.SSLContext | None = None
) -> Iterator[ScriptedServer]:
    """Answer each request with the next of the replies, or with what the function says."""
    replies = None if callable(answer) else iter(answer)
    seen: list[Seen] = []
    lock = threading.Lock()

    def reply_to(request: Seen) -> Reply:
        with lock:
            seen.append(request)
            if callable(answer):
                return answer(request)
            assert replies is not None
            return next(replies, error(400, "ScriptHasEnded"))

    server = _Server(("127.0.0.1", 0), _handler(reply_to))
    server.daemon_threads = True
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield ScriptedServer(f"http{'s' if tls else ''}://127.0.0.1:{server.server_port}", seen)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _etag(reply: Reply) -> Mapping[str, str]:
    """The ETag that S3 sends with every object."""
    return {"ETag": '"scripted"'} if reply.status in (200, 206) else {}


def _handler(reply_to: Callable[[Seen], Reply]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 20

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", "0")))
            headers = {name.lower(): value for name, value in self.headers.items()}
            reply = reply_to(Seen(self.command, self.path, headers, body, self.client_address[1]))
            if reply.mute:
                return
            if reply.silent:
                self._hang_up()
                return
            self.send_response(reply.status)
            for name, value in {"Content-Length": str(len(reply.body)), **_etag(reply), **reply.headers}.items():
                if value:
                    self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(reply.body[: reply.cut])
            if reply.cut is not None:
                self._hang_up()

        def _hang_up(self) -> None:
            self.wfile.flush()
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)

        do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _serve  # noqa: N815 - the names http.server looks for

        @override
        def send_response(self, code: int, message: str | None = None) -> None:
            """Without the Server and Date that a test wants to set itself."""
            self.send_response_only(code, message)

        @override
        def log_message(self, format: str, *args: object) -> None:
            """Nothing: the test has what was seen."""

    return Handler

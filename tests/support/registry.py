"""An image registry in this process: enough of the distribution protocol for a push and a look-up."""

from __future__ import annotations

import hashlib
import re
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from runner.override import override


class _Registry(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.blobs: dict[str, bytes] = {}
        self.uploads: dict[str, bytes] = {}
        self.manifests: dict[str, tuple[str, bytes]] = {}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Registry

    @override
    def log_message(self, format: str, *args: object) -> None:
        """Keep the test's output for the test."""

    def do_GET(self) -> None:
        self._show(body=True)

    def do_HEAD(self) -> None:
        self._show(body=False)

    def do_POST(self) -> None:
        upload = uuid.uuid4().hex
        self.server.uploads[upload] = self._body()
        self._answer(
            202, {"Location": f"{self.path.rstrip('/')}/{upload}", "Docker-Upload-UUID": upload, "Range": "0-0"}
        )

    def do_PATCH(self) -> None:
        upload = urlsplit(self.path).path.rpartition("/")[2]
        self.server.uploads[upload] += self._body()
        end = len(self.server.uploads[upload]) - 1
        self._answer(202, {"Location": self.path, "Docker-Upload-UUID": upload, "Range": f"0-{end}"})

    def do_PUT(self) -> None:
        parts, body = urlsplit(self.path), self._body()
        kind, _, name = parts.path.rpartition("/")
        digest = "sha256:" + hashlib.sha256(body).hexdigest()
        if kind.endswith("/manifests"):
            stored = (self.headers["Content-Type"], body)
            self.server.manifests |= {name: stored, digest: stored}
        else:
            digest = parse_qs(parts.query)["digest"][0]
            self.server.blobs[digest] = self.server.uploads.pop(name) + body
        self._answer(201, {"Docker-Content-Digest": digest, "Location": parts.path})

    def _show(self, *, body: bool) -> None:
        kind, _, name = urlsplit(self.path).path.rpartition("/")
        if kind.endswith("/manifests") and name in self.server.manifests:
            media, data = self.server.manifests[name]
        elif kind.endswith("/blobs") and name in self.server.blobs:
            media, data = "application/octet-stream", self.server.blobs[name]
        else:
            self._answer(200 if self.path == "/v2/" else 404, {})
            return
        headers = {"Content-Type": media, "Docker-Content-Digest": "sha256:" + hashlib.sha256(data).hexdigest()}
        self._answer(200, headers, data, body=body)

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        chunks = []
        while size := int(re.split(rb"[;\r]", self.rfile.readline())[0], 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(chunks)

    def _answer(self, status: int, headers: dict[str, str], data: bytes = b"", *, body: bool = True) -> None:
        self.send_response(status)
        for name, value in {"Docker-Distribution-Api-Version": "registry/2.0", **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if body:
            self.wfile.write(data)


@contextmanager
def serving() -> Iterator[str]:
    """A registry's host and port; Docker speaks plain HTTP to 127.0.0.1."""
    server = _Registry()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

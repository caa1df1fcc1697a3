"""A package index (PEP 503) on this machine, with basic authentication."""

from __future__ import annotations

import base64
import hashlib
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import cast

from runner.override import override

USER = "build"


class PackageIndex(ThreadingHTTPServer):
    """The index. `files` are the distributions by file name, which may grow."""

    daemon_threads = True

    def __init__(self, files: Mapping[str, bytes], password: str = "") -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files = dict(files)
        self.password = password
        self.asked: list[str] = []
        """The paths that were answered, and ``401 <path>``."""

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.server_port}"

    def url(self, login: str = "") -> str:
        return f"http://{login and f'{login}@'}{self.host}/simple/"


@contextmanager
def serving(files: Mapping[str, bytes], password: str = "") -> Iterator[PackageIndex]:
    """Serve the files until the block ends."""
    index = PackageIndex(files, password)
    thread = threading.Thread(target=index.serve_forever)
    thread.start()
    try:
        yield index
    finally:
        index.shutdown()
        index.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        index = cast("PackageIndex", self.server)
        wanted = base64.b64encode(f"{USER}:{index.password}".encode()).decode()
        if index.password and self.headers.get("Authorization") != f"Basic {wanted}":
            index.asked.append(f"401 {self.path}")
            self._answer(401, b"")
            return
        index.asked.append(self.path)
        name = self.path.strip("/").rpartition("/")[2]
        if not self.path.startswith("/simple/"):
            self._answer(200 if name in index.files else 404, index.files.get(name, b""))
            return
        files = {file: data for file, data in index.files.items() if file.startswith(f"{name}-")}
        links = (f'<a href="/files/{f}#sha256={hashlib.sha256(d).hexdigest()}">{f}</a>' for f, d in files.items())
        self._answer(200 if files else 404, "\n".join(links).encode())

    def do_HEAD(self) -> None:
        self.do_GET()

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        if status == 401:
            self.send_header("WWW-Authenticate", 'Basic realm="packages"')
        self.send_header("Content-Type", "text/html" if self.path.startswith("/simple/") else "application/zip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    @override
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

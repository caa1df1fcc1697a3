"""A request and its answer on one connection, in the part of HTTP/1.1 that object stores speak (RFC 9112).

``http.client`` reads headers with the email package and sends each request through a state machine. For a small object
that costs more than all the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from http.client import BadStatusLine, HTTPException, HTTPMessage, HTTPResponse, RemoteDisconnected
from socket import socket
from typing import cast

from ...override import override

_LONGEST_LINE = 64 << 10
_MOST_HEADERS = 200
_TOGETHER = 128 << 10
"""Bytes of a body up to which it is sent together with the headers."""


def send(
    sock: socket, method: str, target: str, headers: Mapping[str, str], body: Iterable[bytes | memoryview] | None
) -> None:
    """Send a request. Raise OSError, and ValueError for a header with a line break in it.

    Args:
        sock: The connection.
        method: The method.
        target: The encoded path and query.
        headers: All headers.
        body: The body in blocks; None: there is none.
    """
    lines = [f"{name}: {value}" for name, value in headers.items()]
    if any("\n" in line or "\r" in line for line in lines):
        raise ValueError("a header has a line break in it")
    head = "\r\n".join((f"{method} {target} HTTP/1.1", "accept-encoding: identity", *lines, "", "")).encode("latin-1")
    for block in body or ():
        if head and len(block) <= _TOGETHER:
            sock.sendall(head + bytes(block))
        else:
            if head:
                sock.sendall(head)
            sock.sendall(block)
        head = b""
    if head:
        sock.sendall(head)


class Response(HTTPResponse):
    """An answer whose headers are read by `begin`."""

    def __init__(self, sock: socket, method: str) -> None:
        """Read from `sock` the answer to a request of this method."""
        super().__init__(sock, method=method)
        self._has_content = method != "HEAD"

    @override
    def begin(self) -> None:
        """Read status and headers. Raise HTTPException, OSError."""
        self.version, self.status, self.reason = self._status()
        while self.status == 100:  # "Continue", which nobody asked for
            self._read_headers()
            self.version, self.status, self.reason = self._status()
        self.code = self.status
        headers = self._read_headers()
        self.headers = self.msg = cast("HTTPMessage", headers)  # of which `getheaders` needs only `items`
        self.chunked = headers.get("transfer-encoding", "").lower() == "chunked"
        self.chunk_left = None
        length = headers.get("content-length", "")
        self.length = int(length) if length.isdecimal() and not self.chunked else None
        if self.status in (204, 304) or not self._has_content:
            self.length = 0
        closes = self.version < 11 or "close" in headers.get("connection", "").lower()
        self.will_close = closes or (self.length is None and not self.chunked)

    def _status(self) -> tuple[int, int, str]:
        line = self._line()
        if not line:
            raise RemoteDisconnected("Remote end closed connection without response")
        version, _, rest = line.partition(" ")
        code, _, reason = rest.partition(" ")
        if not version.startswith("HTTP/1.") or len(code) != 3 or not code.isdecimal():
            raise BadStatusLine(line)
        return (10 if version == "HTTP/1.0" else 11), int(code), reason.strip()

    def _read_headers(self) -> dict[str, str]:
        """Return the headers, with names in lower case; of several of one name, the last."""
        found: dict[str, str] = {}
        name = ""
        for _ in range(_MOST_HEADERS):
            line = self._line()
            if not line:
                return found
            if line[0] in " \t" and name:  # a folded line
                found[name] += f" {line.strip()}"
                continue
            name, _, value = line.partition(":")
            name = name.strip().lower()
            found[name] = value.strip()
        raise HTTPException(f"more than {_MOST_HEADERS} headers")

    def _line(self) -> str:
        line = self.fp.readline(_LONGEST_LINE + 1)
        if len(line) > _LONGEST_LINE:
            raise HTTPException("a line of the headers is too long")
        return line.decode("latin-1").rstrip("\r\n")

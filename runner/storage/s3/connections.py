"""Persistent connections to one endpoint, each used by one thread at a time."""

from __future__ import annotations

import os
import ssl
import time
from collections import deque
from http.client import HTTPConnection, HTTPSConnection
from urllib.parse import urlsplit

from ...dataclass import dataclass
from ...errors import BadInput

_KEPT = 32
"""The most idle connections that are kept."""
_IDLE_SECONDS = 20.0
"""The age of an idle connection after which it is not used: MinIO closes one after about 30 s, AWS later."""
_BLOCK = 1 << 20


@dataclass(frozen=True)
class Timeouts:
    """Limits for the silence of a socket, in seconds."""

    connect: float = 10.0
    answer: float = 60.0
    kept: float = 10.0
    """The limit on a connection that was used before: its server may have gone without closing it."""


class Connections:
    """Connections to one endpoint; the most recently used is taken first."""

    def __init__(self, endpoint: str, timeouts: Timeouts) -> None:
        """Parse ``http://host:port`` or ``https://host``; connect later. Raise BadInput."""
        parts = urlsplit(endpoint)
        if "@" in endpoint:
            raise BadInput("not an S3 endpoint: it holds a user or a password", remedy="write http://host:port")
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/") or parts.query:
            raise BadInput(f"not an S3 endpoint: {endpoint!r}", remedy="write http://host:port or https://host")
        self.host = parts.netloc
        self.secure = parts.scheme == "https"
        self._name, self._port = parts.hostname, parts.port
        self._timeouts = timeouts
        self._credentials: ssl.SSLContext | None = None
        self._idle: deque[tuple[float, HTTPConnection]] = deque()
        self._process = os.getpid()

    def take(self) -> tuple[HTTPConnection, bool]:
        """Return a connection for this caller alone, and True if it was used before. Raise OSError."""
        if self._process != os.getpid():
            self._forget_parents()
        while self._idle:
            try:
                since, connection = self._idle.pop()
            except IndexError:  # another thread took the last one
                break
            if time.monotonic() - since < _IDLE_SECONDS:
                return connection, True
            connection.close()
        return self.fresh(), False

    def fresh(self) -> HTTPConnection:
        """Return a new connection. Raise OSError."""
        connection = self._make()
        try:
            connection.connect()  # sets TCP_NODELAY itself
            connection.sock.settimeout(self._timeouts.answer)
        except OSError:
            connection.close()
            raise
        return connection

    def give_back(self, connection: HTTPConnection) -> None:
        """Keep a connection whose last answer was read to its end."""
        if len(self._idle) >= _KEPT:
            connection.close()
        else:
            self._idle.append((time.monotonic(), connection))

    def close(self) -> None:
        """Close the idle connections."""
        while self._idle:
            self._idle.pop()[1].close()

    def _make(self) -> HTTPConnection:
        if not self.secure:
            return HTTPConnection(self._name, self._port, timeout=self._timeouts.connect, blocksize=_BLOCK)
        self._credentials = self._credentials or ssl.create_default_context()
        return HTTPSConnection(
            self._name, self._port, timeout=self._timeouts.connect, blocksize=_BLOCK, context=self._credentials
        )

    def _forget_parents(self) -> None:
        """Close the connections of the parent process after a fork: both processes share their sockets."""
        self._process = os.getpid()
        self.close()

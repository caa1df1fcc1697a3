"""The body of an answer, read with few system calls.

A socket with a time limit is asked twice for each piece that has arrived: whether there is one, and for it. In between
other threads take the interpreter. A large body over a plain connection is therefore read by the kernel's own limit
(SO_RCVTIMEO) and in whole blocks (MSG_WAITALL): socket(7), recv(2).
"""

from __future__ import annotations

import socket
import ssl
import struct
import sys
from http.client import HTTPResponse, IncompleteRead

from ...data.transfers import wire

_LARGE = 256 << 10
"""Bytes from which on a body is read past the response's own buffer."""


class Body:
    """The body of one answer, which its reader reads to the end."""

    def __init__(self, response: HTTPResponse, sock: socket.socket | None) -> None:
        """Read from the response; past it if `sock`, the connection's socket, allows that."""
        self.status = response.status
        self.length = response.length
        """Bytes that were announced; None: unknown."""
        self._response = response
        plain = sys.platform == "linux" and sock is not None and not isinstance(sock, ssl.SSLSocket)
        self._sock = sock if plain and not response.chunked and (response.length or 0) >= _LARGE else None
        self._left = self.length or 0
        self._past_buffer = False

    def readinto(self, view: memoryview) -> int:
        """Fill `view`, with fewer bytes at the end only; return their number. Raise IncompleteRead, OSError."""
        if self._sock is None:
            count = self._response.readinto(view)
            wire.received(count)
            return count
        wanted, filled = min(len(view), self._left), 0
        if not self._past_buffer:
            filled = self._buffered(view[:wanted])
        if filled < wanted:
            filled += self._received(self._sock, view[filled:wanted])
        self._left -= filled
        wire.received(filled)
        if filled < wanted:
            raise IncompleteRead(b"", self._left)
        if not self._left:
            self._response.close()  # the connection stays open
        return filled

    def _buffered(self, view: memoryview) -> int:
        """Take what was read together with the headers."""
        there = len(self._response.peek())
        self._past_buffer = there <= len(view)
        return self._response.readinto(view[:there])

    @staticmethod
    def _received(sock: socket.socket, view: memoryview) -> int:
        before = sock.gettimeout()
        limit = before or 0.0
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("@ll", int(limit), int(limit % 1 * 1e6)))
        sock.settimeout(None)
        try:
            filled = 0
            while filled < len(view) and (count := sock.recv_into(view[filled:], 0, socket.MSG_WAITALL)):
                filled += count
        except BlockingIOError as error:
            raise TimeoutError("timed out") from error
        finally:
            sock.settimeout(before)
        return filled

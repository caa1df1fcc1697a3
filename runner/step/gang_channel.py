"""A connection between two workers of a gang: lines of JSON, after each side has proved that it knows a secret.

The secret itself is never sent. The proofs follow RFC 2104 (HMAC) over a random number of each side, so that one that
was overheard is of no use in another connection. The rest of the connection is not encrypted.
"""

from __future__ import annotations

import hmac
import json
import os
import socket
import threading
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

LEAD = "lead"
"""The purpose of a connection over which the first worker leads another one."""
LAUNCH = "launch"
"""The purpose of a connection over which mpirun starts its daemon on another worker."""
GREETING = 10.0
"""Seconds for the proofs."""
_LINE = 16 << 20
"""The most bytes of a line; one of mpirun's commands grows with the number of nodes."""
_UNKNOWN = "the other side does not know the secret of this attempt"
_FIRST_LINE = 4096
"""The same before the other side is known."""


class Refused(Exception):
    """The other side does not know the secret."""


class Channel:
    """A connection.

    Args:
        sock: The connected socket.

    """

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._file = sock.makefile("rb")
        self._lock = threading.Lock()
        _notice_loss(sock)
        sock.settimeout(GREETING)

    def send(self, document: Mapping[str, object]) -> None:
        """Send a document. Raises OSError if the connection is lost."""
        line = json.dumps(document).encode() + b"\n"
        with self._lock:
            self._sock.sendall(line)

    def receive(self, longest: int = _LINE) -> dict[str, Any] | None:
        """Return the next document; None: the connection has ended, or what came is no document."""
        with suppress(OSError, ValueError):
            line = self._file.readline(longest)
            document = json.loads(line) if line.endswith(b"\n") else None
            return document if isinstance(document, dict) else None
        return None

    def close(self) -> None:
        """End the connection."""
        with suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)
        with suppress(OSError):
            self._file.close()
            self._sock.close()

    def ask(self, purpose: str, secret: bytes) -> bytes:
        """Prove the secret as the side that connected, and check the other side's proof.

        Args:
            purpose: `LEAD` or `LAUNCH`.
            secret: The secret.

        Returns:
            A secret of this connection, which both sides know.

        Raises:
            Refused: The other side does not know the secret, or does not answer.

        """
        greeting = self.receive(_FIRST_LINE)
        own = os.urandom(32).hex()
        both = f"{greeting.get('number') if greeting else ''}.{own}"
        with suppress(OSError):
            self.send({"number": own, "purpose": purpose, "proof": _proof(secret, f"{purpose} asks", both).hex()})
        answer = self.receive(_FIRST_LINE)
        if not greeting or not answer or not _equal(answer.get("proof"), _proof(secret, f"{purpose} answers", both)):
            raise Refused(_UNKNOWN)
        self._sock.settimeout(None)
        return _proof(secret, "session", both)

    def answer(self, secrets: Mapping[str, Iterable[bytes]]) -> tuple[str, bytes]:
        """Check the proof of a side that connected, and prove the secret in return.

        Args:
            secrets: The secrets that are accepted for each purpose.

        Returns:
            The purpose, and a secret of this connection, which both sides know.

        Raises:
            Refused: The other side does not know any of them.

        """
        own = os.urandom(32).hex()
        with suppress(OSError):
            self.send({"number": own})
        asked = self.receive(_FIRST_LINE) or {}
        purpose, both = str(asked.get("purpose")), f"{own}.{asked.get('number')}"
        for secret in secrets.get(purpose, ()):
            if _equal(asked.get("proof"), _proof(secret, f"{purpose} asks", both)):
                with suppress(OSError):
                    self.send({"proof": _proof(secret, f"{purpose} answers", both).hex()})
                self._sock.settimeout(None)
                return purpose, _proof(secret, "session", both)
        raise Refused(_UNKNOWN)


def _proof(secret: bytes, what: str, both: str) -> bytes:
    return hmac.new(secret, f"runner gang {what} {both}".encode(), "sha256").digest()


def _equal(given: object, wanted: bytes) -> bool:
    return hmac.compare_digest(str(given).encode(), wanted.hex().encode())


def _notice_loss(sock: socket.socket) -> None:
    """Let the kernel find out within about 45 s that the other side's machine is gone (tcp(7))."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for name, value in (("TCP_KEEPIDLE", 15), ("TCP_KEEPINTVL", 5), ("TCP_KEEPCNT", 6), ("TCP_USER_TIMEOUT", 45_000)):
        if hasattr(socket, name):  # not on macOS
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)

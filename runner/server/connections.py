"""Connections of the server: the headers of each request have to arrive in time.

uvicorn limits the time between two requests, and not the time in which a request's headers arrive. A client that sends
a byte a minute would hold a connection for ever.
"""

from __future__ import annotations

import asyncio

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from ..override import override


class TimedConnection(H11Protocol):
    """A connection that is closed if the headers of a request are late."""

    header_seconds = 10.0
    """The time for the headers, in seconds."""
    _late: asyncio.TimerHandle | None = None

    @override
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        """Begin to wait for headers."""
        super().connection_made(transport)
        self._wait()

    @override
    def data_received(self, data: bytes) -> None:
        """Take bytes, and wait as long as they are a part of headers."""
        super().data_received(data)
        self._wait()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._stop()
        super().connection_lost(exc)

    def _wait(self) -> None:
        """Start the timer if headers are expected, unless it runs; else stop it."""
        if self.conn.their_state is not h11.IDLE or self.transport.is_closing():
            self._stop()
        elif self._late is None:
            self._late = self.loop.call_later(self.header_seconds, self.transport.abort)

    def _stop(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None


def timed(seconds: float) -> type[TimedConnection]:
    """Return the class of connections with a time for headers.

    Args:
        seconds: The time.

    """
    return type("TimedConnection", (TimedConnection,), {"header_seconds": seconds})

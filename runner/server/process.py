"""The server's process: its socket, its signals, its end."""

from __future__ import annotations

import asyncio
import ipaddress
import signal
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

import uvicorn

from ..config.serve import ServeConfig
from ..dataclass import dataclass
from ..errors import BadInput
from ..override import override
from .app import application
from .connections import timed
from .context import Context
from .metrics import Metrics

GRACE_SECONDS = 30
"""The time in which calls may end after SIGTERM. Streams of logs end at once."""
_BACKLOG = 1024
_HEADER_BYTES = 16_384


@dataclass(frozen=True)
class Encryption:
    """Files of TLS; empty: connections are not encrypted."""

    certificate: str = ""
    key: str = ""

    def check(self, settings: ServeConfig, *, alone: bool = False) -> None:
        """Raise BadInput if the files cannot be used, or the address needs them.

        Args:
            settings: The address.
            alone: True: nothing can be in front of the server, see `runner ui`. Default: False.

        """
        if bool(self.certificate) != bool(self.key):
            raise BadInput("TLS needs a certificate and its key", remedy="give both: --tls-cert FILE --tls-key FILE")
        if self.certificate:
            try:
                ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(self.certificate, self.key)
            except (OSError, ssl.SSLError) as error:
                what = f"the certificate or its key cannot be used: {error}"
                raise BadInput(what, self.certificate, "give files in PEM format that belong together") from error
        elif not ipaddress.ip_address(settings.host).is_loopback and not settings.behind_proxy:
            proxy = (
                "or, if a proxy in front of it encrypts the connections, write 'serve: {behind_proxy: true}' into "
                "runner.yaml; or listen at 127.0.0.1"
            )
            tunnel = "or listen at 127.0.0.1, and forward the port: ssh -L PORT:127.0.0.1:PORT MACHINE"
            raise BadInput(
                f"tokens would travel in plain text: the server would listen at {settings.host} without TLS",
                remedy=f"give --tls-cert and --tls-key; {tunnel if alone else proxy}",
            )


def bound(settings: ServeConfig) -> socket.socket:
    """Return the socket of the server. Raise BadInput if the address cannot be used.

    Args:
        settings: The address; port 0 stands for any free one.

    """
    family = socket.AF_INET6 if ipaddress.ip_address(settings.host).version == 6 else socket.AF_INET
    try:
        return socket.create_server((settings.host, settings.port), family=family, backlog=_BACKLOG)
    except OSError as error:
        what = f"the server cannot listen at {settings.host}, port {settings.port}: {error.strerror or error}"
        raise BadInput(what, remedy="choose another port: runner serve --port N") from error


def serve(
    context: Context, metrics: Metrics, listening: socket.socket, encryption: Encryption, begun: Callable[[], None]
) -> None:
    """Serve until SIGTERM or SIGINT, and then until the calls that had begun have ended.

    Args:
        context: The surroundings of the server.
        metrics: Its figures.
        listening: Its socket.
        encryption: Its TLS files.
        begun: Called when it answers.

    """
    asyncio.run(server_of(context, metrics, encryption, begun).serve(sockets=[listening]))


def server_of(context: Context, metrics: Metrics, encryption: Encryption, begun: Callable[[], None]) -> uvicorn.Server:
    """Return the server. It serves in `uvicorn.Server.serve` until its `should_exit` is set; see `serve`."""
    limits = context.settings.limits
    config = uvicorn.Config(
        application(context, metrics),
        http=timed(limits.body_seconds),
        ws="none",
        lifespan="off",
        loop="asyncio",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # the address of the client is that of the connection: a trusted proxy is known by it
        limit_concurrency=limits.connections,
        backlog=_BACKLOG,
        timeout_keep_alive=15,
        timeout_graceful_shutdown=GRACE_SECONDS,
        h11_max_incomplete_event_size=_HEADER_BYTES,
        ssl_certfile=encryption.certificate or None,
        ssl_keyfile=encryption.key or None,
    )
    return _Server(config, context, begun)


class _Server(uvicorn.Server):
    """A server that ends well on a signal: uvicorn's own raises the signal again."""

    def __init__(self, config: uvicorn.Config, context: Context, begun: Callable[[], None]) -> None:
        super().__init__(config)
        self._context = context
        self._begun = begun

    @override
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._begun()

    @override
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        if threading.current_thread() is not threading.main_thread():  # which alone gets signals
            yield
            return
        known = {number: signal.signal(number, self._end) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            yield
        finally:
            for number, handler in known.items():
                signal.signal(number, handler)

    def _end(self, number: int, frame: FrameType | None) -> None:
        self._context.stopping.set()
        self.handle_exit(number, frame)

"""Settings of ``runner serve``, and of those who call it."""

from __future__ import annotations

from ..dataclass import dataclass, field

DEFAULT_PORT = 8270


@dataclass(frozen=True, kw_only=True)
class ServeLimits:
    """Limits of one server process."""

    body_bytes: int = 1_048_576
    """The most bytes of a request's body."""
    body_seconds: float = 10.0
    """The longest time in which the headers, and then the body, of a request may arrive, in seconds."""
    requests_per_second: float = 500.0
    """The most calls of one token per second, on average; twice as many at once."""
    submissions_per_second: float = 10.0
    """The most submissions of one token per second, on average; ten times as many at once."""
    submissions: int = 4
    """The number of submissions that are worked on at the same time."""
    waiting: int = 100
    """The most submissions that wait for their turn."""
    connections: int = 1000
    """The most connections at the same time."""


@dataclass(frozen=True, kw_only=True)
class TrustedProxy:
    """A proxy that authenticates users itself and names them in a header."""

    header: str = "X-Forwarded-User"
    """The name of the header."""
    addresses: tuple[str, ...] = ()
    """The IP addresses or networks from which the header is believed, such as `10.0.0.0/8`."""
    scopes: tuple[str, ...] = ("read", "submit")
    """The scopes of these users, as those of a token."""


@dataclass(frozen=True, kw_only=True)
class ServeConfig:
    """Settings of `runner serve`, and the address under which it is reached."""

    url: str = ""
    """The address under which clients reach the server. Default: `http://127.0.0.1:8270`, with the port of `port`."""
    host: str = "127.0.0.1"
    """The IP address to listen at."""
    port: int = DEFAULT_PORT
    """The port to listen at."""
    hosts: tuple[str, ...] = ()
    """Names under which the server answers beside that of `url`, IP addresses, and `localhost` on this machine."""
    behind_proxy: bool = False
    """True if a proxy in front of the server encrypts the connections: it may listen at other addresses without TLS."""
    limits: ServeLimits = field(default_factory=ServeLimits)
    """Limits of one server process."""
    trusted_proxy: TrustedProxy | None = None
    """A proxy that authenticates users. Default: none, every caller needs a token."""

    @property
    def public_url(self) -> str:
        """The address under which clients reach the server, without a slash at its end."""
        return (self.url or f"http://127.0.0.1:{self.port}").rstrip("/")

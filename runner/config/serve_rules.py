"""Rules that the values of ``serve:`` must meet beyond their types (pure)."""

from __future__ import annotations

import re
from collections.abc import Callable

from ..model.reading import Checks, Wrong
from .rules import each, like, text, whole_number
from .serve import ServeConfig, ServeLimits, TrustedProxy

_HEADER = re.compile(r"[A-Za-z0-9-]{1,64}")
_NO_URL = ("this is no address of a server", "write it like https://runner.example.org")
_HOST = re.compile(r"[A-Za-z0-9.-]{1,253}")


def url(value: str) -> Wrong | None:
    """Refuse what is no address of a server."""
    if not value:
        return None
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(value)
        good = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        return _NO_URL
    if not good or parts.query or parts.fragment or parts.username or not value.isprintable() or " " in value:
        return _NO_URL
    if "Id" in f"{parts.netloc}{parts.path}":  # v1's clients cut the address of an endpoint at its first "Id"
        return "an address that holds 'Id' cannot be used by v1's clients", "use another name or path"
    return None


def address(value: str) -> Wrong | None:
    """Refuse what is no IP address."""
    import ipaddress  # few configurations have the section

    try:
        ipaddress.ip_address(value)
    except ValueError:
        return f"{value!r} is no IP address", "write 127.0.0.1, or 0.0.0.0 for every address of this machine"
    return None


def network(value: str) -> Wrong | None:
    """Refuse what is neither an IP address nor a network."""
    import ipaddress

    try:
        found = ipaddress.ip_network(value)
    except ValueError:
        return f"{value!r} is no IP address and no network", "write it like 10.0.0.7 or 10.0.0.0/8"
    if found.prefixlen == 0:
        return f"{value!r} is every address: anybody could name a user", "write the addresses of the proxy"
    return None


def _number(least: float, most: float) -> Callable[[float], Wrong | None]:
    def check(value: float) -> Wrong | None:
        if least <= value <= most:
            return None
        return f"{value} is out of range", f"write a number from {least:g} to {most:g}"

    return check


CHECKS: Checks = {
    (ServeConfig, "url"): url,
    (ServeConfig, "host"): address,
    (ServeConfig, "port"): whole_number(1, 65535),
    (ServeConfig, "hosts"): each(
        like(_HOST, "is no name of a host", "write it like runner.example.org", optional=False)
    ),
    (ServeLimits, "body_bytes"): whole_number(1024, 64 * 1024 * 1024),
    (ServeLimits, "body_seconds"): _number(0.1, 600),
    (ServeLimits, "requests_per_second"): _number(0.1, 1_000_000),
    (ServeLimits, "submissions_per_second"): _number(0.01, 1_000_000),
    (ServeLimits, "submissions"): whole_number(1, 64),
    (ServeLimits, "waiting"): whole_number(0, 10_000),
    (ServeLimits, "connections"): whole_number(1, 100_000),
    (TrustedProxy, "header"): like(_HEADER, "is no name of a header", "write it like X-Forwarded-User", optional=False),
    (TrustedProxy, "addresses"): each(network),
    (TrustedProxy, "scopes"): each(text),
}
"""The rules by dataclass and field."""

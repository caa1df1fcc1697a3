"""The names under which the server answers (pure).

A page of a browser can call a server of this machine under a name of its own that resolves to 127.0.0.1 (DNS
rebinding). So the server answers only under names that it knows. An IP address cannot be such a name.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from urllib.parse import urlsplit

from ..config.serve import ServeConfig


def known_hosts(settings: ServeConfig) -> frozenset[str]:
    """Return the names of hosts that the server answers to, in small letters, beside IP addresses."""
    names = {urlsplit(settings.public_url).hostname or "", *settings.hosts}
    if ipaddress.ip_address(settings.host).is_loopback:
        names.add("localhost")
    return frozenset(name.lower() for name in names if name)


def is_known(header: str, names: Iterable[str]) -> bool:
    """Return True if the server answers to the value of a ``Host`` header.

    Args:
        header: The value: a name or an address, perhaps with a port.
        names: The names of `known_hosts`.

    """
    if not header or not header.isascii() or any(char in header for char in "@/\\? \t,"):
        return False
    try:
        parts = urlsplit(f"//{header}")
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        return False
    return host.rstrip(".") in names or _is_address(host)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True

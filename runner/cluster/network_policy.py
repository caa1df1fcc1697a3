"""The network policy of step pods, with the destinations that were stated (pure)."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from copy import deepcopy

from ..errors import BadInput
from ..model.document import Document

STEPS, DOCTOR, GANGS = "runner-steps", "runner-doctor", "runner-gangs"
"""The names of the policies in manifests/network-policy.yaml."""
METADATA = (
    "169.254.0.0/16",
    "100.100.100.200/32",
    "192.0.0.192/32",
    "168.63.129.16/32",
    "fe80::/10",
    "fd00:ec2::254/128",
)
"""Addresses at which clouds give the credentials of a node to whoever asks on it. No destination opens them."""
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def destination(text: str) -> str:
    """Return an address or a range of addresses as a CIDR.

    Raises:
        BadInput: It is none, or it is the address of a metadata service.

    """
    try:
        found = ipaddress.ip_network(text)
    except ValueError as error:
        raise BadInput(
            f"{text!r} is no address or range of addresses", "--destination", "write it like 10.0.0.0/8"
        ) from error
    if any(found.version == one.version and _is_within(found, one) for one in _metadata()):
        raise BadInput(f"{text} is an address of metadata services", "--destination", "state another one")
    return str(found)


def with_destinations(documents: Sequence[Document], destinations: Sequence[str]) -> tuple[Document, ...]:
    """Return the policies with other destinations.

    Args:
        documents: Those of manifests/network-policy.yaml.
        destinations: CIDRs. Empty: those of the manifest, which are all addresses but metadata services.

    """
    out = tuple(deepcopy(document) for document in documents)
    for document in (one for one in out if destinations and one["metadata"]["name"] in (STEPS, DOCTOR)):
        document["spec"]["egress"][-1]["to"] = [{"ipBlock": _block(ipaddress.ip_network(one))} for one in destinations]
    return out


def _block(network: Network) -> Document:
    inside = [str(one) for one in _metadata() if one.version == network.version and _is_within(one, network)]
    return {"cidr": str(network), **({"except": inside} if inside else {})}


def _is_within(one: Network, other: Network) -> bool:
    return int(other.network_address) <= int(one.network_address) and int(one.broadcast_address) <= int(
        other.broadcast_address
    )


def _metadata() -> list[Network]:
    return [ipaddress.ip_network(one) for one in METADATA]

"""Errors of image registries, with the commands that solve them (pure)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..errors import remedy_line
from .image_reference import registry_host

_REFUSED = re.compile(
    r"denied|unauthorized|authentication required|no basic auth credentials|incorrect username or password|"
    r"insufficient_scope|\b40[13]\b|forbidden",
    re.IGNORECASE,
)
_PLAIN_HTTP = re.compile(r"server gave HTTP response to HTTPS client")
_UNTRUSTED = re.compile(r"x509:|certificate")
_UNREACHABLE = re.compile(
    r"dial tcp|no such host|connection refused|connection reset|i/o timeout|Client\.Timeout|TLS handshake timeout|"
    r"read timed out|context deadline exceeded|network is unreachable|EOF$",
    re.IGNORECASE,
)


def unreachable(error: str) -> bool:
    """Return True if the text of an engine's error means that a registry gave no usable answer at all."""
    return any(pattern.search(error) for pattern in (_UNREACHABLE, _PLAIN_HTTP, _UNTRUSTED))


def explain_registry(what: str, image: str, error: str, *, secrets: Sequence[str] = (), namespace: str = "") -> str:
    """Return a message with the failed action, the registry, the cause, and the commands that solve it.

    Args:
        what: The action that failed.
        image: The image's name with its registry.
        error: The text of the engine's error.
        secrets: The names of the target's image_pull_secrets.
        namespace: The namespace of the Jobs. Empty: the image is for this machine's engine alone.

    Returns:
        Lines for people.

    """
    host = registry_host(image)
    cause, remedies = _cause(host, error)
    if namespace and _REFUSED.search(error):
        remedies = (*remedies, _for_nodes(host, secrets, namespace))
    return "\n".join([f"{what}: {cause}", *map(remedy_line, remedies), f"  | {error.strip()}"])


def _cause(host: str, error: str) -> tuple[str, tuple[str, ...]]:
    if _PLAIN_HTTP.search(error):
        remedy = f'add "{host}" to insecure-registries in the configuration of the Docker engine, and restart it'
        return f"registry {host} speaks plain HTTP, and the Docker engine expects HTTPS", (remedy,)
    if _UNTRUSTED.search(error):
        remedy = f"put the authority's certificate into /etc/docker/certs.d/{host}/ca.crt on the engine's machine"
        return f"the Docker engine does not trust the certificate of registry {host}", (remedy,)
    if _UNREACHABLE.search(error):
        return f"registry {host} does not answer", ("check its name, the network and the proxy of the Docker engine",)
    if _REFUSED.search(error):
        login = "docker login" if host == "docker.io" else f"docker login {host}"
        return f"registry {host} refuses the account of this machine", (login,)
    return f"registry {host} refused it", ()


def _for_nodes(host: str, secrets: Sequence[str], namespace: str) -> str:
    """Return the way to give the cluster's nodes an account of the registry."""
    if secrets:
        return f"the nodes pull with Secret {', '.join(secrets)} of namespace {namespace} (image_pull_secrets)"
    server = "https://index.docker.io/v1/" if host == "docker.io" else host
    return (
        f"for the nodes: kubectl create secret docker-registry NAME --namespace {namespace} "
        f"--docker-server={server} --docker-username=USER --docker-password=PASSWORD, "
        "and image_pull_secrets: [NAME] in the target"
    )

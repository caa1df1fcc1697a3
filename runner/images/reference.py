"""Image references, in the short form people write and the full one that nodes list."""

from __future__ import annotations

_HUB = "docker.io"


def full_name(reference: str) -> str:
    """``python:3.11`` as ``docker.io/library/python:3.11``: how containerd and the kubelet know it.

    The rule is that of the distribution project: a first part with a dot or a colon, or
    ``localhost``, is a registry; without one it is Docker Hub, and there one word is ``library/``.
    """
    first, slash, rest = reference.partition("/")
    if not slash or not ("." in first or ":" in first or first == "localhost"):
        first, rest = _HUB, reference if slash else f"library/{reference}"
    tagged = "@" in rest or ":" in rest.rpartition("/")[2]
    return f"{first}/{rest}" if tagged else f"{first}/{rest}:latest"


def split_tag(reference: str) -> tuple[str, str]:
    """The repository and the tag (``latest`` if none) of a reference without a digest."""
    head, slash, last = reference.rpartition("/")
    name, _, tag = last.partition(":")
    return f"{head}{slash}{name}", tag or "latest"

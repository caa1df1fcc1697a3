"""Image references in their short form and in the full one that nodes list."""

from __future__ import annotations

from ..errors import Problem
from ..model.image_name import image_misfit

_HUB = "docker.io"


def reference_problem(reference: str, where: str) -> Problem | None:
    """Return the problem of a text that cannot name an image.

    Args:
        reference: The text.
        where: The place that names the image, for the message.

    """
    wrong = image_misfit(reference)
    return Problem(wrong[0], where, wrong[1]) if wrong else None


def full_name(reference: str) -> str:
    """Return ``docker.io/library/python:3.11`` for ``python:3.11``, as containerd and the kubelet name it.

    The rule is that of the distribution project. A first part with a dot or a colon, or ``localhost``, is a registry.
    Without one it is Docker Hub, where a single word means ``library/``.
    """
    first, slash, rest = reference.partition("/")
    if not slash or not ("." in first or ":" in first or first == "localhost"):
        first, rest = _HUB, reference if slash else f"library/{reference}"
    tagged = "@" in rest or ":" in rest.rpartition("/")[2]
    return f"{first}/{rest}" if tagged else f"{first}/{rest}:latest"


def split_tag(reference: str) -> tuple[str, str]:
    """Return the repository and the tag (default: ``latest``) of a reference without a digest."""
    head, slash, last = reference.rpartition("/")
    name, _, tag = last.partition(":")
    return f"{head}{slash}{name}", tag or "latest"


def short_name(reference: str) -> str:
    """Return ``python:3.11`` for ``docker.io/library/python:3.11``: the name as people write it."""
    return reference.removeprefix(f"{_HUB}/").removeprefix("library/")


def registry_host(reference: str) -> str:
    """Return the host of the registry that a reference names: ``docker.io`` for a name without one."""
    return full_name(reference).partition("/")[0]


def by_digest(reference: str, digest: str) -> str:
    """Return the reference of an image by its digest in place of its tag."""
    return f"{split_tag(reference)[0]}@{digest}"

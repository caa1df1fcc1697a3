"""The grammar of image references: registry, repository, tag and digest."""

from __future__ import annotations

import re

_HOST = r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])(?::[0-9]+)?"
_PART = r"[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*"
_REFERENCE = re.compile(
    rf"(?:{_HOST}/)?{_PART}(?:/{_PART})*(?::\w[\w.-]{{0,127}})?(?:@[a-z0-9]+:[0-9a-f]{{32,}})?", re.ASCII
)
"""The grammar of references, as the distribution project defines it (distribution/reference/reference.go)."""
_REMEDY = "write [registry/]repository[:tag] in lower case, like python:3.11-slim (a tag may have capitals)"


def image_misfit(reference: str) -> tuple[str, str] | None:
    """Return the problem with a text that cannot name an image, and its remedy, or None.

    Args:
        reference: The text. It may hold a password by mistake: the message then does not show it.

    """
    if _REFERENCE.fullmatch(reference):
        return None
    shown = "this" if "@" in reference or "://" in reference else repr(reference)
    return f"{shown} cannot be the name of an image", _REMEDY

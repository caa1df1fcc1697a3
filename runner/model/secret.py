"""Where the value of a secret comes from. Its value is in no model: plans, tasks and journals know names alone."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..dataclass import dataclass

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,126}")


@dataclass(frozen=True)
class SecretSource:
    """One of the two is set."""

    env: str = ""
    """An environment variable of the process that asks."""
    file: str = ""
    """A file that only its owner can read (0600); the line end at its end is not part of the value."""


def source_misfits(name: str, source: SecretSource) -> Iterator[tuple[str, str]]:
    """What is wrong with a configured secret, and what to do."""
    if not _NAME.fullmatch(name):
        yield f"{name!r} cannot name a secret", "use letters, digits, dash, underscore and dot"
    if bool(source.env) == bool(source.file):
        yield "a secret needs exactly one of 'env' and 'file'", "write {env: VARIABLE} or {file: /path/of/a/0600/file}"

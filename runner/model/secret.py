"""The source of a secret's value. No model holds the value itself: plans, tasks and journals hold only names."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..dataclass import dataclass

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,126}")


@dataclass(frozen=True)
class SecretSource:
    """The source of a secret's value: exactly one field is set."""

    env: str = ""
    """An environment variable of the process that runs `runner run`."""
    file: str = ""
    """A file that only its owner may read (mode 0600). A newline at its end is not part of the value."""


def source_misfits(name: str, source: SecretSource) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with a configured secret, and the remedy."""
    if not _NAME.fullmatch(name):
        yield f"{name!r} cannot name a secret", "use letters, digits, dash, underscore and dot"
    if bool(source.env) == bool(source.file):
        yield "a secret needs exactly one of 'env' and 'file'", "write {env: VARIABLE} or {file: /path/of/a/0600/file}"

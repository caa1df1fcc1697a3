"""Where the value of a secret comes from. Its value is in no model: plans, tasks and journals know names alone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from ..dataclass import dataclass
from ..errors import Problem

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,126}")


@dataclass(frozen=True)
class SecretSource:
    """One of the two is set."""

    env: str = ""
    """An environment variable of the process that asks."""
    file: str = ""
    """A file that only its owner can read (0600); the line end at its end is not part of the value."""


def source_problems(secrets: Mapping[str, SecretSource], where: str) -> Iterator[Problem]:
    """What is wrong with configured secrets; `where` is the file."""
    for name, source in secrets.items():
        if not _NAME.fullmatch(name):
            yield Problem(
                f"{name!r} cannot name a secret", f"{where}: secrets", "use letters, digits, dash, underscore and dot"
            )
        if bool(source.env) == bool(source.file):
            yield Problem(
                "a secret needs exactly one of 'env' and 'file'",
                f"{where}: secrets.{name}",
                "write {env: VARIABLE} or {file: /path/of/a/0600/file}",
            )


def located(secrets: Mapping[str, SecretSource], folder: Path) -> dict[str, SecretSource]:
    """The sources with absolute paths: a relative one, or ``~``, is seen from the configuration file's `folder`."""
    return {
        name: replace(source, file=str(folder / Path(source.file).expanduser())) if source.file else source
        for name, source in secrets.items()
    }

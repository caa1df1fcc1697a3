"""Values that all exports share: texts that every tool takes, ids that follow from those of the run, secrets."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from hashlib import sha256
from uuid import NAMESPACE_URL, UUID, uuid5

from ..dataclass import dataclass
from ..model.document import to_document
from ..model.redaction import REFERENCE, redacted
from ..operations.ended_run import EndedRun

Secret = Callable[[str], str]
"""Returns the value of a secret by its name. It raises BadInput for one without a value."""
SHORT = 250
"""Characters of a name."""


@dataclass(frozen=True)
class Exported:
    """The result of an export."""

    what: str
    """The things that were sent, such as ``a trace of 9 spans``."""
    place: str
    """The place to look at."""


@contextmanager
def quiet(*libraries: str) -> Iterator[None]:
    """Let libraries log nothing: exports report failures themselves, without the values that libraries were given.

    Args:
        *libraries: The names of their loggers.

    """
    loggers = [logging.getLogger(name) for name in libraries]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def text(value: object, most: int = 5000) -> str:
    """Return a value as a text that can be encoded, without logins.

    Args:
        value: A text, or a value that JSON can hold.
        most: The most characters; a longer text ends with an ellipsis.

    """
    plain = value if isinstance(value, str) else json.dumps(to_document(value), ensure_ascii=False)
    plain = redacted(plain.encode("utf-8", "replace").decode().replace("\0", "\N{REPLACEMENT CHARACTER}"))
    return plain if len(plain) <= most else f"{plain[: most - 1]}…"


def number(name: str, size: int) -> int:
    """Return a number that follows from a name, and is not 0.

    Args:
        name: The name.
        size: The size of the number in bytes.

    """
    return int.from_bytes(sha256(name.encode()).digest()[:size], "big") or 1


def uuid_of(name: str) -> UUID:
    """Return a UUID that follows from the id of a run or step run."""
    return uuid5(NAMESPACE_URL, f"runner:{name}")


def milliseconds(at: datetime) -> int:
    """Return a time in milliseconds since the epoch."""
    return int(at.timestamp() * 1000)


def filled(secret: Secret, texts: Mapping[str, str]) -> dict[str, str]:
    """Return texts with the values of the secrets that they name as ``${NAME}``.

    Args:
        secret: Returns the value of a secret by its name.
        texts: The texts by name.

    Raises:
        BadInput: A secret has no value.

    """
    return {name: REFERENCE.sub(lambda found: secret(found[1]), value) for name, value in texts.items()}


def title(run: EndedRun) -> str:
    """Return the name of the run's experiment."""
    said = run.view.state.submission
    return text(said.experiment, SHORT) if said and said.experiment else "run"

"""Rules that the settings of exports must meet beyond their types (pure)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from ..model.reading import Checks, Wrong
from ..model.redaction import REFERENCE, holds_login
from .after_run import MlflowConfig, OpenLineageConfig, OpenTelemetryConfig
from .rules import optional_text, text, whole_number

_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}")
"""A token of HTTP (RFC 9110, 5.6.2)."""
_SECRET_HEADER = re.compile(r"auth|cookie|credential|key|password|secret|signature|token", re.IGNORECASE)
"""Names of headers whose values are secrets."""
_LONGEST = 3600.0
"""The longest time limit of an export, in seconds: a controller lives no longer for it."""


def web_address(value: str) -> Wrong | None:
    """Refuse what is no address of a server, or holds a login."""
    remedy = "write it like https://collector.example.org"
    if holds_login(value) or "@" in value:
        return "the address holds a login", "remove it: a login is a secret of its own (see the fields below)"
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(value)
        good = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
        good = good and not parts.query and not parts.fragment
    except ValueError:
        good = False
    if not good or not value.isprintable() or " " in value:
        return f"{value!r} is no address of a server", remedy
    return None


def tracking_address(value: str) -> Wrong | None:
    """Refuse what is no address of an MLflow server."""
    wrong = web_address(value)
    if wrong is None or wrong[0].startswith("the address holds"):
        return wrong
    return f"{value!r} is no tracking server", "write it like https://mlflow.example.org"


def secret_reference(value: str) -> Wrong | None:
    """Refuse a value in clear text where the name of a secret belongs. The empty text is none."""
    if not value or REFERENCE.fullmatch(value):
        return None
    return "a secret is written in clear text", "name a secret of 'secrets:' instead: ${NAME}"


def headers(values: Mapping[str, str]) -> Wrong | None:
    """Refuse what is no header of HTTP, and secrets in clear text."""
    for name, value in values.items():
        if not _HEADER.fullmatch(name):
            return f"{name!r} is no name of a header", "write letters, digits and '-'"
        if wrong := text(value) if not REFERENCE.search(value) else optional_text(value):
            return f"the value of {name}: {wrong[0] if '://' not in value else 'it cannot be sent'}", wrong[1]
        if _SECRET_HEADER.search(name) and not REFERENCE.search(value):
            return f"the value of {name} is a secret in clear text", "name a secret of 'secrets:' instead: ${NAME}"
    return None


def lineage_misfits(settings: OpenLineageConfig) -> Iterator[Wrong]:
    """Yield what is wrong between the fields of ``openlineage:``."""
    if bool(settings.url) == bool(settings.file):
        yield "openlineage needs exactly one of 'url' and 'file'", "write the address of a server, or a file's path"
    if settings.token and settings.file:
        yield "a file takes no token", "remove the token"


def mlflow_misfits(settings: MlflowConfig) -> Iterator[Wrong]:
    """Yield what is wrong between the fields of ``mlflow:``."""
    if settings.token and (settings.username or settings.password):
        yield "a server takes a token, or a user name and a password", "remove one of them"
    if bool(settings.username) != bool(settings.password):
        yield "a user name and a password belong together", "write both, or neither"


def _seconds(value: float) -> Wrong | None:
    if 1 <= value <= _LONGEST:
        return None
    return f"{value} is no time limit", f"write a number of seconds from 1 to {_LONGEST:.0f}"


def _optional(check: Callable[[str], Wrong | None]) -> Callable[[str], Wrong | None]:
    return lambda value: check(value) if value else None


CHECKS: Checks = {
    (MlflowConfig, "tracking_uri"): tracking_address,
    (MlflowConfig, "experiment"): optional_text,
    (MlflowConfig, "username"): optional_text,
    (MlflowConfig, "password"): secret_reference,
    (MlflowConfig, "token"): secret_reference,
    (MlflowConfig, "artifact_bytes"): whole_number(0, 10 * 1024**3),
    (MlflowConfig, "seconds"): _seconds,
    (OpenTelemetryConfig, "endpoint"): web_address,
    (OpenTelemetryConfig, "headers"): headers,
    (OpenTelemetryConfig, "seconds"): _seconds,
    (OpenLineageConfig, "url"): _optional(web_address),
    (OpenLineageConfig, "file"): optional_text,
    (OpenLineageConfig, "namespace"): optional_text,
    (OpenLineageConfig, "token"): secret_reference,
    (OpenLineageConfig, "seconds"): _seconds,
}
"""The rules by dataclass and field."""

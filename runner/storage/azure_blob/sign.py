"""Shared Key authorization of Azure Storage, as pure functions.

https://learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Mapping
from datetime import datetime, timezone
from urllib.parse import parse_qsl, quote

VERSION = "2021-12-02"
"""The version of the service's interface."""
_STANDARD = (
    "content-encoding", "content-language", "content-length", "content-md5", "content-type", "date",
    "if-modified-since", "if-match", "if-none-match", "if-unmodified-since", "range",
)  # fmt: skip
"""The headers that the text to sign names by their places."""


def encode_path(path: str) -> str:
    """Percent-encode all but RFC 3986's unreserved characters and the slash."""
    return quote(path, safe="/-_.~")


def encode_query(parameters: Mapping[str, str]) -> str:
    """Return the query with its parameters in alphabetical order."""
    return "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in sorted(parameters.items()))


def http_date(at: datetime) -> str:
    """Return a time as HTTP writes it (RFC 9110, 5.6.7), in English whatever the locale is."""
    from email.utils import format_datetime

    return format_datetime(at.astimezone(timezone.utc).replace(microsecond=0), usegmt=True)


def authorization(account: str, key: str, method: str, target: str, headers: Mapping[str, str]) -> str:
    """Return the header ``Authorization`` of a request without a body.

    Args:
        account: The storage account.
        key: Its key, in base64.
        method: The method.
        target: The encoded path and query, as they are sent.
        headers: All headers that are sent, names in lower case; ``x-ms-date`` is one.

    """
    text = text_to_sign(account, method, target, headers)
    digest = hmac.digest(base64.b64decode(key), text.encode(), "sha256")
    return f"SharedKey {account}:{base64.b64encode(digest).decode()}"


def text_to_sign(account: str, method: str, target: str, headers: Mapping[str, str]) -> str:
    """Return the text whose signature the service expects."""
    path, _, query = target.partition("?")
    own = sorted((name, value.strip()) for name, value in headers.items() if name.startswith("x-ms-"))
    parameters = sorted((name.lower(), value) for name, value in parse_qsl(query, keep_blank_values=True))
    resource = f"/{account}{path}" + "".join(f"\n{name}:{value}" for name, value in parameters)
    lines = (method, *(headers.get(name, "") for name in _STANDARD), *(f"{name}:{value}" for name, value in own))
    return "\n".join((*lines, resource))

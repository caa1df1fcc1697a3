"""Requests to the Security Token Service, and what its answers hold.

https://docs.aws.amazon.com/STS/latest/APIReference/API_Operations.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING

from ...model.credentials import Credentials
from .http import BUSY, Answer, Request
from .sign import encode_query
from .xml import parse, text

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_VERSION = "2011-06-15"
_CODE = re.compile(r"[A-Za-z0-9.]{1,64}")
"""Codes are short words. Another text could repeat a part of the request, which may hold a token."""


def sts_request(asked: Mapping[str, str], *, signed: bool = True) -> Request:
    """Return the request with these parameters and the version of the API."""
    headers = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}
    body = encode_query({"Version": _VERSION, **asked}).encode()
    return Request(method="POST", target="/", headers=headers, body=body, again=BUSY, signed=signed)


def keys_in(answer: Answer) -> Credentials | None:
    """Return the keys in an answer; None if it has none."""
    root = parse(answer.body) if answer.status == 200 else None
    keys = next(root.iter(_tag(root, "Credentials")), None) if root is not None else None
    if keys is None:
        return None
    access, secret, token = (text(keys, name) for name in ("AccessKeyId", "SecretAccessKey", "SessionToken"))
    return Credentials(access, secret, token, _seconds(text(keys, "Expiration"))) if access and secret else None


def code_in(answer: Answer) -> str:
    """Return the code of an answer of refusal; empty without one."""
    root = parse(answer.body)
    codes = () if root is None else (text(each, "Code") for each in root.iter())
    return next((code for code in codes if _CODE.fullmatch(code)), "")


def said_in(answer: Answer) -> str:
    """Return status and code of an answer, for messages."""
    code = code_in(answer)
    return f"status {answer.status}" + (f" {code}" if code else "")


def _tag(root: Element, name: str) -> str:
    space, closed, _ = root.tag.rpartition("}")
    return f"{space}{closed}{name}"


def _seconds(written: str) -> float:
    """Return ``2026-01-02T03:04:05Z``, UTC, in seconds since the epoch; 0 for another form."""
    with suppress(ValueError):
        return datetime.fromisoformat(f"{written[:19]}+00:00").timestamp()
    return 0.0

"""AWS Signature Version 4 for S3 and STS, as pure functions.

https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime, timezone
from functools import lru_cache
from urllib.parse import quote

from ...dataclass import dataclass, field
from ...model.credentials import Credentials

UNSIGNED = "UNSIGNED-PAYLOAD"
"""The value in place of the body's digest if the signature does not cover the body. For TLS, which covers it."""

_ALGORITHM = "AWS4-HMAC-SHA256"


@dataclass(frozen=True)
class SigningKey:
    """Credentials with the region and the service they sign for."""

    credentials: Credentials = field(repr=False)
    region: str
    service: str = "s3"


def sign(
    key: SigningKey, method: str, target: str, *, headers: Mapping[str, str], payload: str, at: datetime
) -> dict[str, str]:
    """Return `headers` with those that sign the request; all of them are covered by the signature.

    `target` is the encoded path and query as they are sent (`encode_path`, `encode_query`);
    `headers` must hold ``host``, names in lower case; `payload` is the body's hex SHA-256 or `UNSIGNED`.
    """
    moment = at.astimezone(timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    covered = {**headers, "x-amz-content-sha256": payload, "x-amz-date": moment}
    if key.credentials.session_token:
        covered["x-amz-security-token"] = key.credentials.session_token
    names = ";".join(sorted(covered))
    scope = f"{moment[:8]}/{key.region}/{key.service}/aws4_request"
    request = hashlib.sha256(_canonical(method, target, covered, names).encode()).hexdigest()
    text = f"{_ALGORITHM}\n{moment}\n{scope}\n{request}"
    signature = _hmac(_scoped_key(key.credentials.secret_key, moment[:8], key.region, key.service), text).hex()
    credential = f"{key.credentials.access_key}/{scope}"
    covered["authorization"] = f"{_ALGORITHM} Credential={credential}, SignedHeaders={names}, Signature={signature}"
    return covered


def encode_path(path: str) -> str:
    """Percent-encode all but RFC 3986's unreserved characters and the slash."""
    return quote(path, safe="/-_.~")


def encode_query(parameters: Mapping[str, str]) -> str:
    """Return the query in the order that the signature needs; a parameter without a value keeps its ``=``."""
    pairs = sorted((quote(name, safe="-_.~"), quote(value, safe="-_.~")) for name, value in parameters.items())
    return "&".join(f"{name}={value}" for name, value in pairs)


def _canonical(method: str, target: str, headers: Mapping[str, str], names: str) -> str:
    path, _, query = target.partition("?")
    lines = [f"{name}:{' '.join(headers[name].split())}\n" for name in sorted(headers)]
    return "\n".join((method, path, query, "".join(lines), names, headers["x-amz-content-sha256"]))


@lru_cache(maxsize=32)
def _scoped_key(secret_key: str, day: str, region: str, service: str) -> bytes:
    """Return the signing key of one day, region and service."""
    key = _hmac(f"AWS4{secret_key}".encode(), day)
    for part in (region, service, "aws4_request"):
        key = _hmac(key, part)
    return key


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(), "sha256")

"""The question whether a key may list a prefix, asked before anything is mounted.

A mount succeeds with any key; its reads fail with EIO. This question makes the cause a line of the pod's events.
"""

from __future__ import annotations

import hashlib
import re
import socket
import ssl
import time
from collections.abc import Collection
from datetime import datetime, timezone
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlsplit

from ..model.credentials import Credentials
from ..storage.s3.sign import SigningKey, encode_path, encode_query, sign
from .refusal import Denied, Invalid, Missing, Refusal, Unavailable
from .volume import Volume, is_of_node

SECONDS = 5.0
"""The limit of one silence of the store."""
ATTEMPTS = 3
_PAUSE = 0.5
_LONGEST_ANSWER = 1 << 20
_CODE = re.compile(rb"<Code>([A-Za-z]{1,60})</Code>")
_EMPTY = hashlib.sha256(b"").hexdigest()


def check_access(
    volume: Volume,
    keys: Credentials,
    *,
    own: Collection[str] = (),
    attempts: int = ATTEMPTS,
    pause: float = _PAUSE,
) -> None:
    """Return if the key may list the prefix.

    Args:
        volume: The volume.
        keys: Its keys.
        own: The node's addresses to which the endpoint may not lead. Default: loopback and link-local ones only.
        attempts: How often a store is asked that does not answer. Default: 3.
        pause: Seconds between two of them. Default: 0.5.

    Raises:
        Denied: The store refuses the key.
        Missing: There is no such bucket.
        Unavailable: The store does not answer, or not as S3 does.
        Invalid: The address leads to the node itself, or the authorities are none.
    """
    for left in reversed(range(attempts)):
        try:
            _check_addresses(volume.endpoint, own)
            status, body = _ask(volume, keys)
        except ssl.SSLCertVerificationError as error:
            what = f"the certificate of {volume.endpoint} is not trusted ({error.verify_message})"
            raise Unavailable(f"{what}: name its authority in the target's ca_bundle") from error
        except (OSError, HTTPException) as error:
            if not left:
                raise Unavailable(f"the store at {volume.endpoint} does not answer: {error}") from error
        else:
            if status < 500 or not left:
                return _judge(volume, status, body)
        time.sleep(pause)
    return None


def _judge(volume: Volume, status: int, body: bytes) -> None:
    if status == 200 and b"<ListBucketResult" in body:
        return
    raise refusal_of(volume, status, body)


def refusal_of(volume: Volume, status: int, body: bytes) -> Refusal:
    """Return the error for an answer that is no listing."""
    found = _CODE.search(body)
    code = found[1].decode() if found else ""
    said = f"{code or 'no S3 error'}, HTTP {status}"
    if code == "NoSuchBucket":
        return Missing(f"there is no bucket {volume.bucket!r} at {volume.endpoint} ({said})")
    if status in {401, 403} and code:
        return Denied(f"the store refuses to list {volume.shown} with the key of the volume's Secret ({said})")
    if status in {301, 307} or code == "AuthorizationHeaderMalformed":
        return Unavailable(f"bucket {volume.bucket!r} lies in another region than {volume.region!r} ({said})")
    return Unavailable(f"{volume.endpoint} does not answer as an S3 store does ({said})")


def _ask(volume: Volume, keys: Credentials) -> tuple[int, bytes]:
    """Ask for one key of the listing that a mount makes. Raises OSError, HTTPException and Invalid."""
    parts = urlsplit(volume.endpoint)
    prefix = f"{volume.prefix}/" if volume.prefix else ""
    query = encode_query({"list-type": "2", "max-keys": "1", "delimiter": "/", "prefix": prefix})
    target = f"{encode_path(f'/{volume.bucket}')}?{query}"
    headers = {"host": parts.netloc}
    key = SigningKey(keys, volume.region)
    signed = sign(key, "GET", target, headers=headers, payload=_EMPTY, at=datetime.now(timezone.utc))
    connection = _connection(volume)
    try:
        connection.request("GET", target, headers=signed)
        answer = connection.getresponse()
        return answer.status, answer.read(_LONGEST_ANSWER)
    finally:
        connection.close()


def _connection(volume: Volume) -> HTTPConnection:
    parts = urlsplit(volume.endpoint)
    host = parts.hostname or ""
    if parts.scheme == "http":
        return HTTPConnection(host, parts.port, timeout=SECONDS)
    try:
        trust = ssl.create_default_context(cadata=volume.authorities or None)
    except ssl.SSLError as error:
        raise Invalid("ca.crt in the Secret holds no certificates in PEM") from error
    return HTTPSConnection(host, parts.port, timeout=SECONDS, context=trust)


def _check_addresses(endpoint: str, own: Collection[str]) -> None:
    """Raise Invalid if the name leads to the node or a link-local address.

    rclone asks for the address again, and follows redirects: only the endpoint's administrator can be trusted there.
    """
    parts = urlsplit(endpoint)
    found = socket.getaddrinfo(parts.hostname, parts.port or 0, proto=socket.IPPROTO_TCP)
    addresses = [str(address[4][0]).partition("%")[0] for address in found]
    if any(map(is_of_node, addresses)):
        raise Invalid(f"{endpoint} leads to the node itself or a link-local address")
    mine = sorted(set(addresses) & set(own))
    if mine:
        what = f"{endpoint} leads to {mine[0]}, which is the node itself"
        raise Invalid(f"{what}: state that address in ENDPOINTS of the mounter too, if the store listens there")

"""Errors for S3 answers of refusal, each with a remedy.

https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
"""

from __future__ import annotations

from datetime import datetime

from ...dataclass import dataclass
from ...errors import ObjectMissing, StoreDenied, StoreError, StoreUnreachable
from .credential_refresh import SKEW_SECONDS, server_time
from .http import BUSY, Answer
from .xml import parse

_DENIED = {
    "InvalidAccessKeyId": "the store does not know this access key; check the credentials file",
    "SignatureDoesNotMatch": "the secret key is not that of the access key; check the credentials file or the region",
    "AccessDenied": "the access key is valid but may not do this; ask for read and write access to the bucket",
    "ExpiredToken": "the credentials have expired; make new ones",
}
_FAILED = {
    "XAmzContentSHA256Mismatch": "the content changed on its way; send it again",
    "XMinioParentIsObject": "this server cannot hold an object and others below its name; rename one",
}
_OTHER_REGION = ("AuthorizationHeaderMalformed", "PermanentRedirect", "TemporaryRedirect")
_MESSAGE_CHARACTERS = 300
_FULL = 507
"""Insufficient Storage (RFC 4918, 11.5), as MinIO reports a full disk: temporary, since space may be made."""


@dataclass(frozen=True)
class RequestTarget:
    """The endpoint, bucket and key of a request."""

    endpoint: str
    bucket: str
    key: str = ""


def code_of(answer: Answer) -> str:
    """Return the S3 error code of an answer, or nothing. MinIO puts it in a header for HEAD, which has no body."""
    return _parse(answer.body).get("Code", "") or answer.headers.get("x-minio-error-code", "")


def error_of(answer: Answer, place: RequestTarget, now: datetime) -> StoreError:
    """Return the error for an answer of status 300 and above."""
    code = code_of(answer)
    if code == "NoSuchBucket":
        return StoreError(f"no bucket {place.bucket!r} at {place.endpoint}: create it, or correct the store's bucket")
    if answer.status == 404 and code in ("NoSuchKey", "NoSuchVersion"):
        return ObjectMissing(f"no object {place.key!r} in bucket {place.bucket!r} at {place.endpoint}")
    if answer.status in (401, 403) or code == "ExpiredToken":
        return _denied(answer, code, place, now)
    if elsewhere := _other_region(answer, code):
        where = f"bucket {place.bucket!r} at {place.endpoint}"
        return StoreError(f"{where} is in {elsewhere} (status {answer.status}): correct `region` of the store")
    said = f"status {answer.status}" + (f" {code}" if code else "")
    where = _where(place)
    if answer.status == _FULL:
        return StoreUnreachable(f"the object store is full ({said}; {where}): make room there, then try again")
    if answer.status in BUSY:
        return StoreUnreachable(f"the object store cannot serve now ({said}; {where}); try again later")
    if not code:
        return not_s3_error(said, place)
    remedy = _FAILED.get(code) or _legible(_parse(answer.body).get("Message", ""))
    return StoreError(f"the object store refused ({said}; {where}): {remedy}")


def not_s3_error(said: str, place: RequestTarget) -> StoreError:
    """Return the error for an answer that no S3 server gives.

    Args:
        said: A short description of the answer.
        place: The request's target.
    """
    return StoreError(_not_s3(said, place))


def _not_s3(said: str, place: RequestTarget) -> str:
    return (
        f"this does not answer like an S3 server ({said}; {_where(place)}): "
        "check the endpoint, and any proxy on the way to it"
    )


def _where(place: RequestTarget) -> str:
    return f"{place.endpoint}, bucket {place.bucket!r}" + (f", key {place.key!r}" if place.key else "")


def _legible(message: str) -> str:
    """Return a message of the server as one line of printable text, cut to a maximum."""
    return "".join(char if char.isprintable() else " " for char in message[:_MESSAGE_CHARACTERS])


def _other_region(answer: Answer, code: str) -> str:
    """Return the region that the store names for the bucket; empty if the answer is about something else.

    An answer to HEAD has no body; AWS names the region in a header then.
    """
    named = _parse(answer.body).get("Region", "") or answer.headers.get("x-amz-bucket-region", "")
    if code in _OTHER_REGION or (not code and answer.status in (301, 307, 400) and named):
        return f"region {named!r}" if named else "another region"
    return ""


def _denied(answer: Answer, code: str, place: RequestTarget, now: datetime) -> StoreError:
    theirs = server_time(answer.headers)
    skew = (now - theirs).total_seconds() if theirs else 0.0
    where = f"bucket {place.bucket!r} at {place.endpoint}"
    if code == "RequestTimeTooSkewed" or (not code and abs(skew) > SKEW_SECONDS):
        side = "ahead of" if skew > 0 else "behind"
        # A clock that lags after a sleep is corrected within minutes, so a retry makes sense.
        return StoreUnreachable(
            f"access to {where} denied (RequestTimeTooSkewed): the clocks differ by {abs(skew):.0f} s, "
            f"this machine is {side} the store; set its clock right"
        )
    if answer.body and not code:
        return StoreUnreachable(_not_s3(f"status {answer.status}", place))
    remedy = _DENIED.get(code, "check the credentials and their permissions")
    return StoreDenied(f"access to {where} denied ({code or answer.status}): {remedy}")


def _parse(body: bytes) -> dict[str, str]:
    """Return the texts of an ``<Error>`` document by tag; empty if the body is something else."""
    if b"<Error" not in body:
        return {}
    root = parse(body)
    return {} if root is None else {element.tag.rpartition("}")[2]: element.text or "" for element in root}

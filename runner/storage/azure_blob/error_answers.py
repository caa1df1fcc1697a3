"""Errors for answers of refusal, each with a remedy.

https://learn.microsoft.com/rest/api/storageservices/blob-service-error-codes
"""

from __future__ import annotations

from datetime import datetime
from urllib.parse import parse_qs

from ...errors import ObjectMissing, StoreDenied, StoreError, StoreUnreachable
from ..s3.http import BUSY, Answer
from ..s3.xml import parse, text
from .address import Container

_NO_CONTAINER = frozenset({"ContainerNotFound", "ContainerBeingDeleted", "ContainerDisabled"})
_NOT_PUBLIC = frozenset({"ResourceNotFound", "PublicAccessNotPermitted", "NoAuthenticationInformation"})
_MAY_NOT = frozenset(
    {"AuthorizationPermissionMismatch", "AuthorizationServiceMismatch", "AuthorizationResourceTypeMismatch"}
)
_FIREWALL = "AuthorizationFailure"


def code_of(answer: Answer) -> str:
    """Return the service's code of an error, which a header has too, since HEAD has no body; empty if it has none."""
    told = answer.headers.get("x-ms-error-code", "")
    if told or b"<Error" not in answer.body:
        return told
    root = parse(answer.body)
    return "" if root is None else text(root, "Code")


def error_of(answer: Answer, container: Container, key: str, now: datetime) -> StoreError:
    """Return the error for an answer of status 300 and above.

    Args:
        answer: The answer.
        container: The container.
        key: The key of the blob. Empty: the container.
        now: The time, to tell whether a signature has ended.

    """
    code = code_of(answer)
    said = f"status {answer.status}" + (f" {code}" if code else "")
    where = f"container {container.container!r} at {container.endpoint}"
    if code in _NO_CONTAINER:
        return StoreError(f"there is no {where} ({said}): correct the name of the container or the account")
    if code == "BlobNotFound":
        return ObjectMissing(f"no blob {container.prefix + key!r} in {where}")
    if code in _NOT_PUBLIC or answer.status in (401, 403):
        return StoreDenied(f"access to {where} denied ({said}): {_remedy(code, container, now)}")
    if code == "BlobArchived":
        return StoreError(
            f"blob {container.prefix + key!r} in {where} is in the archive tier ({said}): "
            "move it to the hot or cool tier, which takes hours, and try again"
        )
    if answer.status in BUSY:
        return StoreUnreachable(f"the store cannot serve now ({said}; {where}); try again later")
    if not code:
        return StoreError(
            f"this does not answer like Azure Blob Storage ({said}; {where}): "
            "check the endpoint, and any proxy on the way to it"
        )
    return StoreError(f"the store refused ({said}; {where}, blob {container.prefix + key!r})")


def _remedy(code: str, container: Container, now: datetime) -> str:
    if not container.account_key and not container.sas_token:
        return "it is not public: give an account key or a SAS token with the permissions read and list"
    if container.sas_token:
        ends = _end(container.sas_token)
        if ends is not None and ends < now:
            return f"the SAS token ended at {ends:%Y-%m-%d %H:%M} UTC; make a new one"
        if code in _MAY_NOT or code == _FIREWALL:
            return "the SAS token does not allow it: it needs the permissions read and list (sp=rl) of the container"
        return "the SAS token is wrong or was revoked; make a new one"
    if code == _FIREWALL:
        return "the key is wrong, or the account's network rules refuse this address; check both"
    return f"the key is not that of the account {container.account!r}; check the credentials"


def _end(token: str) -> datetime | None:
    """Return the end of a SAS token (``se``), UTC; None if it states none."""
    written = parse_qs(token).get("se", [""])[0]
    try:
        if "T" not in written:
            return datetime.fromisoformat(f"{written}T00:00:00+00:00")
        return datetime.fromisoformat(written[:19].rstrip("Z") + "+00:00")
    except ValueError:
        return None

"""Temporary keys by AssumeRole of the Security Token Service, confined by a session policy.

MinIO and Ceph answer at the store's own address:
https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
"""

from __future__ import annotations

import math
import re
import time
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from ...errors import StoreDenied, StoreError, StoreUnreachable
from ...model.credentials import Credentials
from ...model.grants import Grants
from ...model.store_endpoint import BucketEndpoint
from ...model.task import TaskId
from .credential_refresh import Renew
from .http import BUSY, Answer, Endpoint, Request, RetryPolicy
from .session_policy import policy_texts
from .sign import encode_query
from .xml import parse, text

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

SHORTEST = 900
"""Seconds: no server makes keys for less. The policy ends them earlier."""
LONGEST = 7 * 24 * 3600
"""Seconds: MinIO's limit."""
_SHORTER = (12 * 3600, 3600)
"""Seconds to ask for if a server refuses more: AWS's limits of a role and of a role's default."""
_VERSION = "2011-06-15"
_TOO_LONG = ("ValidationError", "InvalidParameterValue")
_POLICY_TOO_LARGE = ("PackedPolicyTooLarge", "PackedPolicyTooLargeException")
"""AWS packs policies, and the packed size has a limit that the text does not show."""
_POLICY_REFUSED = (*_POLICY_TOO_LARGE, "MalformedPolicyDocument", "MalformedPolicy")
_REFUSED = ("AccessDenied", "InvalidClientTokenId", "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken")


class StsMinter:
    """A `CredentialMinter` for one store."""

    def __init__(self, bucket_endpoint: BucketEndpoint, renew: Renew | None = None) -> None:
        """Connect on the first request. Raise BadInput for an invalid endpoint.

        Args:
            bucket_endpoint: The store as this machine reaches it, with keys that may do all that the minted ones may.
            renew: Returns the endpoint with its present keys. Default: None, they never change.
        """
        self._store = bucket_endpoint
        self._renew = renew
        at = bucket_endpoint.sts_endpoint or bucket_endpoint.endpoint
        place = replace(bucket_endpoint, endpoint=at, host_style=False)
        self._endpoint = Endpoint(place, RetryPolicy(), renew, service="sts")

    def mint(self, attempt: TaskId, grants: Grants, expires: float) -> Credentials:
        """Return keys that open `grants` until `expires`. Raise StoreError, BadInput: see `CredentialMinter`."""
        left = expires - time.time()
        until = expires if left < SHORTEST else 0.0
        wanted = min(max(math.ceil(left), SHORTEST), LONGEST)
        policies = policy_texts(self._store.bucket, self._store.prefix, grants, until)
        answer = self._ask(attempt, policy := next(policies), wanted)
        while _code(answer) in _POLICY_TOO_LARGE and (coarser := next(policies, None)):
            answer = self._ask(attempt, policy := coarser, wanted)
        for seconds in (shorter for shorter in _SHORTER if shorter < wanted):
            if answer.status != 400 or _code(answer) not in _TOO_LONG:
                break
            answer = self._ask(attempt, policy, seconds)
        found = _credentials(answer)
        if found is None:
            raise self._refused(answer)
        return replace(found, expires=min(found.expires, until)) if until else found

    def close(self) -> None:
        """Close the idle connections."""
        self._endpoint.close()

    def _ask(self, attempt: TaskId, policy: str, seconds: int) -> Answer:
        asked = {
            "Action": "AssumeRole",
            "Version": _VERSION,
            "DurationSeconds": str(seconds),
            "Policy": policy,
            "RoleSessionName": _session_name(attempt),
            **({"RoleArn": self._store.role} if self._store.role else {}),
        }
        headers = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}
        request = Request(method="POST", target="/", headers=headers, body=encode_query(asked).encode(), again=BUSY)
        return self._endpoint.ask(request)

    def _refused(self, answer: Answer) -> StoreError:
        code = _code(answer)
        at = self._store.sts_endpoint or self._store.endpoint
        said = f"status {answer.status}" + (f" {code}" if code else "")
        if answer.status in BUSY and code != "NotImplemented":
            return StoreUnreachable(f"{at} cannot make temporary keys now ({said})")
        if code in _REFUSED:
            return StoreDenied(f"{at} refuses to make temporary keys ({said})")
        if code in _POLICY_REFUSED:
            return StoreError(f"{at} refuses the policy of temporary keys ({said})")
        return StoreError(f"{at} makes no temporary keys: it has no AssumeRole ({said})")


def _credentials(answer: Answer) -> Credentials | None:
    """Return the keys in an answer; None if it has none."""
    root = parse(answer.body) if answer.status == 200 else None
    keys = next(root.iter(_tag(root, "Credentials")), None) if root is not None else None
    if keys is None:
        return None
    access, secret, token = (text(keys, name) for name in ("AccessKeyId", "SecretAccessKey", "SessionToken"))
    return Credentials(access, secret, token, _seconds(text(keys, "Expiration"))) if access and secret else None


def _code(answer: Answer) -> str:
    """Return the code of an answer of refusal; empty without one."""
    root = parse(answer.body)
    return "" if root is None else next((found for each in root.iter() for found in [text(each, "Code")] if found), "")


def _tag(root: Element, name: str) -> str:
    space, closed, _ = root.tag.rpartition("}")
    return f"{space}{closed}{name}"


def _seconds(written: str) -> float:
    """Return ``2026-01-02T03:04:05Z``, UTC, in seconds since the epoch; 0 for another form."""
    with suppress(ValueError):
        return datetime.fromisoformat(f"{written[:19]}+00:00").timestamp()
    return 0.0


def _session_name(attempt: TaskId) -> str:
    """Return the name by which the server's own logs know the attempt."""
    return re.sub(r"[^A-Za-z0-9=,.@-]+", "-", f"{attempt.attempt}.{attempt.run[-16:]}.{attempt.key}")[:64].ljust(2, "-")

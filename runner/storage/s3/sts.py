"""Temporary keys by AssumeRole of the Security Token Service, confined by a session policy.

For a web identity they come from its token directly, with the policy (AssumeRoleWithWebIdentity). AssumeRole with the
temporary keys of that identity would be role chaining, which AWS limits to an hour, and MinIO refuses it.

MinIO and Ceph answer at the store's own address:
https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Mapping
from dataclasses import replace

from ...errors import BadInput, Problem, RunnerError, StoreDenied, StoreError, StoreUnreachable
from ...model.credentials import Credentials
from ...model.grants import Grants
from ...model.store_endpoint import BucketEndpoint
from ...model.task import TaskId
from .credential_refresh import Renew
from .http import BUSY, Answer, Endpoint, RetryPolicy
from .session_policy import policy_texts
from .sts_answers import code_in, keys_in, said_in, sts_request
from .web_identity import ENDED, WebIdentity, identity_of

SHORTEST = 900
"""Seconds: no server makes keys for less. The policy ends them earlier."""
LONGEST = 7 * 24 * 3600
"""Seconds: MinIO's limit."""
_SHORTER = (12 * 3600, 3600)
"""Seconds to ask for if a server refuses more: AWS's limits of a role and of a role's default."""
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
        self._identity = identity_of(bucket_endpoint) if bucket_endpoint.web_identity else None

    def mint(self, attempt: TaskId, grants: Grants, expires: float) -> Credentials:
        """Return keys that open `grants` until `expires`. Raise StoreError, BadInput: see `CredentialMinter`."""
        left = expires - time.time()
        until = expires if left < SHORTEST else 0.0
        wanted = min(max(math.ceil(left), SHORTEST), LONGEST)
        policies = policy_texts(self._store.bucket, self._store.prefix, grants, until)
        answer = self._ask(attempt, policy := next(policies), wanted)
        while code_in(answer) in _POLICY_TOO_LARGE and (coarser := next(policies, None)):
            answer = self._ask(attempt, policy := coarser, wanted)
        for seconds in (shorter for shorter in _SHORTER if shorter < wanted):
            if answer.status != 400 or code_in(answer) not in _TOO_LONG:
                break
            answer = self._ask(attempt, policy, seconds)
        found = keys_in(answer)
        if found is None:
            raise self._refused(answer)
        return replace(found, expires=min(found.expires, until)) if until else found

    def close(self) -> None:
        """Close the idle connections."""
        self._endpoint.close()

    def _ask(self, attempt: TaskId, policy: str, seconds: int) -> Answer:
        session, more = _session_name(attempt), {"DurationSeconds": str(seconds), "Policy": policy}
        if self._identity is not None:
            return _while_renewed(self._identity, session, more)
        role = {"RoleArn": self._store.role} if self._store.role else {}
        return self._endpoint.ask(sts_request({"Action": "AssumeRole", "RoleSessionName": session, **more, **role}))

    def _refused(self, answer: Answer) -> RunnerError:
        code = code_in(answer)
        at = self._store.sts_endpoint or self._store.endpoint
        said = said_in(answer)
        if answer.status in BUSY and code != "NotImplemented":
            return StoreUnreachable(f"{at} cannot make temporary keys now ({said})")
        if code in _REFUSED and self._identity is None:
            return StoreDenied(f"{at} refuses to make temporary keys ({said})")
        if code in _POLICY_REFUSED:
            return StoreError(f"{at} refuses the policy of temporary keys ({said})")
        if self._identity is not None:
            error = self._identity.refusal(answer)
            return _passing(error) if code in ENDED else error
        return StoreError(f"{at} makes no temporary keys: it has no AssumeRole ({said})")


def _while_renewed(identity: WebIdentity, session: str, more: Mapping[str, str]) -> Answer:
    try:
        return identity.ask(session, more)
    except BadInput as error:
        raise _passing(error) from None


def _passing(error: RunnerError) -> StoreUnreachable:
    """Return the error of a token that may be renewed soon: it is no reason to hand out the keys of a whole store."""
    (problem,) = error.problems if isinstance(error, BadInput) else (Problem(str(error)),)
    return StoreUnreachable(f"{problem.what}: {problem.remedy}" if problem.remedy else problem.what)


def _session_name(attempt: TaskId) -> str:
    """Return the name by which the server's own logs know the attempt."""
    return re.sub(r"[^A-Za-z0-9=,.@-]+", "-", f"{attempt.attempt}.{attempt.run[-16:]}.{attempt.key}")[:64].ljust(2, "-")

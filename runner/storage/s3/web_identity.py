"""Keys for the holder of a token file and a role, by AssumeRoleWithWebIdentity.

https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
"""

from __future__ import annotations

import os
import stat
import threading
import time
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Callable

from ...datastores import BucketConfig, bucket_endpoints
from ...errors import BadInput, RunnerError, StoreUnreachable
from ...model.credentials import Credentials
from ...model.store_endpoint import BucketEndpoint, StepStores, StoreEndpoint
from .http import BUSY, Answer, Endpoint, RetryPolicy
from .sts_answers import code_in, keys_in, said_in, sts_request

TOKEN_VARIABLE = "AWS_WEB_IDENTITY_TOKEN_FILE"  # noqa: S105 - the name of a variable
"""In the pod of a controller it goes before the file in the settings, whose path is that of another machine."""
ROLE_VARIABLE = "AWS_ROLE_ARN"
_LARGEST = 64 << 10
"""Bytes of a token. Tokens of clusters have one or two thousand."""
_SOONEST, _LATEST = 60.0, 1800.0
"""Seconds after which keys are replaced: half of their time, within these limits. They last an hour by default. The
limits count for a clock that is wrong.
"""
_RETRY = 30.0
"""Seconds after a failed replacement of keys that are still valid."""
ENDED = ("ExpiredTokenException", "ExpiredToken")
"""Codes for a token that has ended. A newer one may be in its file soon."""
_NOT_ACCEPTED = ("InvalidIdentityToken", "IDPRejectedClaim", "InvalidClientTokenId", "InvalidParameterValue")
_NO_ROLE = ("ValidationError", "MissingParameter", "InvalidParameterCombination")
_PROVIDER_AWAY = "IDPCommunicationError"


class WebIdentity:
    """The holder of a token file. Any number of threads may use it."""

    def __init__(self, at: str, role: str, file: str) -> None:
        """Connect on the first request. Raise BadInput for an invalid address.

        Args:
            at: The URL of the token service.
            role: The role that the keys have (its ARN). Empty: the server derives the rights from the token.
            file: The file with the token. It is read for each request, since whoever wrote it renews it.
        """
        self._at, self._role, self._file = at, role, file
        self._endpoint = Endpoint(BucketEndpoint(bucket="", endpoint=at), RetryPolicy(), service="sts")
        self._lock = threading.Lock()
        self._keys: Credentials | None = None
        self._replace_at = 0.0

    def keys(self) -> Credentials:
        """Return keys with the rights of the role, new ones once half of their time is over.

        Raises:
            BadInput: The token file cannot be used, or the server refuses it. Never holds the token.
            StoreUnreachable: The server does not answer now.
        """
        with self._lock:
            now = time.time()
            if self._keys is not None and now < self._replace_at:
                return self._keys
            try:
                made = self._made()
            except RunnerError:
                if self._keys is None or now >= self._keys.expires:
                    raise
                self._replace_at = now + _RETRY
                return self._keys
            self._keys, self._replace_at = made, now + min(max((made.expires - now) / 2, _SOONEST), _LATEST)
            return made

    def ask(self, session: str, more: Mapping[str, str]) -> Answer:
        """Return the answer to a request for keys, whatever its status.

        Args:
            session: The name by which the server's logs know the keys.
            more: Further parameters, as ``Policy``.

        Raises:
            BadInput: The token file cannot be used.
            StoreUnreachable: The server does not answer.
        """
        asked = {
            "Action": "AssumeRoleWithWebIdentity",
            "RoleSessionName": session,
            "WebIdentityToken": self._token(),
            **({"RoleArn": self._role} if self._role else {}),
            **more,
        }
        return self._endpoint.ask(sts_request(asked, signed=False))

    def refusal(self, answer: Answer) -> RunnerError:
        """Return the error of an answer without keys, with cause and remedy."""
        code, said = code_in(answer), said_in(answer)
        if (answer.status in BUSY and code != "NotImplemented") or code == _PROVIDER_AWAY:
            return StoreUnreachable(f"{self._at} cannot make keys for a web identity now ({said})")
        if code in ENDED:
            what = f"the web identity token in {self._file} has ended ({said})"
            return BadInput(what, remedy="renew the file; the kubelet renews projected tokens, nobody renews a copy")
        if code in _NOT_ACCEPTED:
            what = f"{self._at} does not accept the web identity token in {self._file} ({said})"
            remedy = "check the token's issuer and audience (sts.amazonaws.com at AWS), and that the server knows both"
            return BadInput(what, remedy=remedy)
        role = f"role {self._role}" if self._role else f"no role (neither `role` nor {ROLE_VARIABLE} names one)"
        if code == "AccessDenied":
            what = f"{self._at} refuses keys to the web identity token in {self._file}, {role} ({said})"
            remedy = "let the role's trust policy allow sts:AssumeRoleWithWebIdentity to the token's issuer and subject"
            return BadInput(what, remedy=remedy)
        if code in _NO_ROLE:
            return BadInput(f"{self._at} refuses {role} ({said})", remedy="correct `role` of the store")
        what = f"{self._at} has no AssumeRoleWithWebIdentity ({said})"
        return BadInput(what, remedy="set `sts_endpoint`, like https://sts.eu-central-1.amazonaws.com")

    def _made(self) -> Credentials:
        answer = self.ask("runner", {})
        found = keys_in(answer)
        if found is None:
            raise self.refusal(answer)
        return found

    def _token(self) -> str:
        """Return the token as it is now. Raise BadInput."""
        what = f"the web identity token file {self._file} cannot be used"
        remedy = "name the file of a projected token in `web_identity`, and let this user read it"
        try:
            # O_NONBLOCK: without it, opening a pipe waits for a writer.
            with open(os.open(self._file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:  # noqa: PTH123 - a descriptor
                regular = stat.S_ISREG(os.fstat(file.fileno()).st_mode)
                data = file.read(_LARGEST + 1) if regular else b""
        except OSError as error:
            raise BadInput(f"{what}: {error.strerror}", remedy=remedy) from None
        token = data.strip()
        if not regular or len(data) > _LARGEST:
            raise BadInput(f"{what}: it is no regular file of at most {_LARGEST} bytes", remedy=remedy)
        if not token or not token.isascii():
            problem = "it holds no token" if token else "it is empty"
            raise BadInput(f"{what}: {problem}", remedy=remedy)
        return token.decode("ascii")


def identity_of(endpoint: BucketEndpoint) -> WebIdentity:
    """Return the holder of an endpoint's token file, the same one for the same settings. Raises BadInput."""
    role = endpoint.role or os.environ.get(ROLE_VARIABLE, "")
    return _identity(endpoint.sts_endpoint or endpoint.endpoint, role, endpoint.web_identity)


def configured_endpoints(store: BucketConfig, where: str) -> tuple[BucketEndpoint, BucketEndpoint]:
    """Return the bucket as this machine and as a pod sees it, with its keys of now.

    Args:
        store: The settings.
        where: Their place, for messages.

    Raises:
        BadInput: The credentials are unusable, or the server refuses the web identity.
        StoreUnreachable: The server that makes keys for a web identity does not answer now.
    """
    near, cluster = bucket_endpoints(store, where)
    if not near.web_identity:
        return near, cluster
    try:
        keys = identity_of(near).keys()
    except BadInput as error:
        (problem,) = error.problems
        raise BadInput(problem.what, where, problem.remedy) from None
    return replace(near, credentials=keys), replace(cluster, credentials=keys)


def without_sessions(stores: StepStores) -> StepStores:
    """Return the stores without the keys of web identities, for a controller that makes its own."""
    return _each(stores, lambda bucket: replace(bucket, credentials=Credentials()))


def with_sessions(stores: StepStores) -> StepStores:
    """Return the stores with keys that the web identity of this pod has now. Raises as `configured_endpoints` does."""

    def here(bucket: BucketEndpoint) -> BucketEndpoint:
        mine = replace(bucket, web_identity=os.environ.get(TOKEN_VARIABLE) or bucket.web_identity)
        return replace(mine, credentials=identity_of(mine).keys())

    return _each(stores, here)


def _each(stores: StepStores, change: Callable[[BucketEndpoint], BucketEndpoint]) -> StepStores:
    """Return the stores with each bucket that has a web identity changed."""

    def of(endpoint: StoreEndpoint) -> StoreEndpoint:
        return change(endpoint) if isinstance(endpoint, BucketEndpoint) and endpoint.web_identity else endpoint

    workspace = change(stores.workspace) if stores.workspace.web_identity else stores.workspace
    return replace(stores, workspace=workspace, datastores={name: of(one) for name, one in stores.datastores.items()})


@lru_cache(maxsize=None)
def _identity(at: str, role: str, file: str) -> WebIdentity:
    return WebIdentity(at, role, file)

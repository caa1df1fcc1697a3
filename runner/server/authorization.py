"""The caller of a request: the owner of a bearer token, or the user whom a trusted proxy names.

Status and headers follow RFC 6750 (https://www.rfc-editor.org/rfc/rfc6750#section-3).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

from starlette.requests import HTTPConnection

from ..config.serve import ServeConfig, TrustedProxy
from ..errors import BadInput
from ..operations.tokens import Verifier
from ..ports import Clock
from .context import Caller
from .limits import Rate
from .problems import Refusal

_REALM = 'Bearer realm="runner"'
_LONGEST = 255
"""Characters of a user's name."""
_FAILURES_PER_SECOND = 5.0
_FAILURES_AT_ONCE = 50.0
"""Calls without a valid token from one address: each may cost a request to the store."""
_MAKE = "make a token: runner token create NAME --scope read (or submit), and send it: Authorization: Bearer TOKEN"


class Authorization:
    """Finds the caller of a request. It may be used by several threads at once."""

    def __init__(self, verifier: Verifier, settings: ServeConfig, clock: Clock) -> None:
        """Remember the settings.

        Args:
            verifier: Verifies tokens.
            settings: The section ``serve:``.
            clock: The clock of the limit for wrong tokens.

        """
        self._verifier = verifier
        self._proxy = settings.trusted_proxy
        self._networks = [ipaddress.ip_network(one) for one in self._proxy.addresses] if self._proxy else []
        self._failures = Rate(_FAILURES_PER_SECOND, _FAILURES_AT_ONCE, clock.monotonic)

    def __call__(self, request: HTTPConnection) -> Caller:
        """Return the caller. A token precedes the proxy's header.

        Args:
            request: The request.

        Raises:
            Refusal: 401: there is no valid token; 429: too many wrong ones came from this address.
            StoreError: The store does not answer.

        """
        given = request.headers.getlist("authorization")
        if given:
            return self._of_token(given, request)
        if self._proxy is not None and self._is_proxy(request):
            return _of_header(self._proxy, request.headers.getlist(self._proxy.header))
        raise unauthorized("the call has no token", "", _MAKE)

    def _of_token(self, given: Sequence[str], request: HTTPConnection) -> Caller:
        scheme, _, text = given[0].partition(" ")
        if len(given) > 1 or scheme.lower() != "bearer":
            raise unauthorized("the call has no bearer token", "", _MAKE)
        sender = request.client.host if request.client else ""
        counted = False

        def asking() -> None:
            nonlocal counted
            counted = True
            self._failures.take(sender)  # first: otherwise an invented token costs a request to the store each time

        try:
            record = self._verifier.verify(text.strip(" "), asking)
        except BadInput as error:
            if not counted:
                self._failures.take(sender)
            problem = error.problems[0]
            raise unauthorized(problem.what, "invalid_token", problem.remedy) from None
        if counted:
            self._failures.give_back(sender)
        return Caller(id=record.id, name=record.name, user=record.user, scopes=record.scopes)

    def _is_proxy(self, request: HTTPConnection) -> bool:
        try:
            address = ipaddress.ip_address(request.client.host if request.client else "")
        except ValueError:
            return False
        if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        return any(address in network for network in self._networks)


def _of_header(proxy: TrustedProxy, given: Sequence[str]) -> Caller:
    """Return the user whom the proxy names. Two headers mean that one came from the client."""
    user = given[0].strip() if len(given) == 1 else ""
    if not user or len(user) > _LONGEST or not user.isprintable():
        raise unauthorized(f"the proxy names no user in {proxy.header}", "", "log in at the proxy, or send a token")
    return Caller(id=f"proxy:{user}", name=user, user=user, scopes=proxy.scopes, by_proxy=True)


def unauthorized(what: str, error: str, remedy: str) -> Refusal:
    """Return the refusal of a caller whom nobody knows.

    Args:
        what: What is wrong.
        error: The code of RFC 6750. Empty: the call had no token.
        remedy: What the caller can do.

    """
    challenge = f'{_REALM}, error="{error}"' if error else _REALM
    return Refusal(401, what, remedy, headers={"WWW-Authenticate": challenge})


def forbidden(scope: str) -> Refusal:
    """Return the refusal of a caller without a scope.

    Args:
        scope: The missing scope.

    """
    challenge = f'{_REALM}, error="insufficient_scope", scope="{scope}"'
    what = f"this token does not have the scope '{scope}'"
    remedy = f"make one: runner token create NAME --scope {scope}"
    return Refusal(403, what, remedy, headers={"WWW-Authenticate": challenge})

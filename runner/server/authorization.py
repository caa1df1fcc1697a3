"""The caller of a request: the owner of a token or of a session, or the user whom a trusted proxy names.

Status and headers follow RFC 6750 (https://www.rfc-editor.org/rfc/rfc6750#section-3).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

from starlette.requests import HTTPConnection

from ..config.serve import ServeConfig, TrustedProxy
from .context import Caller
from .problems import Refusal
from .sessions import Sessions
from .token_check import TokenCheck, unauthorized

_LONGEST = 255
"""Characters of a user's name."""
_MAKE = "make a token: runner token create NAME --scope read (or submit), and send it: Authorization: Bearer TOKEN"


class Authorization:
    """Finds the caller of a request. It may be used by several threads at once."""

    def __init__(self, tokens: TokenCheck, settings: ServeConfig, sessions: Sessions | None = None) -> None:
        """Remember the settings.

        Args:
            tokens: The check of tokens.
            settings: The section ``serve:``.
            sessions: The sessions of browsers. Default: None, no cookie names a caller.

        """
        self._tokens = tokens
        self._sessions = sessions
        self._proxy = settings.trusted_proxy
        self._networks = [ipaddress.ip_network(one) for one in self._proxy.addresses] if self._proxy else []

    def __call__(self, request: HTTPConnection) -> Caller:
        """Return the caller. A token precedes a session, and that the proxy's header.

        Args:
            request: The request.

        Raises:
            Refusal: 401: there is no valid token; 429: too many wrong ones came from this address.
            StoreError: The store does not answer.

        """
        given = request.headers.getlist("authorization")
        if given:
            return self._of_token(given, request)
        proxy = self._proxy if self._is_proxy(request) else None
        try:
            caller = self._sessions.caller(request) if self._sessions else None
        except Refusal as refusal:
            if proxy is None or refusal.status != 401:
                raise
            caller = None  # the proxy knows the user of an old session too
        if caller is not None:
            return caller
        if proxy is not None:
            return _of_header(proxy, request.headers.getlist(proxy.header))
        raise unauthorized("the call has no token", "", _MAKE)

    def _of_token(self, given: Sequence[str], request: HTTPConnection) -> Caller:
        scheme, _, text = given[0].partition(" ")
        if len(given) > 1 or scheme.lower() != "bearer":
            raise unauthorized("the call has no bearer token", "", _MAKE)
        record = self._tokens.record(text.strip(" "), request)
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

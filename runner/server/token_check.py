"""The check of secrets that clients send, with a limit for wrong ones of each address."""

from __future__ import annotations

from collections.abc import Callable

from starlette.requests import HTTPConnection

from ..errors import BadInput
from ..model.token import TokenRecord
from ..operations.tokens import Verifier
from ..ports import Clock
from .limits import Rate
from .problems import Refusal

_REALM = 'Bearer realm="runner"'
_FAILURES_PER_SECOND = 5.0
_FAILURES_AT_ONCE = 50.0
"""Calls without a valid token from one address: each may cost a request to the store."""
Verify = Callable[[str, Callable[[], None]], TokenRecord]
"""Returns the record of a secret, or raises BadInput; calls its second argument before it asks the store."""


class TokenCheck:
    """Checks tokens and sessions. It may be used by several threads at once."""

    def __init__(self, verifier: Verifier, clock: Clock) -> None:
        """Set the limits: wrong sessions have one of their own, since open pages go on to send an old one.

        Args:
            verifier: Verifies tokens.
            clock: The clock of the limits for wrong secrets.

        """
        self.verifier = verifier
        self._invented = Rate(_FAILURES_PER_SECOND, _FAILURES_AT_ONCE, clock.monotonic)
        self._failures = Rate(_FAILURES_PER_SECOND, _FAILURES_AT_ONCE, clock.monotonic)

    def record(self, text: str, request: HTTPConnection) -> TokenRecord:
        """Return the record of a valid token.

        Args:
            text: What the client sent.
            request: The request.

        Raises:
            Refusal: 401: it is not valid; 429: too many wrong ones came from this address.
            StoreError: The store does not answer.

        """
        return self._checked(text, request, self.verifier.verify, self._failures, counts_all=True)

    def of_session(self, text: str, request: HTTPConnection, verify: Verify) -> TokenRecord:
        """Return the record of the token behind a valid session.

        Args:
            text: What the browser sent.
            request: The request.
            verify: Verifies sessions.

        Raises:
            Refusal: 401: it is not valid; 429: too many invented ones came from this address. One that has ended, or
                that is none by its form, counts for nothing: it costs no request to the store.
            StoreError: The store does not answer.

        """
        return self._checked(text, request, verify, self._invented, counts_all=False)

    def _checked(
        self, text: str, request: HTTPConnection, verify: Verify, wrong: Rate, *, counts_all: bool
    ) -> TokenRecord:
        sender = request.client.host if request.client else ""
        counted = False

        def asking() -> None:
            nonlocal counted
            counted = True
            wrong.take(sender)  # first: otherwise an invented token costs a request to the store each time

        try:
            record = verify(text, asking)
        except BadInput as error:
            if counts_all and not counted:
                wrong.take(sender)
            problem = error.problems[0]
            raise unauthorized(problem.what, "invalid_token", problem.remedy) from None
        if counted:
            wrong.give_back(sender)
        return record


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

"""v1's ways to log in. No login is needed: the credentials of stores are in the configuration.

All of them give the header that the REST endpoint of the workspace accepts.
"""

from __future__ import annotations

import os
import sys

from ...errors import BadInput
from ..base.exceptions import AuthenticationException
from ..base.session import current

_NOTE = (
    "NOTE: this machine has no token for the REST endpoint, which answers 401 without one. Make one: "
    "runner token create NAME --scope submit --save, or set RUNNER_TOKEN. (`runner serve` makes one for its machine.)"
)


class AbstractAuthentication:
    """The base class: it accepts the arguments of v1's classes, and logs in nowhere."""

    def __init__(self, *_arguments: object, **_options: object) -> None:
        """Take v1's arguments; none is kept."""

    def get_authentication_header(self) -> dict[str, str]:
        """Return the header of a request to the REST endpoint, for ``requests.post(…, headers=…)``.

        Its token is the value of ``RUNNER_TOKEN``, else that of this machine for the store of the current workspace.
        No token is made here. Send it to nobody but the REST endpoint.

        Returns:
            The header ``Authorization``. Empty, with a note on standard error, if there is no token: a driver that
            sends nothing needs none, and the endpoint answers 401 with the command that makes one.

        Raises:
            AuthenticationException: Others can read the file of the token.

        """
        token = os.environ.get("RUNNER_TOKEN", "").strip() or _of_machine()
        if token:
            return {"Authorization": f"Bearer {token}"}
        print(_NOTE, file=sys.stderr)
        return {}


def _of_machine() -> str:
    try:
        return current().server_facts().token
    except BadInput as error:
        problem = error.problems[0]
        raise AuthenticationException(problem.what, error, where=problem.where, remedy=problem.remedy) from error


class InteractiveLoginAuthentication(AbstractAuthentication):
    """v1's login in a browser."""


class ServicePrincipalAuthentication(AbstractAuthentication):
    """v1's login of a service. The given password is not kept."""


class AzureCliAuthentication(AbstractAuthentication):
    """v1's login by the Azure command line."""


class TokenAuthentication(AbstractAuthentication):
    """v1's login by tokens of the caller's. They are never asked for."""


class MsiAuthentication(AbstractAuthentication):
    """v1's login of a machine."""


class ArcTokenAuthentication(AbstractAuthentication):
    """v1's login of a connected machine."""


class AzureMLTokenAuthentication(AbstractAuthentication):
    """v1's login of a step, by the token of its run."""

"""Values of the secrets that the configuration names."""

from __future__ import annotations

from ...errors import BadInput
from .exceptions import UserErrorException
from .session import current


def secret_value(name: str) -> str:
    """Return the value of a secret, read at each call.

    Args:
        name: The secret's name.

    Raises:
        UserErrorException: The configuration names no such secret, or the secret has no value.

    """
    try:
        return current().secret(name)
    except BadInput as error:
        problem = error.problems[0]
        raise UserErrorException(problem.what, error, where=problem.where, remedy=problem.remedy) from error

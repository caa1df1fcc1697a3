"""Keyvault: the secrets that the configuration names, in the driver and in steps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, NoReturn

from ..errors import BadInput
from .exceptions import NotOffered, UserErrorException
from .session import current

if TYPE_CHECKING:
    from .workspace import Workspace


class Keyvault:
    """What ``secrets:`` of the configuration names; values are read when asked for and kept nowhere."""

    def __init__(self, workspace: Workspace | None = None) -> None:
        self.workspace = workspace

    def get_secret(self, name: str) -> str:
        """The value. Raises UserErrorException for an unknown secret and for one without a value."""
        try:
            return current().secret(name)
        except BadInput as error:
            problem = error.problems[0]
            raise UserErrorException(problem.what, error, where=problem.where, remedy=problem.remedy) from error

    def get_secrets(self, secrets: Iterable[str]) -> dict[str, str]:
        """Several values by name. Raises UserErrorException."""
        return {name: self.get_secret(name) for name in secrets}

    def list_secrets(self) -> list[str]:
        """The names there are."""
        return list(current().secret_names())

    def set_secret(self, name: str, value: str) -> NoReturn:
        """Refuse: runner keeps no secrets."""
        raise _refusal(name)

    def set_secrets(self, secrets_dict: Mapping[str, str]) -> NoReturn:
        """Refuse: runner keeps no secrets."""
        raise _refusal(next(iter(secrets_dict), "NAME"))

    def delete_secret(self, name: str) -> NoReturn:
        """Refuse: runner keeps no secrets."""
        raise _refusal(name)

    def delete_secrets(self, secrets: Iterable[str]) -> NoReturn:
        """Refuse: runner keeps no secrets."""
        raise _refusal(next(iter(secrets), "NAME"))


def _refusal(name: str) -> NotOffered:
    return NotOffered(
        f"secret {name!r} cannot be changed: runner reads secrets and keeps none",
        remedy=f"name its source in runner.yaml: secrets: {{{name}: {{env: VARIABLE}}}}, or {{file: /a/0600/file}}",
    )

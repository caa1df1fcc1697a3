"""Keyvault: the secrets that the configuration names, in the driver and in steps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, NoReturn

from ..base.exceptions import NotOffered
from ..base.secrets import secret_value
from ..base.session import current

if TYPE_CHECKING:
    from .workspace import Workspace


class Keyvault:
    """The secrets that ``secrets:`` of the configuration names. Values are read when asked for and kept nowhere.

    Args:
        workspace: The workspace. None: the one of this folder.

    """

    def __init__(self, workspace: Workspace | None = None) -> None:
        self.workspace = workspace

    def get_secret(self, name: str) -> str:
        """Return the value of a secret.

        Args:
            name: The secret's name.

        Raises:
            UserErrorException: The secret is unknown, or has no value.

        """
        return secret_value(name)

    def get_secrets(self, secrets: Iterable[str]) -> dict[str, str]:
        """Return the values of several secrets by name.

        Args:
            secrets: Their names.

        Raises:
            UserErrorException: A secret is unknown, or has no value.

        """
        return {name: self.get_secret(name) for name in secrets}

    def list_secrets(self) -> list[str]:
        """Return the names of all secrets."""
        return list(current().secret_names())

    def set_secret(self, name: str, value: str) -> NoReturn:
        """Refuse: runner stores no secrets.

        Args:
            name, value: As in v1; not used.

        Raises:
            NotOffered: Always; it names the lines for ``runner.yaml``.

        """
        raise _refusal(name)

    def set_secrets(self, secrets_dict: Mapping[str, str]) -> NoReturn:
        """Refuse: runner stores no secrets.

        Args:
            secrets_dict: As in v1; not used.

        Raises:
            NotOffered: Always; it names the lines for ``runner.yaml``.

        """
        raise _refusal(next(iter(secrets_dict), "NAME"))

    def delete_secret(self, name: str) -> NoReturn:
        """Refuse: runner stores no secrets.

        Args:
            name: As in v1; not used.

        Raises:
            NotOffered: Always; it names the lines for ``runner.yaml``.

        """
        raise _refusal(name)

    def delete_secrets(self, secrets: Iterable[str]) -> NoReturn:
        """Refuse: runner stores no secrets.

        Args:
            secrets: As in v1; not used.

        Raises:
            NotOffered: Always; it names the lines for ``runner.yaml``.

        """
        raise _refusal(next(iter(secrets), "NAME"))


def _refusal(name: str) -> NotOffered:
    return NotOffered(
        f"secret {name!r} cannot be changed: runner reads secrets and keeps none",
        remedy=f"name its source in runner.yaml: secrets: {{{name}: {{env: VARIABLE}}}}, or {{file: /a/0600/file}}",
    )

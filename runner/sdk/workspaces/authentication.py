"""v1's ways to log in. No login is needed: the credentials of stores are in the configuration."""

from __future__ import annotations


class AbstractAuthentication:
    """The base class: it accepts the arguments of v1's classes, and does nothing."""

    def __init__(self, *_arguments: object, **_options: object) -> None:
        """Take v1's arguments; none is kept."""

    def get_authentication_header(self) -> dict[str, str]:
        """Return an empty dict: no header is needed."""
        return {}


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

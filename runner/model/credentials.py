"""Keys of a store: static ones of a user, or temporary ones with a session token."""

from __future__ import annotations

from ..dataclass import dataclass, field


@dataclass(frozen=True)
class Credentials:
    """A key pair, with the session token and the end of temporary credentials. No repr, log or error shows it."""

    access_key: str = field(default="", repr=False)
    """The name of the key."""
    secret_key: str = field(default="", repr=False)
    """The key itself, which signs requests and is never sent."""
    session_token: str = field(default="", repr=False)
    """The token that requests carry beside the signature. Empty: the keys are static."""
    expires: float = 0.0
    """Seconds since the epoch at which the store stops to accept the keys; 0: it never does."""

    @property
    def secrets(self) -> tuple[str, ...]:
        """Return the parts that no text may show."""
        return tuple(filter(None, (self.secret_key, self.session_token)))

"""The ways in which the steps of a target can get their inputs."""

from __future__ import annotations

from enum import Enum

from ..dataclass import dataclass, field


class MountPolicy(str, Enum):
    """The policy of a target for inputs that are to be mounted (``mounts: {policy: …}``)."""

    PREFERRED = "preferred"
    """Mount where it is possible, else download."""
    REQUIRED = "required"
    """Refuse a run whose author asks for a mount that is not possible."""
    NEVER = "never"
    """Download everything."""


@dataclass(frozen=True, kw_only=True)
class DataAccess:
    """The ways in which the steps of a target can get their inputs. Default: by download only."""

    mounts: bool = False
    """True if steps can have mounts."""
    driver: str = ""
    """The name of what mounts: a CSI driver, for example. Empty: nothing does."""
    problem: str = ""
    """The reason that steps have no mounts, for people. Empty: nobody need know, since their copies are as good."""
    unmountable: frozenset[str] = field(default_factory=frozenset)
    """The names of the datastores that cannot be mounted."""
    at_hand: frozenset[str] = field(default_factory=frozenset)
    """The names of the datastores whose files lie on the machine of the steps, so that nobody misses a mount."""
    unreadable: frozenset[str] = field(default_factory=frozenset)
    """The names of the datastores that scripts cannot open by themselves."""
    free_bytes: int | None = None
    """The bytes that one step may take on the disk; None: unknown."""
    most_mounts: int = 8
    """The most mounts of one step."""
    policy: MountPolicy = MountPolicy.PREFERRED
    warning: str = ""
    """A line for people if steps can reach more data than their own although the target could prevent it."""

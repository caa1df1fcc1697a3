"""What the target needs of an API server, in plain documents of one namespace."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Protocol

from ...dataclass import dataclass
from .fields import KubeObject


@dataclass(frozen=True)
class Created:
    """The server's answer to a POST."""

    object: KubeObject | None
    """None: there is one of that name already."""
    warnings: tuple[str, ...] = ()
    """Its ``Warning`` headers: what it took, and will not be able to run."""


@dataclass(frozen=True)
class Listing:
    """Objects as they were together, and the version from which a watch goes on."""

    items: tuple[KubeObject, ...]
    version: str


class Cluster(Protocol):
    """One namespace of a cluster; `kind` is the plural: ``jobs``, ``pods``, ``configmaps``.

    Every method raises TargetDenied when a permission is missing, TargetUnreachable when asking
    again may help, and TargetError for anything else the server refuses.
    """

    namespace: str

    @property
    def server(self) -> str:
        """The server's URL, for messages."""

    def now(self) -> datetime:
        """The server's time, as its last answer told it."""

    def create(self, kind: str, body: KubeObject, *, dry_run: bool = False) -> Created:
        """Make an object; with `dry_run` only say what would come of it."""

    def get(self, kind: str, name: str) -> KubeObject | None:
        """The object, or None."""

    def list(self, kind: str, *, labels: str = "", fields: str = "") -> Listing:
        """The objects that both selectors take."""

    def delete(self, kind: str, name: str, *, uid: str = "") -> bool:
        """Delete it, and in the background what it owns; False when there was none (of that uid)."""

    def watch(self, kind: str, *, labels: str, version: str, seconds: int) -> Iterator[KubeObject]:
        """Changes after `version` as the server tells them, for about `seconds`.

        A version that the server has forgotten comes as an ``ERROR`` event of code 410.
        """

    def allowed(self, verb: str, resource: str, subresource: str = "") -> bool:
        """Whether the user may do that."""

    def log_tail(self, pod: str, *, container: str, last: int) -> str:
        """The `last` lines of a container's log; empty when there is none any more."""

    def close(self) -> None:
        """Let go of connections; running watches end."""

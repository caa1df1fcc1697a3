"""The protocol of an API server as the target needs it, with plain JSON documents of one namespace."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Protocol

from ...dataclass import dataclass
from .json_fields import KubeObject


@dataclass(frozen=True)
class Created:
    """The server's answer to a POST."""

    object: KubeObject | None
    """The created object. None: an object of that name exists already."""
    warnings: tuple[str, ...] = ()
    """The ``Warning`` headers: the server accepted the object but expects problems when it runs."""


@dataclass(frozen=True)
class Listing:
    """A consistent list of objects, and the resource version from which a watch continues."""

    items: tuple[KubeObject, ...]
    version: str


class Cluster(Protocol):
    """One namespace of a cluster. `kind` is the plural: ``jobs``, ``pods``, ``configmaps``.

    Every method raises TargetDenied when a permission is missing, TargetUnreachable when a retry may help, and
    TargetError for any other refusal of the server.
    """

    namespace: str

    @property
    def server(self) -> str:
        """Return the server's URL, for messages."""

    def now(self) -> datetime:
        """Return the server's time, based on its last response."""

    def create(self, kind: str, body: KubeObject, *, dry_run: bool = False) -> Created:
        """Create an object. With `dry_run` the server only checks it."""

    def replace(self, kind: str, body: KubeObject) -> KubeObject | None:
        """Replace an object. Return None if there is none, or if it has another ``resourceVersion`` than `body`."""

    def get(self, kind: str, name: str) -> KubeObject | None:
        """Return the object, or None."""

    def list(self, kind: str, *, labels: str = "", fields: str = "") -> Listing:
        """Return the objects that match both selectors."""

    def list_everywhere(self, kind: str) -> Listing:
        """Return the objects of a kind without a namespace: ``csinodes``."""

    def delete(self, kind: str, name: str, *, uid: str = "") -> bool:
        """Delete an object, and in the background what it owns. Return False if there was none (with that uid)."""

    def watch(self, kind: str, *, labels: str, version: str, seconds: int) -> Iterator[KubeObject]:
        """Yield the changes after `version` as the server sends them, for about `seconds`.

        An expired version arrives as an ``ERROR`` event with code 410.
        """

    def allowed(self, verb: str, resource: str, subresource: str = "") -> bool:
        """Return True if the user may do that."""

    def log_tail(self, pod: str, *, container: str, last: int) -> str:
        """Return the `last` lines of a container's log. Empty if the log no longer exists."""

    def close(self) -> None:
        """Close the connections. Running watches end."""

"""The surroundings of the server: its workspace, settings, callers and clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from queue import Empty, LifoQueue
from threading import Event
from typing import TYPE_CHECKING, Protocol

from starlette.requests import HTTPConnection

from ..config.serve import ServeConfig
from ..dataclass import dataclass, field
from ..ports import Clock, ObjectStore
from .late_starts import LateStarts

if TYPE_CHECKING:
    from ..model.published import ParameterValues, PublishedRecord
    from ..operations.retry_selection import Part
    from ..operations.values import Request, RunView
    from .sessions import Sessions

_USES = 256
"""Uses after which an open workspace is replaced: it remembers each run that it has shown or started."""


class Workspace(Protocol):
    """An open workspace, as the server uses it. It is used by one thread at a time."""

    @property
    def store(self) -> ObjectStore:
        """The workspace store."""

    def view(self, run: str) -> RunView:
        """Return the run now. Raise BadInput for an unknown id."""

    def datastore(self, name: str) -> ObjectStore:
        """Return the store of a datastore. Raise BadInput for an unknown name."""

    def submit_published(
        self,
        record: PublishedRecord,
        values: ParameterValues,
        request: Request,
        *,
        run: str = "",
        ignore_unknown: bool = False,
        parse_texts: bool = False,
        continue_on_step_failure: bool | None = None,
    ) -> str:
        """Submit a published pipeline, start a controller, and return the run's id. Raise BadInput."""

    def retry(self, run: str, part: Part, new: str) -> None:
        """Retry an ended run under a given id, and start its controller. Raise BadInput."""

    def start_controller(self, run: str) -> None:
        """Start a controller for the run."""

    def see_to_controller(self, run: str) -> None:
        """Start a controller for a submitted run unless one drives it, or it has ended."""

    def cancel(self, run: str) -> None:
        """Request the cancellation of the run; an ended one stays as it is."""


@dataclass(frozen=True, kw_only=True)
class Caller:
    """The identity behind a call, and its rights."""

    id: str
    """The token's id, or ``proxy:`` and the user's name."""
    name: str = ""
    """The token's name, for people."""
    user: str = ""
    """The user for whom the token was made, or whom the proxy names."""
    scopes: tuple[str, ...] = ()
    """``read``, ``submit`` (every published pipeline) and ``submit:<id or name>``."""
    by_proxy: bool = False
    """True if a trusted proxy named the user, perhaps by a cookie of a browser."""
    by_browser: bool = False
    """True if the caller has a session, which a cookie of a browser names."""

    def may(self, scope: str) -> bool:
        """Return True if the caller has a scope as a whole: ``read`` or ``submit``."""
        return scope in self.scopes

    def may_submit(self, *names: str) -> bool:
        """Return True if the caller may submit what has one of these ids and names."""
        return self.may("submit") or any(f"submit:{name}" in self.scopes for name in names if name)


Authenticate = Callable[[HTTPConnection], Caller]
"""Returns the caller of a request, or raises `problems.Refusal` (401). It runs in a worker thread."""


class Workspaces:
    """Open workspaces for worker threads: each is used by one thread at a time."""

    def __init__(self, opened: Callable[[], Workspace]) -> None:
        """Remember the way in which a workspace is opened.

        Args:
            opened: Opens a workspace.

        """
        self._opened = opened
        self._idle: LifoQueue[tuple[Workspace, int]] = LifoQueue()

    @contextmanager
    def borrow(self) -> Iterator[Workspace]:
        """Lend a workspace for the time of a ``with`` block."""
        try:
            workspace, uses = self._idle.get_nowait()
        except Empty:
            workspace, uses = self._opened(), 0
        try:
            yield workspace
        finally:
            if uses < _USES:
                self._idle.put((workspace, uses + 1))


@dataclass(frozen=True, kw_only=True)
class Context:
    """All that the server works with."""

    workspaces: Workspaces
    settings: ServeConfig
    authenticate: Authenticate
    clock: Clock
    audit: Callable[[Mapping[str, object]], None] = field(default=lambda _: None)
    """Takes one record for each call."""
    sessions: Sessions | None = None
    """The sessions of browsers. None: there is no login."""
    late: LateStarts = field(default_factory=LateStarts)
    """Starts the controllers that could not be started at once."""
    stopping: Event = field(default_factory=Event)
    """Set when the server is about to end: endless answers end then."""

    @property
    def url(self) -> str:
        """The address under which clients reach the server, without a slash at its end."""
        return self.settings.public_url

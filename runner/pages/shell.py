"""The frame of a page: its title, where it is, and who looks at it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from ..dataclass import dataclass


@dataclass(frozen=True)
class Link:
    """A text, and where it leads."""

    text: str
    href: str = ""
    """Empty: it leads nowhere, such as the last breadcrumb."""


SECTIONS = (
    Link("Runs", "/runs"),
    Link("Experiments", "/experiments"),
    Link("Compare", "/compare"),
    Link("Registry", "/registry"),
)
"""The navigation."""


@dataclass(frozen=True, kw_only=True)
class Viewer:
    """The person who looks at a page."""

    name: str
    about: str = ""
    """More about the viewer, such as the token's name and scopes."""
    may_submit: bool = False
    """True if pages offer actions."""
    may_log_out: bool = False
    """True if the viewer has a session."""


@dataclass(frozen=True, kw_only=True)
class Shell:
    """The frame of a page."""

    title: str
    section: str = ""
    """The text of one of `SECTIONS`, which is marked."""
    crumbs: Sequence[Link] = ()
    """Breadcrumbs. The last one has no address."""
    viewer: Viewer | None = None
    """None: nobody has logged in."""
    live: bool = False
    """True: scripts keep the page up to date."""
    tag: str = ""
    """The ETag of a live page."""
    away: bool = False
    """True: the page tells that something does not answer; scripts show the page that was asked for once it does."""
    now: datetime | None = None
    """The time of the server."""

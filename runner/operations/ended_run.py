"""A run that has ended, for what is made of it: a report, and exports to other tools."""

from __future__ import annotations

from collections.abc import Callable

from ..config.after_run import AfterRunConfig
from ..dataclass import dataclass
from ..ports import ObjectStore
from .values import RunView


@dataclass(frozen=True, kw_only=True)
class EndedRun:
    """A run that has ended, with what an action at its end may use."""

    store: ObjectStore
    """The workspace store."""
    view: RunView
    datastore: Callable[[str], ObjectStore]
    """Returns the store of a datastore by its name. It raises BadInput for an unknown one."""
    settings: AfterRunConfig
    secret: Callable[[str], str]
    """Returns the value of a secret by its name. It raises BadInput for one without a value."""
    workspace: str
    """The name of the workspace."""

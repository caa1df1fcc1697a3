"""The runs of this machine's workspaces, and the environments that they use."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ..errors import BadInput, Problem, StoreError
from ..operations.environment_uses import RunUse, published_uses, uses
from . import known_workspaces
from .cache import cache_folder
from .workspace import OpenWorkspace, open_session


class EnvironmentRuns:
    """The environments that the runs of the open workspace and of the others on this machine use.

    Only workspaces with the same kind of store count: one in a folder runs its steps on this machine, one in a bucket
    on clusters. They share no environments.
    """

    def __init__(self, session: OpenWorkspace) -> None:
        self._session = session
        self._known: dict[str, RunUse] = {}
        self.problems: tuple[Problem, ...] = ()
        """The workspaces whose runs could not be read last: nothing may be deleted that they may use."""
        self.own: tuple[RunUse, ...] = ()
        """The runs of the open workspace, as they were read last."""

    def now(self) -> tuple[RunUse, ...]:
        """Return the uses of all runs now. Runs that had ended at an earlier call are not read again.

        Raises:
            StoreError: The runs of the open workspace cannot be read.

        """
        self.own = tuple(self._uses(self._session))
        found = list(self.own)
        problems = []
        for other in known_workspaces.known(cache_folder()):
            try:
                opened = open_session(Path(other.folder), other.target)
                if opened.in_bucket == self._session.in_bucket and not _same_store(opened, self._session):
                    found += self._uses(opened)
            except (BadInput, StoreError) as error:
                problems.append(_problem(other, error))
        self._known = {each.run: each for each in found}
        self.problems = tuple(problems)
        return tuple(found)

    def _uses(self, session: OpenWorkspace) -> Iterator[RunUse]:
        yield from uses(session.store, self._known)
        yield from published_uses(session.store)


def _same_store(one: OpenWorkspace, other: OpenWorkspace) -> bool:
    if one.in_bucket:
        return one.bucket == other.bucket
    return one.config.folder == other.config.folder


def _problem(workspace: known_workspaces.KnownWorkspace, error: Exception) -> Problem:
    where = f"{workspace.folder}{f' (--target {workspace.target})' if workspace.target else ''}"
    what = f"the runs of another workspace cannot be read: {error}"
    file = known_workspaces.place_of(cache_folder(), workspace)
    return Problem(what, where, f"make its store answer; or, if none of its runs is needed, delete {file}")

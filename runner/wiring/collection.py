"""``runner gc`` for an open workspace: its stores, its rule, and the other workspaces that may read its outputs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import BadInput, StoreError
from ..model.keep_rule import KeepRule
from ..operations.collection.collect import Collector
from ..operations.collection.survey import Surveyor
from ..ports import ObjectStore
from . import adapters, known_workspaces
from .cache import cache_folder
from .other_workspaces import named
from .workspace import OpenWorkspace, open_session

if TYPE_CHECKING:
    from ..datastores import BucketConfig


def collector(session: OpenWorkspace, days: float | None = None, last: int | None = None) -> Collector:
    """Return the collector of a workspace.

    Args:
        session: The workspace.
        days: Days for which runs are kept. None: as ``keep:`` of runner.yaml says.
        last: Number of newest runs that are kept. None: as ``keep:`` says.

    """
    settings = session.config.keep
    rule = KeepRule(
        age=settings.age if days is None else timedelta(days=days),
        last=settings.last if last is None else last,
        tags=frozenset(settings.tags),
    )

    @cache
    def closed() -> frozenset[str]:
        return frozenset(name for name, facts in session.datastore_facts().items() if facts.read_only)

    surveyor = Surveyor(
        store=session.store,
        datastores=session.datastore,
        rule=rule,
        others=lambda: other_stores(session),
        read_only=lambda name: name in closed(),
    )
    return Collector(surveyor=surveyor)


def other_stores(session: OpenWorkspace) -> Iterator[ObjectStore]:
    """Yield the stores of the other workspaces of the same bucket, and of those that this machine has worked in.

    Raises:
        BadInput: One cannot be read, so nobody knows whether it reads outputs of this one.
        StoreError: The bucket cannot be read.

    """
    seen = [_place(session)]
    for other in known_workspaces.known(cache_folder()):
        try:
            opened = open_session(Path(other.folder), other.target)
            if _place(opened) not in seen:
                seen.append(_place(opened))
                yield opened.store
        except (BadInput, StoreError) as error:
            raise _unreadable(other, error) from error
    whole = session.config.get(session.target_in_force).store
    if whole is None:
        return
    for name in named(adapters.bucket_store(whole, f"target '{session.target_in_force}'")):
        bucket = session.config.bucket(whole, name)
        if bucket not in seen:
            yield adapters.bucket_store(bucket, f"workspace '{name}'")


def _place(session: OpenWorkspace) -> BucketConfig | Path:
    return session.bucket or session.config.folder


def _unreadable(workspace: known_workspaces.KnownWorkspace, error: Exception) -> BadInput:
    where = f"{workspace.folder}{f' (--target {workspace.target})' if workspace.target else ''}"
    file = known_workspaces.place_of(cache_folder(), workspace)
    remedy = f"make its store answer; or, if it reads no outputs of this workspace, delete {file}"
    return BadInput(f"another workspace cannot be read: {error}", where, remedy)

"""The child runs of a run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from ..base.exceptions import UserErrorException

if TYPE_CHECKING:
    from .lookup import Filter
    from .run import Run


def create_children(run: Run, count: int | None, tag_key: str | None, tag_values: Sequence[object] | None) -> list[Run]:
    """Start child runs and return them; see `Run.create_children`.

    Args:
        run: The parent.
        count: Their number, or None.
        tag_key: The key of the tag that each gets, or None.
        tag_values: The values of that tag, or None.

    Raises:
        UserErrorException: Both ways are chosen, or neither.

    """
    tagged = tag_key is not None and tag_values is not None
    if (count is None) != tagged or (tag_key is None) != (tag_values is None):
        raise UserErrorException("create_children takes either count, or tag_key and tag_values")
    if count is not None:
        return [run.child_run() for _ in range(count)]
    made = []
    for value in tag_values or ():
        child = run.child_run()
        child.tag(str(tag_key), value)
        made.append(child)
    return made


def matching(run: Run, wanted: Filter, *, recursive: bool) -> Iterator[Run]:
    """Yield the child runs that a filter takes.

    Args:
        run: The parent.
        wanted: The filter.
        recursive: True: each is followed by the runs below it.

    """
    for child in run.direct_children():
        if wanted.takes(child):
            yield child
        if recursive:
            yield from matching(child, wanted, recursive=True)


def listed_children(run: Run, list_id: str) -> Iterator[Run]:
    """Return the runs that the workspace store lists below an id, newest first.

    Args:
        run: Any run of the workspace.
        list_id: The id.

    """
    from .logged_store import children
    from .lookup import find_run

    workspace = run.experiment.workspace
    return (find_run(workspace, child) for child in children(workspace.session.store, list_id))

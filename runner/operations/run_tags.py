"""The tags of submitted runs: those of their submission and those that were added since."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from ..data import retention
from ..errors import BadInput, Problem
from ..model.tag_limits import tag_problems
from ..ports import ObjectStore
from ..runs import tags
from .values import RunView

_LONGEST_NAME = 255


def tags_of(store: ObjectStore, view: RunView) -> dict[str, str]:
    """Return the tags of a run now. Raise StoreError.

    Args:
        store: The workspace store.
        view: The run.

    """
    submission = view.state.submission
    return tags.fold(tags.lines(store, view.state.run), submission.tags if submission else {})


def set_tags(store: ObjectStore, view: RunView, changes: Mapping[str, str | None]) -> dict[str, str]:
    """Add, replace and remove tags of a run, as v1's ``run.set_tags`` and ``remove_tags`` do.

    Args:
        store: The workspace store.
        view: The run, which may have ended.
        changes: The values by name; None: the tag is removed, if there is one.

    Returns:
        The tags now.

    Raises:
        BadInput: A name is wrong, a tag or all of them are too long, or the run is being deleted.
        StoreError: The store cannot be used.

    """
    known = tags_of(store, view)
    made = {name: value for name, value in {**known, **changes}.items() if value is not None}
    new = [name for name, value in changes.items() if value is not None and known.get(name) != value]
    problems = [*_name_problems(new), *tag_problems(made)]
    if problems:
        raise BadInput(problems)
    retention.refuse_condemned(store, [view.state.run])
    tags.add(store, view.state.run, {name: value for name, value in changes.items() if known.get(name) != value})
    return made


def _name_problems(names: Iterable[str]) -> Iterator[Problem]:
    for name in names:
        if not name.strip() or len(name) > _LONGEST_NAME or not name.isprintable() or "=" in name:
            remedy = f"use 1 to {_LONGEST_NAME} printable characters, and no '='"
            yield Problem(f"{name[:40]!r} cannot name a tag", "tags", remedy)

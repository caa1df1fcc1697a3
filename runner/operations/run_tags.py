"""The tags of a run: those of its submission, and the changes since (v1's ``Run.tag``).

A change is a few report lines below ``runs/<run>/annotations/tags.jsonl/``, in an object of its own: changes at the
same time are all kept. The entry of the run in the index, which lists show, gets the tags as they are then.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from ..errors import BadInput, ObjectMissing, Problem
from ..model.tag_limits import tag_problems
from ..ports import ObjectStore
from ..runs import index
from .values import RunView

_LONGEST_NAME = 255
_MOST_CHUNKS = 10_000


def of_run(store: ObjectStore, view: RunView) -> dict[str, str]:
    """Return the tags of a run now, in the order in which they came.

    Args:
        store: The workspace store.
        view: The run.

    Raises:
        StoreError: The store cannot be read.

    """
    submission = view.state.submission
    found = dict(submission.tags) if submission else {}
    for key, value in _changes(store, view.state.run):
        if value is None:
            found.pop(key, None)
        else:
            found[key] = str(value)
    return found


def change(
    store: ObjectStore,
    view: RunView,
    *,
    given: Mapping[str, str],
    removed: Iterable[str] = (),
    now: datetime,
    entropy: bytes,
) -> dict[str, str]:
    """Change tags of a run. A change that changes nothing writes nothing.

    Args:
        store: The workspace store.
        view: The run.
        given: New tags, and new values of known ones.
        removed: The names of tags that go. Default: none.
        now: The time.
        entropy: Four random bytes.

    Returns:
        The tags as they are then.

    Raises:
        BadInput: A name is wrong, or the tags would be too long. All problems are in it.
        StoreError: The store cannot be used.

    """
    known = of_run(store, view)
    gone = [name for name in removed if name in known and name not in given]
    new = {name: value for name, value in given.items() if known.get(name) != value}
    left = {name: value for name, value in {**known, **new}.items() if name not in gone}
    problems = [*_name_problems(new), *tag_problems(left)]
    if problems:
        raise BadInput(problems)
    if not new and not gone:
        return known
    at = int(now.timestamp() * 1e6) * 1000
    lines = [*((name, None) for name in gone), *new.items()]
    text = "".join(f"{json.dumps({'key': name, 'value': value, 'at': at})}\n" for name, value in lines)
    store.put(f"{_folder(view.state.run)}{at:019d}-{entropy.hex()}.jsonl", text.encode())
    then = of_run(store, view)
    index.set_tags(store, view.state.run, then)
    return then


def _name_problems(names: Iterable[str]) -> Iterator[Problem]:
    for name in names:
        if not name.strip() or len(name) > _LONGEST_NAME or not name.isprintable():
            remedy = f"use 1 to {_LONGEST_NAME} printable characters"
            yield Problem(f"{name[:40]!r} cannot name a tag", "tags", remedy)


def _changes(store: ObjectStore, run: str) -> Iterator[tuple[str, object]]:
    """Yield names and values in the order of writing; None: the tag was removed."""
    lines: list[tuple[int, str, object]] = []
    for number, info in enumerate(store.list(_folder(run))):
        if number == _MOST_CHUNKS:
            break
        lines.extend(_lines(store, info.key))
    yield from ((key, value) for _, key, value in sorted(lines, key=lambda line: line[0]))


def _lines(store: ObjectStore, key: str) -> Iterator[tuple[int, str, object]]:
    try:
        data = store.get(key)
    except ObjectMissing:  # removed meanwhile
        return
    for text in data.splitlines():
        try:
            line = json.loads(text)
        except (ValueError, RecursionError):
            continue
        if isinstance(line, dict) and isinstance(line.get("key"), str):
            at = line.get("at")
            yield (at if isinstance(at, int) else 0), line["key"], line.get("value")


def _folder(run: str) -> str:
    return f"runs/{run}/annotations/tags.jsonl/"

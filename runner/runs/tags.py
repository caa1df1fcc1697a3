"""Tags that a run gets after its submission: lines that are added beside its records, and a mark for lists.

A chunk ``runs/<run>/annotations/tags.jsonl/<time>-<random letters>.jsonl`` has lines ``{key, value, at}``; null removes
the tag. The last line of a key counts, by ``at``. Steps of the run may add chunks too.

A list of runs cannot look below every run. So whoever adds lines writes the object ``logged/tagged/<place>`` as well,
before and after; it says nothing but that it was written. A list reads the lines of marked runs alone, and reads them
again when the mark has changed.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Dict

from ..errors import ObjectMissing
from ..model.names import inverted_time

if TYPE_CHECKING:  # a step's `Run.get_context()` loads this module, and few others
    from ..ports import ObjectStore

FILE = "tags.jsonl"
MARKS = "logged/tagged/"
"""The folder of the marks. Steps may write there: a mark makes lists look, and tells them nothing."""
_MOST_BYTES = 4 << 20
"""The most bytes of lines that are read of one run: a step may have written any number."""

Line = Dict[str, object]


def place_of(run: str) -> str:
    """Return the place of a run among all runs, the newest first: ``<inverted time>-<run>``.

    Args:
        run: The run's id.

    """
    return f"{inverted_time(run)}-{run}"


def mark_key(run: str) -> str:
    """Return the key of the mark of a run.

    Args:
        run: The run's id.

    """
    return f"{MARKS}{place_of(run)}"


def mark(store: ObjectStore, run: str) -> None:
    """Tell lists that the tags of a run have changed, or are about to. Raises StoreError.

    Args:
        store: The workspace store.
        run: The run's id.

    """
    store.put(mark_key(run), f"{time.time_ns()}-{os.urandom(4).hex()}".encode())


def add(store: ObjectStore, run: str, changes: Mapping[str, str | None]) -> None:
    """Add, replace and remove tags of a submitted run. What is written last counts, whatever clocks say.

    Args:
        store: The workspace store.
        run: The run's id.
        changes: The values by name; None: the tag is removed.

    Raises:
        StoreError: The store cannot be used.

    """
    if not changes:
        return
    mark(store, run)
    last = max((written(line) for line in lines(store, run)), default=0)
    at = max(time.time_ns(), last + 1)
    data = b"".join(json.dumps({"key": key, "value": changes[key], "at": at}).encode() + b"\n" for key in changes)
    store.put(f"{_folder(run)}{at:019d}-{os.urandom(4).hex()}.jsonl", data)
    mark(store, run)


def lines(store: ObjectStore, run: str) -> list[Line]:
    """Return the lines that were added to a run, in the order of their writing. Raises StoreError.

    Args:
        store: The workspace store.
        run: The run's id.

    """
    found: list[Line] = []
    left = _MOST_BYTES
    for info in store.list(_folder(run)):
        left -= info.size
        if left < 0:
            break
        with suppress(ObjectMissing):  # removed meanwhile
            found.extend(parsed(store.get(info.key)))
    return sorted(found, key=written)


def parsed(data: bytes) -> Iterator[Line]:
    """Yield the lines of a file of reports, without what is no line.

    Args:
        data: The content of the file.

    """
    for line in data.splitlines():
        try:
            document = json.loads(line)
        except (ValueError, RecursionError):  # a process that was killed leaves half a line
            continue
        if isinstance(document, dict):
            yield document


def written(line: Mapping[str, object]) -> int:
    """Return the time of a line, in nanoseconds since 1970.

    Args:
        line: The line.

    """
    at = line.get("at")
    return at if isinstance(at, int) else 0


def fold(known: Iterable[Mapping[str, object]], given: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the tags that lines make.

    Args:
        known: The lines in the order of their writing.
        given: The tags before them. Default: none.

    """
    tags = dict(given or {})
    for line in known:
        key, value = str(line.get("key", "")), line.get("value")
        if value is None:
            tags.pop(key, None)
        else:
            tags[key] = str(value)
    return tags


def _folder(run: str) -> str:
    return f"runs/{run}/annotations/{FILE}/"

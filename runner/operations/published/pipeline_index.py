"""The list of published pipelines, newest first: names and versions are in the keys, so no record is read.

A key is ``registry/published/pipelines-by-time/<inverted time>@<name>@<version>@<id>``. It is written before the
record, so a key without a record is that of a publication that did not end.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import unquote

from ...dataclass import dataclass
from ...model.names import PUBLISHED, SEGMENT_BYTES, inverted
from ...model.published import PublishedRecord
from ...ports import ObjectStore

_FOLDER = f"{PUBLISHED}pipelines-by-time/"
_MARK = "@"
_TIME, _ID = 15, 36
ROOM = SEGMENT_BYTES - _TIME - _ID - 3 * len(_MARK)
"""The most bytes of a name and a version together, as a key writes them."""


@dataclass(frozen=True)
class Entry:
    """A published pipeline in the list."""

    id: str
    name: str
    version: str
    place: str
    """Its place in the list."""


def enter(store: ObjectStore, record: PublishedRecord) -> None:
    """Enter a published pipeline. Raises StoreError.

    Args:
        store: The workspace store.
        record: Its record.

    """
    store.put(_key(record), b"")


def remove(store: ObjectStore, record: PublishedRecord) -> None:
    """Remove a published pipeline that was refused. Raises StoreError.

    Args:
        store: The workspace store.
        record: Its record.

    """
    store.delete(_key(record))


def entries(store: ObjectStore, after: str = "") -> Iterator[Entry]:
    """Yield the published pipelines, newest first. Raises StoreError.

    Args:
        store: The workspace store.
        after: Only those behind this place. Default: empty, all.

    """
    for info in store.list(_FOLDER, after=f"{_FOLDER}{after}" if after else ""):
        place = info.key[len(_FOLDER) :]
        parts = place.split(_MARK)
        if len(parts) == 4:
            yield Entry(parts[3], unquote(parts[1]), unquote(parts[2]), place)


def bytes_of(name: str, version: str) -> int:
    """Return the number of bytes that a name and a version take in a key.

    Args:
        name: The name.
        version: The version.

    """
    return len((_quoted(name) + _quoted(version)).encode("utf-8", "surrogateescape"))


def _key(record: PublishedRecord) -> str:
    parts = (inverted(record.created), _quoted(record.name), _quoted(record.version), record.id)
    return _FOLDER + _MARK.join(parts)


def _quoted(text: str) -> str:
    """Return a text without the characters that part a key. Others stay, since they would take three times the room."""
    for char in ("%", "/", _MARK):
        text = text.replace(char, f"%{ord(char):02X}")
    return text

"""Pages of Parquet files. A process of its own decodes them, with little memory and time.

The process also keeps pyarrow, 70 MB of memory, out of a server.
"""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from threading import BoundedSemaphore, Timer

from ...dataclass import dataclass
from .reading import Source
from .values import FileKind, Place, Preview

ROWS = 100
"""The most rows of a page."""
COLUMNS = 50
"""The most columns that are shown."""
FOOTER = 4 << 20
"""The most bytes of a footer that is read."""
BUDGET = 16 << 20
"""The most bytes of a file that are read for a page."""
_SECONDS = 20.0
_AT_ONCE = BoundedSemaphore(2)
_PACKAGE = Path(__file__).parents[2]
_CODE = (
    f"import sys; sys.path[0] = sys.argv.pop(1); from {__name__.rpartition('.')[0]}.parquet_process import main; main()"
)
_MAGIC = b"PAR1"
_MISSING = (
    "pyarrow is not installed where this page is made: the rows are not shown. Install it with: pip install pyarrow."
)


@dataclass(frozen=True)
class _Answer:
    """The answer of the process."""

    document: dict[str, object]
    over: bool = False
    """True if it asked for more than it gets."""


def is_parquet(source: Source, head: bytes) -> bool:
    """Return True if a file begins and ends as Parquet does.

    Args:
        source: The file.
        head: Its first bytes.

    """
    return source.size >= 12 and head.startswith(_MAGIC) and source.read(source.size - 4, 4) == _MAGIC


def page(name: str, source: Source, place: Place) -> Preview:
    """Return a page of rows.

    Args:
        name: The file's name.
        source: The file; `is_parquet` says that it is one.
        place: ``at`` is the number of the first row.

    """
    footer = int.from_bytes(source.read(source.size - 8, 4), "little")
    if footer > FOOTER:
        return _unread(name, source, f"Its footer has {footer:,} bytes: more than {FOOTER >> 20} MiB are not read.")
    with _AT_ONCE:
        said = _asked(source, place.at)
    document = said.document
    if document.get("missing"):
        return _unread(name, source, _MISSING)
    if "columns" not in document:
        why = document.get("problem") or "its reader ended early"
        if said.over:
            why = f"more than {BUDGET >> 20} MiB would have to be read for this page"
        return _unread(name, source, f"Its rows cannot be shown: {why}.", place)
    return _shown(name, source, place, document)


def _shown(name: str, source: Source, place: Place, document: dict[str, object]) -> Preview:
    rows = tuple(tuple(map(str, row)) for row in _list(document, "rows") if isinstance(row, list))
    columns, types = _list(document, "columns"), _list(document, "types")
    total, wide = _number(document, "total_rows"), _number(document, "total_columns")
    end = place.at + len(rows)
    notes = [f"Columns 1 to {COLUMNS} of {wide:,} are shown."] if wide > len(columns) else []
    if any(cell.endswith("…") and len(cell) > 300 for row in rows for cell in row):
        notes.append("Cells of more than 300 characters are cut.")
    return Preview(
        kind=FileKind.TABLE,
        name=name,
        bytes=source.size,
        columns=tuple(map(str, columns)),
        rows=rows,
        first_row=place.at,
        total_rows=total,
        total_columns=wide,
        facts=(
            ("Format", "Parquet"),
            ("Types", ", ".join(f"{column}: {kind}" for column, kind in zip(columns, types, strict=False))[:2000]),
            ("Row groups", f"{_number(document, 'groups'):,}"),
            ("Written by", str(document.get("writer", ""))),
        ),
        notes=tuple(notes),
        place=place,
        following=Place(end) if rows and end < total else None,
        preceding=Place(max(0, place.at - ROWS)) if place.at else None,
    )


def _unread(name: str, source: Source, note: str, place: Place | None = None) -> Preview:
    facts = (("Format", "Parquet"),)
    return Preview(
        kind=FileKind.BINARY,
        name=name,
        bytes=source.size,
        facts=facts,
        notes=(note,),
        preceding=Place() if place and place.at else None,
    )


def _asked(source: Source, first: int) -> _Answer:
    """Run the process, give it the parts that it asks for, and return its answer."""
    argv = [sys.executable, "-c", _CODE, str(_PACKAGE.parent), *map(str, (source.size, first, ROWS, COLUMNS))]
    child = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    timer = Timer(_SECONDS, child.kill)
    timer.start()
    try:
        return _conversation(source, child)
    except BrokenPipeError:
        return _Answer({})
    finally:
        timer.cancel()
        _end(child)


def _end(child: subprocess.Popen[bytes]) -> None:
    """End the process. Nobody waits for the rest of its words."""
    child.kill()
    for pipe in (child.stdin, child.stdout):
        with suppress(OSError):  # the process ended before it had read its input
            if pipe is not None:
                pipe.close()
    child.wait()


def _conversation(source: Source, child: subprocess.Popen[bytes]) -> _Answer:
    assert child.stdin
    assert child.stdout
    left, over = BUDGET, False
    while True:
        line = child.stdout.readline(8 << 20)
        if line.startswith(b"="):
            return _Answer(_document(line[1:]), over)
        start, _, length = line.partition(b" ")
        if not (start.isdigit() and length.strip().isdigit()):
            return _Answer({}, over)
        wanted = int(length)
        if wanted > left:
            over = True
            child.stdin.close()
            continue
        left -= wanted
        child.stdin.write(source.read(int(start), wanted))
        child.stdin.flush()


def _document(line: bytes) -> dict[str, object]:
    try:
        found = json.loads(line)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _list(document: dict[str, object], name: str) -> list[object]:
    found = document.get(name)
    return found if isinstance(found, list) else []


def _number(document: dict[str, object], name: str) -> int:
    found = document.get(name)
    return found if isinstance(found, int) else 0

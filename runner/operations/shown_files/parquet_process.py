"""The program that reads rows of a Parquet file, for `parquet`.

It decodes a file of unknown origin. So it is a process of its own with little memory and time, and it has the file
only through its standard streams: it writes ``start length`` and gets so many bytes.
"""

from __future__ import annotations

import importlib
import io
import json
import os
import sys
from typing import Any

from ...override import override

MEMORY = 512 << 20
"""The most bytes of data of the process."""
SECONDS = 10
"""The most seconds of processor time."""
_CELL = 300
_TEXT = 1 << 18


class AskedFile(io.RawIOBase):
    """A file whose parts are asked for."""

    def __init__(self, size: int) -> None:
        """Begin at the start.

        Args:
            size: Bytes of the file.

        """
        self._size, self._at = size, 0

    @override
    def seekable(self) -> bool:
        """Return True: the place can be set."""
        return True

    @override
    def readable(self) -> bool:
        """Return True."""
        return True

    @override
    def tell(self) -> int:
        """Return the place."""
        return self._at

    @override
    def seek(self, offset: int, whence: int = 0) -> int:
        """Set the place, and return it.

        Args:
            offset: Bytes from the start, the place or the end.
            whence: 0, 1 or 2, as in `io`. Default: 0.

        """
        self._at = max(0, offset + (0, self._at, self._size)[whence])
        return self._at

    @override
    def read(self, size: int = -1) -> bytes:
        """Return the next bytes.

        Args:
            size: The most bytes. Default: -1, all.

        Raises:
            OSError: They are not given.

        """
        left = max(0, self._size - self._at)
        wanted = left if size < 0 else min(size, left)
        if not wanted:
            return b""
        sys.stdout.buffer.write(b"%d %d\n" % (self._at, wanted))
        sys.stdout.buffer.flush()
        data = sys.stdin.buffer.read(wanted)
        if len(data) < wanted:
            raise OSError("too much of the file would have to be read")
        self._at += wanted
        return data


def main() -> None:
    """Read the wanted rows, and write them as one line of JSON."""
    size, first, count, columns = map(int, sys.argv[1:5])
    try:
        answer = _read(AskedFile(size), first, count, columns)
    except MemoryError:
        answer = {"problem": f"its rows need more than {MEMORY >> 20} MiB of memory"}
    except ImportError:
        answer = {"missing": True}
    except Exception as error:  # noqa: BLE001 - a damaged file raises anything
        answer = {"problem": str(error)[:300]}
    sys.stdout.buffer.write(b"=" + json.dumps(answer).encode() + b"\n")
    sys.stdout.buffer.flush()
    os._exit(0)  # threads of the library must not hold the process


def _read(file: AskedFile, first: int, count: int, columns: int) -> dict[str, Any]:
    os.environ.update(ARROW_DEFAULT_MEMORY_POOL="system", OMP_NUM_THREADS="1")
    arrow: Any = importlib.import_module("pyarrow")
    parquet: Any = importlib.import_module("pyarrow.parquet")
    arrow.set_cpu_count(1)
    arrow.set_io_thread_count(1)
    _limit()
    limits = {"thrift_string_size_limit": 1 << 20, "thrift_container_size_limit": 1 << 18}
    opened = parquet.ParquetFile(file, pre_buffer=False, buffer_size=1 << 16, **limits)
    metadata, schema = opened.metadata, opened.schema_arrow
    shown = list(schema.names[:columns])
    groups = [(metadata.row_group(at).num_rows, metadata.row_group(at).total_byte_size)
              for at in range(metadata.num_row_groups)]  # fmt: skip
    rows, problem = _rows(opened, groups, shown, first, count)
    return {
        "columns": shown,
        "types": [str(schema.field(at).type)[:100] for at in range(len(shown))],
        "total_columns": len(schema.names),
        "total_rows": metadata.num_rows,
        "groups": len(groups),
        "writer": str(metadata.created_by or "")[:100],
        "rows": rows,
        "problem": problem,
    }


def _rows(
    opened: Any,  # noqa: ANN401 - pyarrow has no types of its own
    groups: list[tuple[int, int]],
    shown: list[str],
    first: int,
    count: int,
) -> tuple[list[list[str]], str]:
    """Return the rows from a place on, as texts. They end with their row group at the latest."""
    begins = 0
    for number, (rows, _) in enumerate(groups):
        if first < begins + rows:
            return _of_group(opened, number, shown, first - begins, count)
        begins += rows
    return [], ""


def _of_group(
    opened: Any,  # noqa: ANN401 - pyarrow has no types of its own
    number: int,
    shown: list[str],
    skipped: int,
    count: int,
) -> tuple[list[list[str]], str]:
    found: list[list[str]] = []
    length = 0
    batches = opened.iter_batches(count, row_groups=[number], columns=shown, use_threads=False)
    for batch in batches:
        if skipped >= batch.num_rows:
            skipped -= batch.num_rows
            continue
        part = batch.slice(skipped, count - len(found))
        skipped = 0
        for row in range(part.num_rows):
            cells = [_text(part.column(at)[row].as_py()) for at in range(part.num_columns)]
            length += sum(map(len, cells))
            if found and length > _TEXT:
                return found, ""
            found.append(cells)
        if len(found) >= count:
            break
    return found, ""


def _text(value: object) -> str:
    """Return a cell as text, cut."""
    if value is None:
        return ""
    if isinstance(value, bytes):
        text = f"0x{value[:_CELL].hex()}"
    elif isinstance(value, str):
        text = value
    else:
        text = str(value)
    return text if len(text) <= _CELL else f"{text[:_CELL]}…"


def _limit() -> None:
    """Limit the memory and the time of this process, where the system can."""
    try:
        import resource
    except ImportError:  # Windows
        return
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

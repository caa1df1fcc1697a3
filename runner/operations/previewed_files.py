"""Previews of the files of a run for its report: few of each output, and no more bytes than a budget has."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import islice

from ..data import manifest
from ..data.transfers.trees import key_of
from ..dataclass import dataclass
from ..errors import BadInput, StoreDenied, StoreError, StoreUnreachable
from ..model.data import DEFAULT_DATASTORE, DataRef, Kind, Manifest
from ..model.names import is_reserved
from ..ports import ObjectInfo, ObjectStore
from ..runs.records import shown_attempt
from .previews import FileKind, Preview, preview
from .values import RunView

FILES = 100
"""The most files of a report."""
OF_ONE = 8
"""The most files of one output."""
_LOOKED_AT = 64
"""The most files of one output that are looked at for those which can be shown."""
ROWS, COLUMNS, CELL = 30, 20, 120
"""The most rows, columns, and characters of a cell of a table."""
_CONTENT = frozenset({FileKind.IMAGE, FileKind.SVG, FileKind.HTML})
"""Kinds that are shown by their own content."""


@dataclass(kw_only=True)
class Budget:
    """The bytes that previews may take, and what they took."""

    preview: int
    """The most bytes of one preview."""
    total: int
    """The most bytes of all."""
    used: int = 0
    files: int = 0
    """Files with a preview."""
    left_out: int = 0
    """Files without one, because the limits are reached."""

    @property
    def is_spent(self) -> bool:
        """True if nothing more is shown."""
        return self.used >= self.total or self.files >= FILES or not self.preview

    def take(self, size: int) -> bool:
        """Count a preview of some bytes, and return True; return False if it is too large."""
        if self.is_spent or size > self.preview or self.used + size > self.total:
            self.left_out += 1
            return False
        self.used += size
        self.files += 1
        return True


@dataclass(frozen=True, kw_only=True)
class FilePreview:
    """The preview of one file."""

    step: str
    """The step's key."""
    step_name: str
    output: str
    """The name of the output; empty: a file that the script kept in ``outputs/`` or ``logs/``."""
    path: str
    shown: Preview
    cut: tuple[str, ...] = ()
    """The parts of it that are shown, in words; empty: all that a preview can show."""
    content: bytes = b""
    """The whole file, of an image, a drawing or a page."""
    more: int = 0
    """On the first file of an output: the number of its files that are not shown."""


@dataclass(frozen=True)
class _File:
    output: str
    path: str
    store: ObjectStore
    key: str


def kept_previews(
    store: ObjectStore, view: RunView, key: str, names: Sequence[str], budget: Budget
) -> dict[str, FilePreview]:
    """Return previews of files that the script of a step kept, by their names; those that can be shown.

    Args:
        store: The workspace store.
        view: The run.
        key: The step's key.
        names: The names of the files.
        budget: What they may take.

    Raises:
        StoreUnreachable: The store does not answer.

    """
    task = shown_attempt(store, view.state, key) if names else None
    found: dict[str, FilePreview] = {}
    for name in names:
        parts = name.split("/")
        if task is not None and not any(part in ("", ".", "..") for part in parts):
            shown = _preview(view, key, _File("", name, store, task.artifacts + name), budget)
            if shown is not None:
                found[name] = shown
    return found


def file_previews(
    store: ObjectStore,
    view: RunView,
    datastore: Callable[[str], ObjectStore],
    budget: Budget,
    known: frozenset[tuple[str, str]] = frozenset(),
) -> tuple[FilePreview, ...]:
    """Return previews of the files of a run's steps, in the order of the plan.

    Args:
        store: The workspace store.
        view: The run.
        datastore: Returns the store of a datastore by its name. It raises BadInput for an unknown one.
        budget: What they may take.
        known: The step and the name of files that a script kept and that are shown elsewhere. Default: none.

    Raises:
        StoreUnreachable: A store does not answer.

    """
    found: list[FilePreview] = []
    for key in view.state.steps:
        if budget.is_spent:
            budget.left_out += sum(ref.files for ref in view.state.steps[key].outputs.values())
            continue
        for group in _groups(store, view, key, datastore, known):
            found += _of_group(view, key, group, budget)
    return tuple(found)


@dataclass(frozen=True)
class _Group:
    files: Iterator[_File]
    number: int
    """The number of files, also of those that `files` leaves out."""


def _of_group(view: RunView, key: str, group: _Group, budget: Budget) -> list[FilePreview]:
    found: list[FilePreview] = []
    for file in islice(group.files, _LOOKED_AT):
        if len(found) == OF_ONE or budget.is_spent:
            break
        shown = _preview(view, key, file, budget)
        if shown is not None:
            found.append(shown)
    if found and group.number > len(found):
        found[0] = replace(found[0], more=group.number - len(found))
    return found


def _groups(
    store: ObjectStore,
    view: RunView,
    key: str,
    datastore: Callable[[str], ObjectStore],
    known: frozenset[tuple[str, str]],
) -> Iterator[_Group]:
    for name, ref in view.state.steps[key].outputs.items():
        found = _of_output(store, name, ref, datastore)
        if found is not None:
            yield found
    task = shown_attempt(store, view.state, key)
    if task is not None:
        prefix = task.artifacts
        infos = [info for info in store.list(prefix) if (key, info.key[len(prefix) :]) not in known]
        yield _Group((_File("", info.key[len(prefix) :], store, info.key) for info in infos), len(infos))


def _of_output(store: ObjectStore, name: str, ref: DataRef, datastore: Callable[[str], ObjectStore]) -> _Group | None:
    """Return the files of an output; None if they cannot be listed."""
    try:
        place, known = datastore(ref.datastore), manifest.load(store, ref.digest)
        return _Group(_named(name, ref, place, known), len(known.entries))
    except (StoreUnreachable, StoreDenied):
        raise
    except (BadInput, StoreError):  # deleted meanwhile, damaged, or no datastore of this machine
        return None


def _named(name: str, ref: DataRef, place: ObjectStore, known: Manifest) -> Iterator[_File]:
    """Yield the files of a list. It is the work of a step, and may name records of runner's own: these are left out."""
    for entry in known.entries:
        key = key_of(ref.key, entry)
        if ref.datastore != DEFAULT_DATASTORE or not is_reserved(key):
            path = key.rpartition("/")[2] if known.kind is Kind.FILE else entry.path
            yield _File(name, path, place, key)


def _preview(view: RunView, key: str, file: _File, budget: Budget) -> FilePreview | None:
    """Return the preview of a file; None: there is nothing to see, or it is too large."""
    try:
        info = file.store.stat(file.key)
        shown = preview(file.store, info, file.path.rpartition("/")[2]) if info else None
        if info is None or shown is None or shown.kind in (FileKind.BINARY, FileKind.EMPTY):
            return None
        content = _content(file.store, info, shown, budget)
    except (StoreUnreachable, StoreDenied):
        raise
    except (BadInput, StoreError):  # it has gone, or changes: the others count
        return None
    small, cut = reduced(shown, budget.preview)
    if content is None or not budget.take(len(content) or size_of(small)):
        return None
    return FilePreview(
        step=key,
        step_name=view.plan.names[key],
        output=file.output,
        path=file.path,
        shown=small,
        cut=cut,
        content=content,
    )


def _content(store: ObjectStore, info: ObjectInfo, shown: Preview, budget: Budget) -> bytes | None:
    """Return the whole file of a kind that is shown by its content; empty for others; None: it is too large."""
    if shown.kind not in _CONTENT:
        return b""
    if info.size > budget.preview or budget.used + info.size > budget.total:
        budget.left_out += 1
        return None
    return store.read_range(info.key, 0, info.size, info.etag)


def reduced(shown: Preview, most: int) -> tuple[Preview, tuple[str, ...]]:
    """Return a preview with so few rows and characters that a report can have many, and the cuts in words (pure).

    Args:
        shown: The preview.
        most: The most bytes of a text.

    """
    cut: list[str] = []
    rows = tuple(tuple(_cell(cell) for cell in row[:COLUMNS]) for row in shown.rows[:ROWS])
    if len(shown.rows) > ROWS or (shown.rows and shown.following is not None):
        total = f" of {shown.total_rows:,}" if shown.total_rows else ""
        cut.append(f"The first {len(rows)}{total} rows.")
    if len(shown.columns) > COLUMNS:
        cut.append(f"The first {COLUMNS} of {max(shown.total_columns, len(shown.columns)):,} columns.")
    text = shown.text.encode(errors="replace")[:most].decode(errors="ignore")
    if len(text) < len(shown.text) or (text and shown.following is not None):
        cut.append(f"The first {len(text):,} characters.")
    columns = tuple(_cell(one) for one in shown.columns[:COLUMNS])
    return replace(shown, rows=rows, columns=columns, text=text), tuple(cut)


def size_of(shown: Preview) -> int:
    """Return about how many bytes a preview takes (pure).

    Args:
        shown: The preview.

    """
    return len(shown.text) + sum(len(cell) + 10 for row in (shown.columns, *shown.rows) for cell in row)


def _cell(text: str) -> str:
    return text if len(text) <= CELL else f"{text[:CELL]}…"

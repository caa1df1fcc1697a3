"""Mini-batches of tables: about a number of bytes of rows each, or the rows of one combination of partition keys.

Worker 0 reads all rows once: it finds where records end and which rows decide the columns' types. What it found is a
small document, so that every other process reads only the part of a batch and those rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

from ...data.selection import rows_needed
from ...dataclass import dataclass, field
from ...model.data import DatasetDefinition
from ...model.transforms import DropColumns, KeepColumns, Sample, Skip, Take, TimestampColumns, operation_of
from ..base.exceptions import UserErrorException
from ..datasets.files import LocalFile
from ..datasets.frames import check_pandas, forms, witness
from ..datasets.frames.delimited import Header
from ..datasets.frames.pieces import WHOLE, Piece, Reader, WiderRow
from ..datasets.frames.readers import Part, read_parts
from .batch_input import BatchInput
from .batch_size import BYTES
from .file_batches import by_keys, keys_label, size_of
from .mini_batch import UNKNOWN, MiniBatch
from .settings import Settings
from .table_files import TableFiles

_LOOK = range(1 << 18, (1 << 23) + 1)
"""Sizes of batches in bytes that are looked at one by one; smaller and larger ones in parts of `_PART`."""
_PART = 1 << 20
_SAME_ROWS = (KeepColumns, DropColumns, TimestampColumns)
_BY_NUMBER = (Take, Skip, Sample)
"""Operations that select rows by their numbers in the whole table."""


@dataclass(frozen=True, kw_only=True)
class Batch:
    """The parts of a batch, and what is known of its rows."""

    pieces: tuple[Piece, ...]
    rows: int = UNKNOWN
    first: int = UNKNOWN
    """The number of its first row in the dataset."""
    before: tuple[int, ...] = ()
    """Of each operation: the number of rows of earlier batches that come to it. Empty: none counts rows."""
    keys: Mapping[str, str] = field(default_factory=dict)

    def document(self) -> list[object]:
        """Return it as JSON values."""
        pieces = [[piece.file, piece.start, piece.stop] for piece in self.pieces]
        return [pieces, self.rows, self.first, list(self.before), dict(self.keys)]

    @classmethod
    def of(cls, document: Any) -> Batch:  # noqa: ANN401 - JSON
        """Return the batch of a document.

        Args:
            document: The result of `document`.

        """
        pieces, rows, first, before, keys = document
        parts = tuple(Piece(*piece) for piece in pieces)
        return cls(pieces=parts, rows=rows, first=first, before=tuple(before), keys=keys)


def prepare(source: BatchInput, settings: Settings) -> object:
    """Read a table once and return its batches, as JSON values.

    Args:
        source: The input.
        settings: The step's settings.

    Raises:
        UserErrorException: The table cannot be read, or has no such partition keys.

    """
    check_pandas()
    definition = source.definition
    by_number = [one for one in definition.transforms if isinstance(one, _BY_NUMBER)]
    if by_number and settings.partition_keys:
        raise UserErrorException(
            f"input {source.name!r}: {operation_of(by_number[0])} selects rows of the whole table, and partition_keys "
            "take the table apart",
            remedy="leave one of them out, or select rows by filter",
        )
    files = TableFiles(source.files.needed())
    look = _Look(definition, files, size_of(settings, BYTES))
    look.at_all()
    if settings.partition_keys:
        batches: Iterable[Batch] = look.by_keys(source, settings.partition_keys)
    else:
        batches = look.by_size()
    known = look.document()
    if by_number:
        batches = _numbered(Table(source, {**known, "batches": []}, settings), batches, definition)
    elif not all(isinstance(operation, _SAME_ROWS) for operation in definition.transforms):
        batches = (replace(batch, rows=UNKNOWN, first=UNKNOWN) for batch in batches)
    return {**known, "batches": [batch.document() for batch in batches]}


def cut(number: int, name: str, prepared: Any) -> list[MiniBatch]:  # noqa: ANN401 - JSON
    """Return the batches of a table.

    Args:
        number: The number of the input.
        name: Its name.
        prepared: The result of `prepare`.

    """
    names = prepared["names"]
    return [_mini_batch(number, index, name, Batch.of(one), names) for index, one in enumerate(prepared["batches"])]


def _mini_batch(number: int, index: int, name: str, batch: Batch, names: Sequence[str]) -> MiniBatch:
    spec: dict[str, object] = {"input": number, "batch": index}
    if batch.keys:
        spec["keys"] = dict(batch.keys)
    elif batch.first >= 0 and batch.rows >= 0:
        spec.update(first=batch.first, count=batch.rows)
    first, last = batch.pieces[0], batch.pieces[-1]
    shown = keys_label(batch.keys) or f"{names[first.file]} from {first.start} … {names[last.file]} to {last.stop}"
    return MiniBatch(spec, batch.rows, f"{name}: {shown.replace(f' to {WHOLE}', '')}", dict(batch.keys) or None)


class Table:
    """A table of which batches are opened.

    Args:
        source: The input.
        prepared: The result of `prepare`.
        settings: The step's settings.

    Raises:
        UserErrorException: The input has other files than on worker 0, or there is no pandas.

    """

    def __init__(self, source: BatchInput, prepared: Any, settings: Settings) -> None:  # noqa: ANN401 - JSON
        check_pandas()
        self._dataset = source.dataset
        self._prepared = prepared
        self._keys = settings.partition_keys
        self._files = TableFiles(source.files.needed())
        if [self._files.name(index) for index in range(len(self._files))] != prepared["names"]:
            raise UserErrorException(f"input {source.name!r} has other files here than on worker 0")
        shapes = {
            index: forms.Shape(tuple(prepared["columns"][columns]), Header("", ()) if own else None)
            for index, (columns, own) in enumerate(prepared["shapes"])
        }
        self._reader = Reader(self._dataset.definition, self._files, shapes)

    @cached_property
    def _witness(self) -> list[Part]:
        parts = []
        for file, start, stop, rows in self._prepared["witness"]:
            frame = self._reader.frame(Piece(file, start, stop))
            parts.append(Part(self._files.described(file), witness.rows_of(frame, rows)))
        return parts

    def opened(self, spec: Mapping[str, object]) -> tuple[object, int]:
        """Return the rows of a batch as a data frame, and their number.

        Args:
            spec: The batch.

        Raises:
            UserErrorException: The table cannot be read.

        """
        batch = Batch.of(self._prepared["batches"][spec["batch"]])
        frame, _ = self.rows(batch)
        dataset = self._dataset
        timestamp = getattr(dataset, "timestamp_column", None)
        return witness.arranged(frame, timestamp, self._keys), len(frame)

    def rows(self, batch: Batch) -> tuple[Any, Sequence[int]]:
        """Return the rows of a batch, and how many rows have come to each operation after it.

        Args:
            batch: The batch.

        """
        definition = self._dataset.definition
        parts = [Part(self._files.described(piece.file), self._reader.frame(piece)) for piece in batch.pieces]
        frame = witness.with_types_of(self._witness, parts, definition)
        return witness.counted(frame, definition, batch.before or [0] * len(definition.transforms))


def _numbered(table: Table, batches: Iterable[Batch], definition: DatasetDefinition) -> Iterator[Batch]:
    """Yield the batches that have rows left, with what their operations must know of earlier rows."""
    before, first = (0,) * len(definition.transforms), 0
    for batch in batches:
        frame, after = table.rows(replace(batch, before=before))
        if len(frame):
            yield replace(batch, rows=len(frame), first=first, before=before)
        before, first = tuple(after), first + len(frame)


class _Look:
    """The one look at all rows of a table."""

    def __init__(self, definition: DatasetDefinition, files: TableFiles, size: int) -> None:
        self._definition = definition
        self._files = files
        self._size = size
        self._witness = witness.Witness(definition)
        self._shapes: dict[int, forms.Shape] = {}
        self._reader = Reader(definition, files, self._shapes)
        self._header: Header | None = None
        self._pieces: list[tuple[Piece, int, int]] = []
        """The parts in the order of the table, their bytes and their rows."""
        self._filled = 0
        """The bytes of the batch that is not full yet."""
        self._seen = 0
        """The number of rows so far."""

    def at_all(self) -> None:
        """Look at every file that the dataset's rows come from."""
        needed = rows_needed(self._definition)
        for number in range(len(self._files)):
            file = self._files.local(number)
            mark = self._witness.mark()
            try:
                self._at(number, file, wide=False)
            except WiderRow:
                self._witness.back_to(mark)
                self._at(number, file, wide=True)
            self._files.forget(number)
            if needed is not None and self._seen >= needed:
                break

    def _at(self, number: int, file: LocalFile, *, wide: bool) -> None:
        shape = forms.shape_of(self._definition, file, self._header, wide=wide)
        if shape is not None:
            self._shapes[number] = shape
        sizes = self._size - self._filled if self._filled < self._size else self._size, self._size
        parts = list(forms.cut_file(self._definition, number, file, shape, sizes))
        whole_groups = self._definition.format == "parquet"
        if self._size in _LOOK and not whole_groups:
            looks = parts
        else:
            step = (1 << 62, 1 << 62) if whole_groups else (_PART, _PART)
            looks = list(forms.cut_file(self._definition, number, file, shape, step))
        rows = {piece: self._rows(file, piece) for piece, _bytes in looks}
        for piece, size in parts:
            count = piece.stop - piece.start if whole_groups and piece.stop >= 0 else rows.get(piece, UNKNOWN)
            self._pieces.append((piece, size, count))
            self._filled = size if self._filled >= self._size else self._filled + size
        self._seen += sum(rows.values())
        if shape is not None:
            self._header = self._header or shape.own

    def _rows(self, file: LocalFile, piece: Piece) -> int:
        try:
            frame = self._reader.frame(piece)
        except UserErrorException:
            if self._definition.format == "json_lines":  # with the number of the line in the file
                read_parts(self._definition, [file])
            raise
        self._witness.see(file, piece, frame)
        return len(frame)

    def by_size(self) -> Iterator[Batch]:
        """Yield batches of at least the wanted size, but for the last one."""
        pieces: list[Piece] = []
        filled, rows, first = 0, 0, 0
        for piece, size, count in self._pieces:
            pieces.append(piece)
            filled += size
            rows = rows + count if rows >= 0 and count >= 0 else UNKNOWN
            if filled >= self._size:
                yield Batch(pieces=tuple(pieces), rows=rows, first=first)
                first = first + rows if first >= 0 and rows >= 0 else UNKNOWN
                pieces, filled, rows = [], 0, 0
        if pieces:
            yield Batch(pieces=tuple(pieces), rows=rows, first=first)

    def by_keys(self, source: BatchInput, keys: Sequence[str]) -> Iterator[Batch]:
        """Yield a batch for each combination of partition keys.

        Args:
            source: The input.
            keys: The keys.

        """
        of_file: dict[int, list[tuple[Piece, int]]] = {}
        for piece, _size, count in self._pieces:
            of_file.setdefault(piece.file, []).append((piece, count))
        for combination, numbers in by_keys(source, self._files.files, keys):
            found = [one for number in numbers for one in of_file.get(number, ())]
            counts = [count for _piece, count in found]
            if found:
                rows = UNKNOWN if UNKNOWN in counts else sum(counts)
                yield Batch(pieces=tuple(piece for piece, _count in found), rows=rows, keys=combination)

    def document(self) -> dict[str, object]:
        """Return everything but the batches, as JSON values."""
        shapes = [self._shapes.get(number, forms.Shape(())) for number in range(len(self._files))]
        columns = {each: index for index, each in enumerate(dict.fromkeys(shape.columns for shape in shapes))}
        return {
            "names": [self._files.name(number) for number in range(len(self._files))],
            "columns": [list(each) for each in columns],
            "shapes": [[columns[shape.columns], shape.own is not None] for shape in shapes],
            "witness": [
                [one.piece.file, one.piece.start, one.piece.stop, list(one.rows)] for one in self._witness.chosen
            ],
        }

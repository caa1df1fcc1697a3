"""The rows that decide the columns of a table and their types, so that a part of it has the whole's.

A column's type follows from all its values: v1 looks at the first 200 rows, and then one missing integer makes floats
of a column, or objects where floats would round. A few rows show all of that. A part of the table that is read
together with these rows, which are then left out, has the same columns and types as the whole table.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ....dataclass import dataclass
from ....model.data import DatasetDefinition
from ..files import LocalFile
from . import united
from .joining import EXACT
from .pieces import RECORD, Piece
from .readers import Part, frame_of
from .types import INFER_ROWS, Strictness

if TYPE_CHECKING:
    import pandas as pd

    Facts = Sequence[tuple[str, str, bool]]
    """Of each column: its name, its type, and whether it has an integer that a float would round."""


@dataclass(frozen=True)
class Chosen:
    """Rows of one part."""

    piece: Piece
    rows: tuple[int, ...]
    """Their numbers in the part."""


class Witness:
    """The rows that decide columns and types, found by looking at all parts of a table in their order.

    Args:
        definition: The dataset.

    """

    def __init__(self, definition: DatasetDefinition) -> None:
        self._definition = definition
        self._parts: list[Part] = []
        self._chosen: list[Chosen] = []
        self._head = 0
        self._facts: Facts = ()

    @property
    def chosen(self) -> tuple[Chosen, ...]:
        """The rows so far."""
        return tuple(self._chosen)

    def mark(self) -> tuple[object, ...]:
        """Return what `back_to` needs to forget what is seen from now on."""
        return list(self._parts), list(self._chosen), self._head, self._facts

    def back_to(self, mark: tuple[object, ...]) -> None:
        """Forget what was seen since `mark`.

        Args:
            mark: Its result.

        """
        self._parts, self._chosen, self._head, self._facts = mark  # type: ignore[assignment]

    def see(self, file: LocalFile, piece: Piece, frame: pd.DataFrame) -> None:
        """Look at the next part, and take those of its rows that change a column or a type.

        Args:
            file: Its file.
            piece: The part.
            frame: Its rows, before types are chosen.

        """
        head = min(INFER_ROWS - self._head, len(frame))
        if head or not self._parts:
            self._head += head
            self._take(file, piece, frame, range(head))
        while True:
            whole = self._of(file, frame)
            if whole == self._facts:
                return
            self._take(file, piece, frame, self._changing(file, frame))

    def _changing(self, file: LocalFile, frame: pd.DataFrame) -> Sequence[int]:
        """Return the rows of a part that change the facts: one, if it does so alone; none, if its columns do."""
        if self._of(file, frame.iloc[:0]) != self._facts:
            return ()
        same, changed = 0, len(frame)
        while changed - same > 1:
            middle = (same + changed) // 2
            if self._of(file, frame.iloc[:middle]) == self._facts:
                same = middle
            else:
                changed = middle
        alone = frame.iloc[changed - 1 : changed]
        return range(changed - 1, changed) if self._of(file, alone) != self._facts else range(changed)

    def _take(self, file: LocalFile, piece: Piece, frame: pd.DataFrame, rows: Sequence[int]) -> None:
        self._parts.append(Part(file, frame.iloc[list(rows)].reset_index(drop=True)))
        self._chosen.append(Chosen(piece, tuple(rows)))
        self._facts = facts_of(_typed(self._parts, self._definition))

    def _of(self, file: LocalFile, frame: pd.DataFrame) -> Facts:
        return facts_of(_typed([*self._parts, Part(file, frame)], self._definition))


def facts_of(frame: pd.DataFrame) -> Facts:
    """Return what a frame's columns are.

    Args:
        frame: The rows.

    """
    return [(str(column), str(frame[column].dtype), _is_big(frame[column])) for column in frame.columns]


def _is_big(column: pd.Series) -> bool:
    return column.dtype.kind in "iu" and bool(((column >= EXACT) | (column <= -EXACT)).any())


def with_types_of(witness: Sequence[Part], parts: Sequence[Part], definition: DatasetDefinition) -> pd.DataFrame:
    """Return the rows of some parts with the columns and types of the whole table.

    Args:
        witness: The rows that decide them.
        parts: The parts.
        definition: The dataset.

    Raises:
        UserErrorException: A value does not fit.

    """
    known = sum(len(part.frame) for part in witness)
    rows: pd.DataFrame = _typed([*witness, *parts], definition).iloc[known:].reset_index(drop=True)
    return rows


def _typed(parts: Sequence[Part], definition: DatasetDefinition) -> pd.DataFrame:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # pandas 2: a part without rows will count for the type
        return united(_with_columns(_in_columns(parts)), definition, Strictness())


def _in_columns(parts: Sequence[Part]) -> Sequence[Part]:
    """Make columns of the objects of JSON lines: pandas looks at those of one file together."""
    if not parts or list(parts[0].frame.columns) != [RECORD]:
        return parts
    of_file: dict[str, list[int]] = {}
    for number, part in enumerate(parts):
        of_file.setdefault(part.file.name, []).append(number)
    made: dict[int, Part] = {}
    for numbers in of_file.values():
        frame = frame_of([record for number in numbers for record in parts[number].frame[RECORD]])
        start = 0
        for number in numbers:
            end = start + len(parts[number].frame)
            made[number] = Part(parts[number].file, frame.iloc[start:end].reset_index(drop=True))
            start = end
    return [made[number] for number in range(len(parts))]


def _with_columns(parts: Sequence[Part]) -> Sequence[Part]:
    """Give columns to rows without any (JSON's ``{}``), which would be lost in a union by columns."""
    named = next((part.frame.columns for part in parts if len(part.frame.columns)), None)
    if named is None:
        return parts
    return [
        part if len(part.frame.columns) or not len(part.frame) else Part(part.file, part.frame.reindex(columns=named))
        for part in parts
    ]


def rows_of(frame: pd.DataFrame, numbers: Sequence[int]) -> pd.DataFrame:
    """Return rows of a part by their numbers.

    Args:
        frame: The part.
        numbers: The numbers.

    """
    rows: pd.DataFrame = frame.iloc[list(numbers)].reset_index(drop=True)
    return rows


def counted(
    frame: pd.DataFrame, definition: DatasetDefinition, before: Sequence[int]
) -> tuple[pd.DataFrame, list[int]]:
    """Return the rows of a part after the dataset's operations, and how many rows have come to each of them so far.

    Args:
        frame: The rows of the part.
        definition: The dataset.
        before: The number of rows of all earlier parts that came to each operation.

    """
    from .rows import apply_from

    after = []
    for transform, seen in zip(definition.transforms, before):
        after.append(seen + len(frame))
        frame = apply_from(frame, transform, seen)
    return frame, after


def arranged(frame: pd.DataFrame, timestamp: str | None, last: Mapping[str, object] | Sequence[str]) -> pd.DataFrame:
    """Return the rows as a script gets them: with the timestamp as the index, and partition keys as the last columns.

    Args:
        frame: The rows.
        timestamp: The column with the exact time; None: there is none.
        last: The partition keys.

    """
    if last:
        frame = frame[[*(column for column in frame.columns if column not in last), *last]]
    if timestamp in frame.columns and len(frame):
        frame = frame.set_index(timestamp, drop=False).rename_axis(None)
    return frame

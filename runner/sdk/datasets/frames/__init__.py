"""Conversion between a tabular dataset's files and a pandas frame. Only here the SDK uses pandas."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from ....model.data import DatasetDefinition
from ...base.exceptions import UserErrorException
from ..files import LocalFile, partition
from .joining import joined
from .readers import Part, read_parts
from .rows import apply
from .types import Strictness, converted, guessed, plain_text

if TYPE_CHECKING:
    import pandas as pd

PATH_COLUMN = "Path"
"""The column of ``include_path``."""


def read(
    definition: DatasetDefinition, files: Iterable[LocalFile], strictness: Strictness, rows: int | None = None
) -> pd.DataFrame:
    """Return the rows of every file one after another, with the definition's operations applied.

    Args:
        definition: The dataset.
        files: Its files.
        strictness: The treatment of values that do not fit.
        rows: The number of first rows that are enough; no file is read after them. Default: None, all are needed.

    Raises:
        UserErrorException: There are no files, or one cannot be read.

    """
    check_pandas()
    parts = read_parts(definition, files, rows)
    if not parts:
        raise UserErrorException("the dataset has no files")
    frame = united(parts, definition, strictness)
    for transform in definition.transforms:
        frame = apply(frame, transform)
    return frame


def united(parts: Sequence[Part], definition: DatasetDefinition, strictness: Strictness) -> pd.DataFrame:
    """Return the rows of several parts one after another, with their types; no operation is applied.

    Args:
        parts: At least one part.
        definition: The dataset.
        strictness: The treatment of values that do not fit.

    Raises:
        UserErrorException: The files and their paths give columns of one name.

    """
    frame = _typed(joined([part.frame for part in parts]), definition, strictness)
    frame = _with_path_columns(frame, definition, parts)
    return _with_chosen_types(frame, definition, strictness)


def check_pandas() -> None:
    """Look for pandas: a step's environment has only the packages that it names.

    Raises:
        UserErrorException: There is none.

    """
    if importlib.util.find_spec("pandas") is None:
        raise UserErrorException(
            "reading rows needs pandas, which is not installed here",
            remedy="add pandas to the step's environment (CondaDependencies.add_pip_package('pandas'))",
        )


def _typed(frame: pd.DataFrame, definition: DatasetDefinition, strictness: Strictness) -> pd.DataFrame:
    """Return the frame with text columns converted to the types they look like, except those with chosen types."""
    options = definition.options
    if definition.format != "delimited":
        return plain_text(frame)
    guess, chosen = options.get("infer_column_types", True) is not False, _chosen_types(definition)
    blank = "" if options.get("empty_as_string") else None
    columns = {
        column: guessed(frame[column], blank, strictness if guess and column not in chosen else None)
        for column in frame.columns
    }
    return _of_columns(columns, frame)


def _of_columns(columns: Mapping[str, pd.Series], frame: pd.DataFrame) -> pd.DataFrame:
    import pandas as pd

    made: pd.DataFrame = pd.DataFrame(dict(columns), index=frame.index)
    return made


def _with_path_columns(frame: pd.DataFrame, definition: DatasetDefinition, parts: Sequence[Part]) -> pd.DataFrame:
    """Insert the columns that the files' paths give before the files' own, in v1's order: path, then partition keys.

    Raises UserErrorException if the files have a column of such a name already, as v1 does.
    """
    added: dict[str, pd.Series] = {}
    if definition.options.get("include_path"):
        added[PATH_COLUMN] = _spread([part.file.name for part in parts], parts)
    if definition.options.get("partition_format"):
        keys = [partition(definition, part.file.whole) for part in parts]
        added.update({column: _spread([values[column] for values in keys], parts) for column in keys[0]})
    for column in added:
        if column in frame.columns:
            raise UserErrorException(
                f"the files have a column {column!r}, and their paths give one of that name",
                remedy="give the partition_format another name, or leave out include_path",
            )
    return _of_columns({**added, **{column: frame[column] for column in frame.columns}}, frame) if added else frame


def _spread(values: Sequence[object], parts: Sequence[Part]) -> pd.Series:
    """Return each file's value for every row of the file."""
    import pandas as pd

    spread = pd.Series([value for value, part in zip(values, parts) for _ in range(len(part.frame))])
    return spread.astype(object) if values and isinstance(values[0], str) else spread.astype("datetime64[ns]")


def _with_chosen_types(frame: pd.DataFrame, definition: DatasetDefinition, strictness: Strictness) -> pd.DataFrame:
    for column, wanted in _chosen_types(definition).items():
        if column in frame.columns:
            frame[column] = converted(frame[column], wanted, strictness)
    return frame


def _chosen_types(definition: DatasetDefinition) -> Mapping[str, Sequence[str]]:
    types = definition.options.get("set_column_types")
    return types if isinstance(types, Mapping) else {}

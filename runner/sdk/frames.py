"""A tabular dataset's files as one pandas frame. The only file of the authoring API that runs pandas."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from ..model.data import DatasetDefinition
from .dataset_files import LocalFile, keeps
from .dataset_types import PromoteHeadersBehavior
from .exceptions import UserErrorException
from .expressions import evaluate
from .partitions import partition_values

if TYPE_CHECKING:
    import pandas as pd

Options = Mapping[str, object]
_INFER_ROWS = 200
"""v1 looks at the first 200 rows."""
_ENCODINGS = {
    "utf8": "utf-8",
    "utf8bom": "utf-8-sig",
    "iso88591": "iso-8859-1",
    "windows1252": "cp1252",
    "utf16": "utf-16",
    "utf32": "utf-32",
}
_TIME = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?|\d{1,2}/\d{1,2}/\d{4}")


def read(definition: DatasetDefinition, files: Sequence[LocalFile]) -> pd.DataFrame:
    """Every file's rows one after another, then the definition's operations. Raises UserErrorException."""
    import pandas as pd

    if not files:
        raise UserErrorException("the dataset has no files")
    parts = [_read_one(definition, file, first=index == 0) for index, file in enumerate(files)]
    if definition.format == "delimited":
        parts = [part.set_axis(list(parts[0].columns), axis=1) if _headless(definition, i) else part
                 for i, part in enumerate(parts)]  # fmt: skip
    frame = parts[0] if len(parts) == 1 else pd.concat(parts, ignore_index=True)
    frame = _typed(frame, definition)
    for transform in definition.transforms:
        frame = _APPLY[transform.operation](frame, transform.arguments).reset_index(drop=True)
    return frame


def _read_one(definition: DatasetDefinition, file: LocalFile, *, first: bool) -> pd.DataFrame:
    frame = _READERS[definition.format](file, definition.options, first)
    for column, value in partition_values(definition.options.get("partition_format"), file.name).items():
        frame[column] = value
    if definition.options.get("include_path"):
        frame.insert(0, "Path", file.name)
    return frame


def _delimited(file: LocalFile, options: Options, first: bool) -> pd.DataFrame:
    import pandas as pd

    header = _header(options)
    named = header != PromoteHeadersBehavior.NO_HEADERS and (
        first or header != PromoteHeadersBehavior.ONLY_FIRST_FILE_HAS_HEADERS
    )
    encoding = str(options.get("encoding", "utf8"))
    try:
        frame = pd.read_csv(
            file.path,
            sep=str(options.get("separator", ",")),
            header=0 if named else None,
            encoding=_ENCODINGS.get(encoding, encoding),
            dtype=_read_as(options),
        )
    except pd.errors.EmptyDataError:
        none: pd.DataFrame = pd.DataFrame()
        return none
    except (pd.errors.ParserError, UnicodeError, LookupError) as error:
        raise UserErrorException(f"{file.name} cannot be read as delimited text: {error}", error) from error
    if not named:
        frame.columns = pd.Index([f"Column{number + 1}" for number in range(len(frame.columns))])
    return frame


def _read_as(options: Options) -> type[str] | dict[str, type[str]] | None:
    if options.get("infer_column_types", True) is False:
        return str
    types = options.get("set_column_types")
    return dict.fromkeys(types, str) if isinstance(types, Mapping) and types else None


def _header(options: Options) -> int:
    header = options.get("header", True)
    if header is True:
        return PromoteHeadersBehavior.ALL_FILES_HAVE_SAME_HEADERS
    return header if isinstance(header, int) else PromoteHeadersBehavior.NO_HEADERS


def _headless(definition: DatasetDefinition, index: int) -> bool:
    return index > 0 and _header(definition.options) == PromoteHeadersBehavior.ONLY_FIRST_FILE_HAS_HEADERS


def _parquet(file: LocalFile, _options: Options, _first: bool) -> pd.DataFrame:
    import pandas as pd

    try:
        return pd.read_parquet(file.path)
    except ImportError as error:
        raise UserErrorException(
            "reading Parquet needs pyarrow", error, remedy="add pyarrow to the environment"
        ) from error


def _json_lines(file: LocalFile, options: Options, _first: bool) -> pd.DataFrame:
    import pandas as pd

    encoding = str(options.get("encoding", "utf8"))
    try:
        return pd.read_json(file.path, lines=True, encoding=_ENCODINGS.get(encoding, encoding))
    except ValueError as error:
        raise UserErrorException(f"{file.name} cannot be read as JSON lines: {error}", error) from error


_READERS: Mapping[str, Callable[[LocalFile, Options, bool], pd.DataFrame]] = {
    "delimited": _delimited,
    "parquet": _parquet,
    "json_lines": _json_lines,
}


def _typed(frame: pd.DataFrame, definition: DatasetDefinition) -> pd.DataFrame:
    options = definition.options
    if definition.format == "delimited" and options.get("infer_column_types", True) is not False:
        frame = _with_times(frame)
    types = options.get("set_column_types")
    if isinstance(types, Mapping):
        for column, wanted in types.items():
            if column in frame.columns:
                frame[column] = _converted(frame[column], wanted)
    if options.get("empty_as_string"):
        texts = [column for column in frame.columns if _is_text(frame[column])]
        frame[texts] = frame[texts].fillna("")
    return frame


def _with_times(frame: pd.DataFrame) -> pd.DataFrame:
    import pandas as pd

    for column in frame.columns:
        if not _is_text(frame[column]):
            continue
        sample = frame[column].dropna().head(_INFER_ROWS).astype(str)
        if len(sample) and sample.map(lambda text: _TIME.fullmatch(text) is not None).all():
            frame[column] = pd.to_datetime(frame[column], errors="coerce")
    return frame


def _is_text(series: pd.Series) -> bool:
    import pandas as pd

    return pd.api.types.is_object_dtype(series.dtype) or pd.api.types.is_string_dtype(series.dtype)


def _converted(series: pd.Series, wanted: Sequence[str]) -> pd.Series:
    import pandas as pd

    kind, *formats = wanted
    match kind:
        case "float":
            text = series.astype(str).str.replace(",", ".", regex=False) if formats == [","] else series
            return pd.to_numeric(text, errors="coerce").astype("float64")
        case "long":
            return pd.to_numeric(series, errors="coerce").astype("Int64")
        case "bool":
            return series.astype(str).str.lower().map({"true": True, "false": False, "1": True, "0": False})
        case "datetime":
            return _times(series, formats)
        case _:
            text_only: pd.Series = series.where(series.isna(), series.astype(str))
            return text_only


def _times(series: pd.Series, formats: Sequence[str]) -> pd.Series:
    import pandas as pd

    out = pd.to_datetime(series, format=formats[0] if formats else None, errors="coerce")
    for other in formats[1:]:
        out = out.fillna(pd.to_datetime(series, format=other, errors="coerce"))
    return out


def _columns(arguments: Options) -> list[str]:
    columns = arguments["columns"]
    return [str(column) for column in columns] if isinstance(columns, (list, tuple)) else [str(columns)]


def _keep(frame: pd.DataFrame, arguments: Options) -> pd.DataFrame:
    wanted = _columns(arguments)
    _check_columns(frame, wanted)
    kept: pd.DataFrame = frame[[column for column in frame.columns if column in set(wanted)]]
    return kept


def _drop(frame: pd.DataFrame, arguments: Options) -> pd.DataFrame:
    kept: pd.DataFrame = frame.drop(columns=[column for column in _columns(arguments) if column in frame.columns])
    return kept


def _check_columns(frame: pd.DataFrame, wanted: Sequence[str]) -> None:
    missing = [column for column in wanted if column not in frame.columns]
    if missing:
        raise UserErrorException(f"there is no column {missing[0]!r}; columns: {', '.join(map(str, frame.columns))}")


def _rows(operation: str) -> Callable[[pd.DataFrame, Options], pd.DataFrame]:
    def apply(frame: pd.DataFrame, arguments: Options) -> pd.DataFrame:
        kept: pd.DataFrame = frame[[keeps(operation, arguments, index) for index in range(len(frame))]]
        return kept

    return apply


def _filter(frame: pd.DataFrame, arguments: Options) -> pd.DataFrame:
    kept: pd.DataFrame = frame[evaluate(arguments["expression"], frame).fillna(value=False).astype(bool)]
    return kept


def _between(frame: pd.DataFrame, arguments: Options) -> pd.DataFrame:
    import pandas as pd

    column = str(arguments["column"])
    _check_columns(frame, [column])
    times = pd.to_datetime(frame[column], errors="coerce")
    keep = times.notna()
    closed = bool(arguments.get("include_boundary", True))
    if arguments.get("start"):
        start = pd.Timestamp(str(arguments["start"]))
        keep &= times >= start if closed else times > start
    if arguments.get("end"):
        end = pd.Timestamp(str(arguments["end"]))
        keep &= times <= end if closed else times < end
    kept: pd.DataFrame = frame[keep]
    return kept


def _same(frame: pd.DataFrame, _arguments: Options) -> pd.DataFrame:
    return frame


_APPLY: Mapping[str, Callable[[pd.DataFrame, Options], pd.DataFrame]] = {
    "keep_columns": _keep,
    "drop_columns": _drop,
    "take": _rows("take"),
    "skip": _rows("skip"),
    "sample": _rows("sample"),
    "filter": _filter,
    "timestamps": _same,
    "time": _between,
}

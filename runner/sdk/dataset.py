"""Dataset: the factories ``Dataset.Tabular`` and ``Dataset.File``, and registered datasets."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ..data import registry
from ..data.partitions import partition_columns
from ..model.context import STEP_VARIABLE
from ..model.data import DatasetDefinition
from .data import DataPath
from .dataset_files import Staged
from .dataset_paths import places_of
from .dataset_types import DataType, encoding_checked, header_document, separator_checked, types_document
from .exceptions import UserErrorException
from .file_dataset import FileDataset
from .refused import refusing
from .tabular import TabularDataset

if TYPE_CHECKING:
    import pandas as pd

    from .datastore import Datastore
    from .workspace import Workspace

ColumnTypes = Mapping[str, DataType]
_FRAME = "use register_pandas_dataframe, or write Parquet files and from_parquet_files"


class TabularDatasetFactory:
    """Definitions of rows in files."""

    @staticmethod
    def from_delimited_files(
        path: object,
        validate: bool = True,
        include_path: bool = False,
        infer_column_types: bool = True,
        set_column_types: ColumnTypes | None = None,
        separator: str = ",",
        header: bool | int | str = True,
        partition_format: str | None = None,
        support_multi_line: bool = False,
        empty_as_string: bool = False,
        encoding: str = "utf8",
    ) -> TabularDataset:
        """Rows of text files (CSV, TSV …)."""
        options = {
            "include_path": include_path,
            "infer_column_types": infer_column_types,
            "set_column_types": types_document(set_column_types),
            "separator": separator_checked(separator),
            "header": header_document(header),
            "partition_format": _formatted(partition_format),
            "support_multi_line": support_multi_line,
            "empty_as_string": empty_as_string,
            "encoding": encoding_checked(encoding),
        }
        return _tabular("delimited", path, options, validate=validate)

    @staticmethod
    def from_parquet_files(
        path: object,
        validate: bool = True,
        include_path: bool = False,
        set_column_types: ColumnTypes | None = None,
        partition_format: str | None = None,
    ) -> TabularDataset:
        """Rows of Parquet files."""
        options = {
            "include_path": include_path,
            "set_column_types": types_document(set_column_types),
            "partition_format": _formatted(partition_format),
        }
        return _tabular("parquet", path, options, validate=validate)

    @staticmethod
    def from_json_lines_files(
        path: object,
        validate: bool = True,
        include_path: bool = False,
        set_column_types: ColumnTypes | None = None,
        partition_format: str | None = None,
        invalid_lines: str = "error",
        encoding: str = "utf8",
    ) -> TabularDataset:
        """Rows of files with one JSON object per line; `invalid_lines` is ``error`` or ``drop``."""
        if invalid_lines not in ("error", "drop"):
            raise UserErrorException(f"invalid_lines is {invalid_lines!r}", remedy="it is 'error' or 'drop'")
        options = {
            "include_path": include_path,
            "set_column_types": types_document(set_column_types),
            "partition_format": _formatted(partition_format),
            "invalid_lines": invalid_lines,
            "encoding": encoding_checked(encoding),
        }
        return _tabular("json_lines", path, options, validate=validate)

    from_sql_query = staticmethod(
        refusing("Dataset.Tabular.from_sql_query", "it needs an Azure SQL datastore", "query in a step")
    )
    register_spark_dataframe = staticmethod(
        refusing("Dataset.Tabular.register_spark_dataframe", "there is no Spark session here", _FRAME)
    )
    register_dask_dataframe = staticmethod(
        refusing("Dataset.Tabular.register_dask_dataframe", "runner knows pandas alone", _FRAME)
    )

    @staticmethod
    def register_pandas_dataframe(
        dataframe: pd.DataFrame,
        target: Datastore | DataPath | tuple[Datastore, str],
        name: str,
        description: str | None = None,
        tags: Mapping[str, str] | None = None,
        show_progress: bool = True,
        row_group_size: int | None = None,
        make_target_path_unique: bool = True,
    ) -> TabularDataset:
        """Upload a frame as Parquet and register it, as a new version if the name is known."""
        from .frame_upload import upload_frame, workspace_of

        place = upload_frame(dataframe, target, unique=make_target_path_unique, row_group_size=row_group_size)
        if show_progress:
            print(f"wrote {len(dataframe)} rows to {place.datastore}/{place.path}")
        dataset = TabularDatasetFactory.from_parquet_files(place, validate=False)
        return dataset.register(workspace_of(target), name, description, tags, create_new_version=True)


class FileDatasetFactory:
    """Definitions of files."""

    @staticmethod
    def from_files(
        path: object, validate: bool = True, partition_format: str | None = None, is_file: bool = False
    ) -> FileDataset:
        """Files as they are; a folder means everything below it."""
        places = places_of(path, validate=validate)
        options = _chosen({"partition_format": _formatted(partition_format)})
        return FileDataset(DatasetDefinition("file", places, options=options))

    @staticmethod
    def upload_directory(
        src_dir: str,
        target: DataPath | tuple[Datastore, str],
        pattern: str | None = None,
        overwrite: bool = False,
        show_progress: bool = True,
    ) -> FileDataset:
        """Upload a folder's files, those that fit the glob `pattern`, and make a dataset of them.

        Raises UserErrorException when one of them is there already, unless `overwrite`.
        """
        from .upload import upload_folder

        return FileDatasetFactory.from_files(upload_folder(src_dir, target, pattern, overwrite, show_progress))


class Dataset:
    """Registered datasets, and the factories that define new ones."""

    Tabular = TabularDatasetFactory
    File = FileDatasetFactory

    class Scenario:
        """v1's words for what a model uses a dataset for."""

        TRAINING = "training"
        VALIDATION = "validation"
        INFERENCING = "inferencing"

    @staticmethod
    def get_by_name(workspace: Workspace, name: str, version: int | str = "latest") -> TabularDataset | FileDataset:
        """A registered dataset. Raises UserErrorException when there is none of that name or version."""
        store = workspace.session.store
        latest = version in ("latest", None)
        found = registry.latest(store, name) if latest else registry.fetch(store, name, _number(version))
        if found is not None:
            return _registered(found)
        known = ", ".join(registry.names(store)) or "none"
        shown = "" if latest else f" version {version}"
        raise UserErrorException(
            f"dataset {name!r}{shown} is not registered in workspace {workspace.name!r} (registered: {known})",
            remedy=f"define it (Dataset.Tabular.from_delimited_files(...)) and register(workspace, {name!r})",
        )

    @staticmethod
    def get_by_id(workspace: Workspace, id: str) -> TabularDataset | FileDataset:
        """A registered dataset by its id, or in a step one of its inputs. Raises UserErrorException."""
        staged = _input_of_this_step(id)
        if staged is not None:
            return staged
        found = registry.find(workspace.session.store, id)
        if found is None:
            raise UserErrorException(f"no registered dataset has the id {id!r}")
        return _registered(found)

    @staticmethod
    def get_all(workspace: Workspace) -> dict[str, TabularDataset | FileDataset]:
        """The newest version of every registered dataset, by name."""
        names = registry.names(workspace.session.store)
        return {name: Dataset.get_by_name(workspace, name) for name in names}


def dataset_from(
    definition: DatasetDefinition, *, staged: Path | None = None, facts: Mapping[str, object] | None = None
) -> TabularDataset | FileDataset:
    """The user's object for a definition."""
    shape = TabularDataset if definition.kind == "tabular" else FileDataset
    if staged is None:
        return shape(definition, facts=facts)
    # Pinning a file dataset applied its operations; another step's output was staged whole.
    applied = len(definition.transforms) if definition.kind == "file" and definition.paths else 0
    return shape(definition, staged=Staged(staged, applied), facts=facts)


def _input_of_this_step(identity: str) -> TabularDataset | FileDataset | None:
    """v1's scripts get a direct input's id in their arguments, and look it up."""
    if STEP_VARIABLE not in os.environ:
        return None
    from .context_run import ContextRun

    for staged in ContextRun.of_this_process().context.inputs.values():
        if staged.dataset is not None and identity in (staged.dataset.id, staged.dataset.identity):
            return dataset_from(staged.dataset, staged=Path(staged.path))
    return None


def _number(version: object) -> int:
    try:
        return int(str(version))
    except ValueError as error:
        text = f"{version!r} is no version of a dataset"
        raise UserErrorException(text, remedy="it is a number or 'latest'") from error


def _registered(found: registry.Registration) -> TabularDataset | FileDataset:
    return dataset_from(found.definition, facts={"description": found.description, "tags": found.tags})


def _tabular(form: str, path: object, options: Mapping[str, object], *, validate: bool) -> TabularDataset:
    return TabularDataset(DatasetDefinition("tabular", places_of(path, validate=validate), form, _chosen(options)))


def _formatted(form: str | None) -> str | None:
    """The partition format. Raises UserErrorException where it names no column."""
    if form and not partition_columns(form):
        raise UserErrorException(
            f"partition_format {form!r} names no column", remedy="write it like '/{region}/{day:yyyy/MM/dd}/data.csv'"
        )
    return form


def _chosen(options: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in options.items() if value not in (None, {})}

"""Dataset: the factories ``Dataset.Tabular`` and ``Dataset.File``, and registered datasets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..data import registry
from ..errors import BadInput
from ..model.data import DataPath as Place
from ..model.data import DatasetDefinition
from .data import DataPath, DataReference, plain_path
from .dataset_types import DataType, types_document
from .exceptions import NotOffered, UserErrorException
from .file_dataset import FileDataset
from .session import current
from .tabular import TabularDataset

if TYPE_CHECKING:
    import pandas as pd

    from .datastore import Datastore
    from .workspace import Workspace

ColumnTypes = Mapping[str, DataType]


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
        header: bool | int = True,
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
            "separator": separator,
            "header": header if isinstance(header, bool) else int(header),
            "partition_format": partition_format,
            "support_multi_line": support_multi_line,
            "empty_as_string": empty_as_string,
            "encoding": encoding,
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
            "partition_format": partition_format,
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
        """Rows of files with one JSON object per line."""
        options = {
            "include_path": include_path,
            "set_column_types": types_document(set_column_types),
            "partition_format": partition_format,
            "invalid_lines": invalid_lines,
            "encoding": encoding,
        }
        return _tabular("json_lines", path, options, validate=validate)

    @staticmethod
    def from_sql_query(*_arguments: object, **_options: object) -> TabularDataset:
        """Refuse: there is no SQL datastore here."""
        raise NotOffered("Dataset.Tabular.from_sql_query needs an Azure SQL datastore", remedy="query in a step")

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
        """Upload a frame as Parquet and register it."""
        from .frame_upload import upload_frame
        from .workspace import Workspace

        place = upload_frame(dataframe, target, unique=make_target_path_unique)
        dataset = TabularDatasetFactory.from_parquet_files(place, validate=False)
        return dataset.register(Workspace.from_config(), name, description, tags, create_new_version=True)


class FileDatasetFactory:
    """Definitions of files."""

    @staticmethod
    def from_files(
        path: object, validate: bool = True, partition_format: str | None = None, is_file: bool = False
    ) -> FileDataset:
        """Files as they are; a folder means everything below it."""
        places = _places(path, validate=validate)
        return FileDataset(DatasetDefinition("file", places, options=_chosen({"partition_format": partition_format})))

    @staticmethod
    def upload_directory(
        src_dir: str,
        target: DataPath | tuple[Datastore, str],
        pattern: str | None = None,
        overwrite: bool = False,
        show_progress: bool = True,
    ) -> FileDataset:
        """Upload a folder and make a dataset of it."""
        datastore, below = _target(target)
        root = Path(src_dir)
        files = [str(path) for path in sorted(root.rglob(pattern or "*")) if path.is_file()]
        datastore.upload_files(files, str(root), below, overwrite, show_progress)
        return FileDatasetFactory.from_files((datastore, below), validate=False)


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
        if version in ("latest", None):
            found = registry.latest(store, name)
        else:
            found = registry.fetch(store, name, int(version))
        if found is not None:
            return _registered(found)
        known = ", ".join(registry.names(store)) or "none"
        shown = "" if version == "latest" else f" version {version}"
        raise UserErrorException(
            f"dataset {name!r}{shown} is not registered in workspace {workspace.name!r} (registered: {known})",
            remedy=f"define it (Dataset.Tabular.from_delimited_files(...)) and register(workspace, {name!r})",
        )

    @staticmethod
    def get_by_id(workspace: Workspace, id: str) -> TabularDataset | FileDataset:
        """A registered dataset by its id. Raises UserErrorException."""
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
    return shape(definition, staged=staged, facts=facts)


def _registered(found: registry.Registration) -> TabularDataset | FileDataset:
    return dataset_from(found.definition, facts={"description": found.description, "tags": found.tags})


def _tabular(form: str, path: object, options: Mapping[str, object], *, validate: bool) -> TabularDataset:
    return TabularDataset(DatasetDefinition("tabular", _places(path, validate=validate), form, _chosen(options)))


def _chosen(options: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in options.items() if value not in (None, {})}


def _places(path: object, *, validate: bool) -> tuple[Place, ...]:
    items = path if isinstance(path, list) else [path]
    places = tuple(_place(item) for item in items)
    if not places:
        raise UserErrorException("a dataset needs at least one path")
    if validate:
        _check_present(places)
    return places


def _place(item: object) -> Place:
    match item:
        case DataPath():
            return item.place()
        case DataReference():
            return Place(item.datastore.name, plain_path(item.path_on_datastore))
        case Place():
            return item
        case (datastore, str(below)):
            return Place(str(getattr(datastore, "name", datastore)), plain_path(below))
        case str():
            raise NotOffered(
                f"a dataset cannot be defined by the address {item!r}",
                remedy="upload the file to a datastore and give (datastore, path)",
            )
        case _:
            raise UserErrorException(f"a dataset's path cannot be a {type(item).__name__}: give (datastore, path)")


def _check_present(places: Sequence[Place]) -> None:
    from ..data.dataset import match

    for place in places:
        try:
            store = current().datastore(place.datastore)
        except BadInput as error:
            raise UserErrorException(str(error), error) from error
        if next(iter(match(store, place.path)), None) is None:
            raise UserErrorException(
                f"nothing lies at {place.path!r} of datastore {place.datastore!r}",
                remedy="upload the data first, or pass validate=False",
            )


def _target(target: DataPath | tuple[Datastore, str]) -> tuple[Datastore, str]:
    if isinstance(target, tuple):
        return target[0], target[1]
    if target.datastore is None:
        raise UserErrorException("the target names no datastore")
    return target.datastore, target.path_on_datastore or ""

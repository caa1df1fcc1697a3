"""OutputFileDatasetConfig: an output that is a dataset from the start."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ...model.data import DatasetDefinition, Mode
from ...model.step import RegisterAs
from ...model.transforms import DropColumns, KeepColumns
from ...override import override
from ..base.caller import caller
from ..base.exceptions import UserErrorException
from ..base.placeholders import Consumed, Output, Placeholder
from ..base.plain_values import texts
from ..datasets.read_options import (
    ReadOptions,
    delimited_view,
    files_view,
    parquet_view,
    part_name,
    split,
    with_columns,
)
from ..datasets.types import DataType, PromoteHeadersBehavior, listed_columns
from .destination import place_of
from .output_input import OutputDatasetInput

if TYPE_CHECKING:
    from typing import TypeVar

    from ..datastores.data_paths import DataPath
    from ..datastores.datastore import Datastore

    Same = TypeVar("Same", bound="OutputDatasetConfig")

_unnamed = itertools.count(1)


class OutputDatasetConfig(Placeholder):
    """The base class of file and tabular output configurations.

    Copies share one output: `as_upload`, `as_mount` and `register_on_complete` of any copy change all of them, and it
    is enough to put one of them into a step.

    Args:
        origin: The output.
        view: The way in which its files are read.

    """

    implicit = True
    writes = True

    def __init__(self, origin: Output, view: DatasetDefinition) -> None:
        self.where = caller()
        self.origin = origin
        self.view = view
        """The way in which its files are read when it is consumed or registered."""

    @property
    def name(self) -> str:
        """The output's name."""
        return self.origin.name

    def as_input(self, name: str | None = None) -> OutputDatasetInput:
        """Return the output as an input of another step.

        Args:
            name: The input's name. None: the output's name; a part of a split has one of its own, so that it can be
                reused.

        """
        return OutputDatasetInput(self.origin, name or part_name(self.name, self.view), view=self.view)

    def register_on_complete(
        self: Same, name: str, description: str | None = None, tags: Mapping[str, str] | None = None
    ) -> Same:
        """Register the output as a dataset when its step has succeeded, each time as a new version.

        Args:
            name: The dataset's name.
            description: Text for people. None: none.
            tags: Tags. None: none.

        Returns:
            A copy that stands for the same output.

        Raises:
            UserErrorException: There is no name.

        """
        if not name:
            raise UserErrorException(f"output '{self.name}': register_on_complete needs a name", where=caller())
        registration(
            self.origin, RegisterAs(name=name, description=description or "", tags=texts(tags), view=self.view)
        )
        return self._copy(self.view)

    def as_mount(self: Same, disable_metadata_cache: bool = False) -> Same:
        """Return a copy whose files are written in place. This is the default.

        Args:
            disable_metadata_cache: Accepted as in v1 and ignored.

        """
        self.origin.mode = Mode.MOUNT
        return self._copy(self.view)

    def as_upload(self: Same, overwrite: bool = False, source_globs: str | Sequence[str] | None = None) -> Same:
        """Return a copy whose files are uploaded when the step has succeeded.

        Args:
            overwrite: Accepted as in v1: a file of that name at the destination is always replaced. Default: False.
            source_globs: Patterns of the files to upload. None: all.

        """
        globs = (source_globs,) if isinstance(source_globs, str) else tuple(source_globs or ())
        self.origin.mode, self.origin.globs = Mode.UPLOAD, globs
        return self._copy(self.view)

    @override
    def produced(self) -> Output:
        """Return the output."""
        return self.origin

    @override
    def consumed(self) -> Consumed:
        """Return the output as an input: a configuration among a step's inputs is read."""
        return self.as_input().consumed()

    def _copy(self: Same, view: DatasetDefinition) -> Same:
        made = object.__new__(type(self))
        OutputDatasetConfig.__init__(made, self.origin, view)
        return made

    @override
    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"

    @override
    def __str__(self) -> str:
        return f"DatasetOutputConfig:{self.name}"


class OutputFileDatasetConfig(OutputDatasetConfig):
    """A folder that a step writes. In the step's arguments it stands for the local path and counts as an output.

    Example:
        >>> clean = OutputFileDatasetConfig("clean", destination=(datastore, "clean/{run-id}"))
        >>> prepare = PythonScriptStep("prepare.py", arguments=["--out", clean], source_directory="src")
        >>> train = PythonScriptStep("train.py", arguments=["--data", clean.as_input()], source_directory="src")

    Args:
        name: The output's name: letters, digits, underscore. None: a numbered one.
        destination: A tuple of a Datastore and a path on it, or a DataPath. ``{run-id}`` and ``{output-name}`` in the
            path are replaced. None: ``dataset/{run-id}/{output-name}`` of the default datastore.
        source: The path in the step. None: a path is chosen.
        partition_format: The columns that the files' paths give; see `Dataset.Tabular.from_delimited_files`. None:
            none.

    Raises:
        UserErrorException: The destination is invalid.

    """

    def __init__(
        self,
        name: str | None = None,
        destination: tuple[Datastore, str | None] | DataPath | None = None,
        source: str | None = None,
        partition_format: str | None = None,
    ) -> None:
        label, where = name or f"output_{next(_unnamed)}", caller()
        datastore, template = place_of(destination, label, where)
        origin = Output(
            name=label,
            datastore=datastore,
            path_on_compute=source or "",
            folder=True,
            where=where,
            destination=template,
        )
        super().__init__(origin, files_view(partition_format))
        self.destination = destination
        self.source = source
        self.partition_format = partition_format

    def read_delimited_files(
        self,
        include_path: bool = False,
        separator: str = ",",
        header: bool | int = PromoteHeadersBehavior.ALL_FILES_HAVE_SAME_HEADERS,
        partition_format: str | None = None,
        path_glob: str | None = None,
        set_column_types: Mapping[str, DataType] | None = None,
    ) -> OutputTabularDatasetConfig:
        """Return the output as rows of text files.

        Args:
            include_path: True: a column ``Path`` has the path of the row's file. Default: False.
            separator: The character between two fields. Default: ``","``.
            header: The files whose first line has column names; see PromoteHeadersBehavior. Default: all have the same.
            partition_format: The columns that the files' paths give. None: none.
            path_glob: A pattern of the files to read. None: all.
            set_column_types: The types of columns by name, for example ``DataType.to_long()``. None: none.

        """
        reading = ReadOptions(
            include_path=include_path,
            partition_format=partition_format,
            path_glob=path_glob,
            file_extension="",
            set_column_types=set_column_types,
        )
        return OutputTabularDatasetConfig(self.origin, delimited_view(reading, separator=separator, header=header))

    def read_parquet_files(
        self,
        include_path: bool = False,
        partition_format: str | None = None,
        path_glob: str | None = None,
        set_column_types: Mapping[str, DataType] | None = None,
    ) -> OutputTabularDatasetConfig:
        """Return the output as rows of Parquet files.

        Args:
            include_path: True: a column ``Path`` has the path of the row's file. Default: False.
            partition_format: The columns that the files' paths give. None: none.
            path_glob: A pattern of the files to read. None: all.
            set_column_types: The types of columns by name. None: as in the files.

        """
        reading = ReadOptions(
            include_path=include_path,
            partition_format=partition_format,
            path_glob=path_glob,
            file_extension="",
            set_column_types=set_column_types,
        )
        return OutputTabularDatasetConfig(self.origin, parquet_view(reading))


class OutputTabularDatasetConfig(OutputDatasetConfig):
    """An output whose files are read as rows."""

    def keep_columns(self, columns: str | Sequence[str]) -> OutputTabularDatasetConfig:
        """Return the output with only these columns.

        Args:
            columns: A name, or a list of names.

        """
        return self._copy(with_columns(self.view, KeepColumns(listed_columns(columns))))

    def drop_columns(self, columns: str | Sequence[str]) -> OutputTabularDatasetConfig:
        """Return the output without these columns.

        Args:
            columns: A name, or a list of names.

        """
        return self._copy(with_columns(self.view, DropColumns(listed_columns(columns))))

    def random_split(
        self, percentage: float, seed: int | None = None
    ) -> tuple[OutputTabularDatasetConfig, OutputTabularDatasetConfig]:
        """Return two parts of the output that share no row. As inputs of one step, each needs its own name.

        Args:
            percentage: The share of the first part, from 0 to 1.
            seed: The seed of the choice. None: a random one.

        """
        first, rest = split(self.view, percentage, seed)
        return self._copy(first), self._copy(rest)


def registration(origin: Output, wanted: RegisterAs) -> None:
    """Add a registration to an output; it replaces one of the same name.

    Args:
        origin: The output.
        wanted: The registration.

    """
    others = tuple(known for known in origin.register if known.name != wanted.name)
    origin.register = (*others, wanted)

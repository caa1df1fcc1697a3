"""OutputFileDatasetConfig: an output that is a dataset from the start."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ..model.data import DatasetDefinition, Mode
from ..model.step import RegisterAs
from ..override import override
from .caller import caller
from .dataset_types import DataType, PromoteHeadersBehavior
from .exceptions import UserErrorException
from .flow import Consumed, Output, Placeholder
from .output_input import OutputDatasetInput
from .output_place import place_of
from .plain_values import texts
from .views import Reading, delimited_view, files_view, parquet_view, part_name, split, with_columns

if TYPE_CHECKING:
    from typing import TypeVar

    from .data import DataPath
    from .datastore import Datastore

    Same = TypeVar("Same", bound="OutputDatasetConfig")

_unnamed = itertools.count(1)


class OutputDatasetConfig(Placeholder):
    """What file and tabular output configurations have alike; copies share one origin.

    Whoever registers a copy or sets its mode means the one output, so that it is enough to put any of them into a step.
    """

    implicit = True
    writes = True

    def __init__(self, origin: Output, view: DatasetDefinition) -> None:
        self.where = caller()
        self.origin = origin
        self.view = view
        """How its files are read where it is consumed or registered."""

    @property
    def name(self) -> str:
        """The output's name."""
        return self.origin.name

    def as_input(self, name: str | None = None) -> OutputDatasetInput:
        """An input of another step.

        Unnamed, it keeps the output's name, and a part of a split one of its own, so that the step can be reused.
        """
        return OutputDatasetInput(self.origin, name or part_name(self.name, self.view), view=self.view)

    def register_on_complete(
        self: Same, name: str, description: str | None = None, tags: Mapping[str, str] | None = None
    ) -> Same:
        """Have it registered as a dataset, a new version each time, once its step has succeeded."""
        if not name:
            raise UserErrorException(f"output '{self.name}': register_on_complete needs a name", where=caller())
        registration(self.origin, RegisterAs(name, description or "", texts(tags), self.view))
        return self._copy(self.view)

    def as_mount(self: Same, disable_metadata_cache: bool = False) -> Same:
        """Written in place; there is no metadata cache here."""
        self.origin.mode = Mode.MOUNT
        return self._copy(self.view)

    def as_upload(self: Same, overwrite: bool = False, source_globs: str | Sequence[str] | None = None) -> Same:
        """Uploaded when the step has succeeded; of `source_globs` only what fits one of them.

        A file of the same name at the destination is replaced whatever `overwrite` says.
        """
        globs = (source_globs,) if isinstance(source_globs, str) else tuple(source_globs or ())
        self.origin.mode, self.origin.globs = Mode.UPLOAD, globs
        return self._copy(self.view)

    @override
    def produced(self) -> Output:
        """The output it stands for."""
        return self.origin

    @override
    def consumed(self) -> Consumed:
        """Standing in a step's inputs, it is read."""
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
    """A folder that a step writes. In the arguments it becomes a local path and counts as an output.

    It lies at `destination`: a datastore and a path on it, in which ``{run-id}`` and ``{output-name}`` are filled in.
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
        origin = Output(label, datastore, path_on_compute=source or "", folder=True, where=where, destination=template)
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
        """Its files, those that fit `path_glob`, as rows of text."""
        reading = Reading(include_path, partition_format, path_glob, "", set_column_types)
        return OutputTabularDatasetConfig(self.origin, delimited_view(reading, separator=separator, header=header))

    def read_parquet_files(
        self,
        include_path: bool = False,
        partition_format: str | None = None,
        path_glob: str | None = None,
        set_column_types: Mapping[str, DataType] | None = None,
    ) -> OutputTabularDatasetConfig:
        """Its files, those that fit `path_glob`, as rows of Parquet."""
        reading = Reading(include_path, partition_format, path_glob, "", set_column_types)
        return OutputTabularDatasetConfig(self.origin, parquet_view(reading))


class OutputTabularDatasetConfig(OutputDatasetConfig):
    """An output whose files are read as rows."""

    def keep_columns(self, columns: str | Sequence[str]) -> OutputTabularDatasetConfig:
        """Only these columns."""
        return self._copy(with_columns(self.view, "keep_columns", columns))

    def drop_columns(self, columns: str | Sequence[str]) -> OutputTabularDatasetConfig:
        """All but these columns."""
        return self._copy(with_columns(self.view, "drop_columns", columns))

    def random_split(
        self, percentage: float, seed: int | None = None
    ) -> tuple[OutputTabularDatasetConfig, OutputTabularDatasetConfig]:
        """Two of the same output that share no row; give each its own name where both are inputs of one step."""
        first, rest = split(self.view, percentage, seed)
        return self._copy(first), self._copy(rest)


def registration(origin: Output, wanted: RegisterAs) -> None:
    """Add what the output is to be registered as; the last word on a name counts."""
    others = tuple(known for known in origin.register if known.name != wanted.name)
    origin.register = (*others, wanted)

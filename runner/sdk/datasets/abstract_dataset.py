"""The base class of tabular and file datasets: a definition, an identity, a registration."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from ...data.partitions import partition_columns
from ...errors import BadInput
from ...model.data import DatasetDefinition
from ...model.transforms import Sample, Skip, Take, Transform, operation_of
from ...override import override
from ..base.pipeline_parameter import ParameterData
from ..base.plain_values import texts
from .types import drawn_seed

if TYPE_CHECKING:
    from datetime import datetime

    from ..base.session import Session
    from ..workspaces.workspace import Workspace
    from .consumption import DatasetConsumptionConfig
    from .file_dataset import FileDataset
    from .files import FileSet, Place
    from .tabular import TabularDataset

Same = TypeVar("Same", bound="AbstractDataset")


class AbstractDataset(ParameterData):
    """A definition of files and of the way to read them. Every operation returns a new one.

    Args:
        definition: The definition.
        staged: In a step: where its files lie, or which they are. None: all that its paths name now.
        facts: Description and tags of the registration. None: none.

    """

    def __init__(
        self, definition: DatasetDefinition, *, staged: Place | None = None, facts: Mapping[str, object] | None = None
    ) -> None:
        self.definition = definition
        self.staged = staged
        """In a step: where its files lie, or which they are; None: all that its paths name now."""
        self._facts = facts or {}

    @property
    def id(self) -> str:
        """The id. Equal definitions have equal ids."""
        return self.definition.id or self.definition.identity

    @property
    def name(self) -> str | None:
        """The registered name, or None."""
        return self.definition.name or None

    @property
    def version(self) -> int | None:
        """The registered version, from 1, or None."""
        return self.definition.version or None

    @property
    def description(self) -> str | None:
        """The description of the registration, or None."""
        text = self._facts.get("description")
        return text if isinstance(text, str) else None

    @property
    def tags(self) -> dict[str, str]:
        """The tags of the registration."""
        tags = self._facts.get("tags")
        return {str(key): str(value) for key, value in tags.items()} if isinstance(tags, Mapping) else {}

    @property
    def data_changed_time(self) -> datetime | None:
        """The time at which the newest of its files was written, in UTC; None if the step's copy does not have it."""
        from datetime import datetime, timezone

        newest = max(file.modified for file in self.files().files)
        return datetime.fromtimestamp(newest, timezone.utc) if newest else None

    @property
    def partition_keys(self) -> list[str]:
        """The columns that the files' paths give."""
        return partition_columns(self.definition.options.get("partition_format"))

    def get_partition_key_values(self, partition_keys: Sequence[str] | None = None) -> list[dict[str, object]]:
        """Return every different combination of the keys' values, sorted by the files' paths.

        Args:
            partition_keys: The keys. None: all.

        Raises:
            UserErrorException: The dataset has no such key.

        """
        from ..base.exceptions import UserErrorException

        wanted = list(partition_keys or self.partition_keys)
        unknown = [key for key in wanted if key not in self.partition_keys]
        if unknown or not wanted:
            known = ", ".join(self.partition_keys) or "none"
            raise UserErrorException(
                f"the dataset has no partition key {unknown[0]!r} (it has: {known})" if unknown
                else "the dataset has no partition keys",
                remedy="define it with partition_format, or make it with partition_by",
            )  # fmt: skip
        files = self.files()
        combinations = (files.partition(file) for file in files.files)
        distinct = dict.fromkeys(tuple(values[key] for key in wanted) for values in combinations)
        return [dict(zip(wanted, values)) for values in distinct]

    @staticmethod
    def get_by_name(workspace: Workspace, name: str, version: int | str = "latest") -> TabularDataset | FileDataset:
        """Return a registered dataset, tabular or of files.

        Args:
            workspace: The workspace.
            name: The registered name.
            version: The version, from 1. Default: ``"latest"``.

        Raises:
            UserErrorException: There is no such name or version.

        """
        from .dataset import Dataset

        return Dataset.get_by_name(workspace, name, version)

    @staticmethod
    def get_by_id(workspace: Workspace, id: str) -> TabularDataset | FileDataset:
        """Return a registered dataset by its id.

        Args:
            workspace: The workspace.
            id: The id.

        Raises:
            UserErrorException: No registered dataset has that id.

        """
        from .dataset import Dataset

        return Dataset.get_by_id(workspace, id)

    @staticmethod
    def get_all(workspace: Workspace) -> dict[str, TabularDataset | FileDataset]:
        """Return the newest version of every registered dataset, by name.

        Args:
            workspace: The workspace.

        """
        from .dataset import Dataset

        return Dataset.get_all(workspace)

    def files(self) -> FileSet:
        """Return the files as they are now.

        Raises:
            UserErrorException: There are none.

        """
        from .files import file_set

        return file_set(self.definition, self.staged)

    def as_named_input(self, name: str) -> DatasetConsumptionConfig:
        """Return the dataset as an input of a step, which the script finds as ``run.input_datasets[name]``.

        Args:
            name: The input's name: letters, digits, underscore.

        """
        from .consumption import DatasetConsumptionConfig

        return DatasetConsumptionConfig(name, self)

    def register(
        self: Same,
        workspace: Workspace,
        name: str,
        description: str | None = None,
        tags: Mapping[str, str] | None = None,
        create_new_version: bool = False,
    ) -> Same:
        """Give the definition a name and a version in the workspace. The same definition again is the same version.

        Args:
            workspace: The workspace.
            name: The name.
            description: Text for people. None: none.
            tags: Tags. None: none.
            create_new_version: True: another definition under a known name is a new version. Default: False.

        Returns:
            The registered dataset.

        Raises:
            UserErrorException: The name has another definition, and `create_new_version` is False.

        """
        return registered(self, workspace.session, name, description, tags, new_version=create_new_version)

    def add_tags(self: Same, tags: Mapping[str, str] | None = None) -> Same:
        """Add tags to the registered dataset.

        Args:
            tags: The tags. None: none.

        Returns:
            The dataset with its new tags.

        """
        return self.update(tags={**self.tags, **(tags or {})})

    def remove_tags(self: Same, tags: Iterable[str] | None = None) -> Same:
        """Remove tags from the registered dataset.

        Args:
            tags: Their keys. None: none.

        Returns:
            The dataset with its new tags.

        """
        gone = {tags} if isinstance(tags, str) else set(tags or ())
        return self.update(tags={key: value for key, value in self.tags.items() if key not in gone})

    def update(self: Same, description: str | None = None, tags: Mapping[str, str] | None = None) -> Same:
        """Replace description and tags of the registered dataset.

        Args:
            description: The new description. None: unchanged.
            tags: The new tags. None: unchanged.

        Returns:
            The dataset with its new facts.

        Raises:
            UserErrorException: The dataset is not registered.

        """
        from ...data import registry
        from ..base.exceptions import UserErrorException
        from ..base.session import current

        known = registry.fetch(current().store, self.definition.name, self.definition.version) if self.name else None
        if known is None:
            raise UserErrorException("only a registered dataset has a description and tags", remedy="register it first")
        changed = replace(
            known,
            description=known.description if description is None else description,
            tags=known.tags if tags is None else texts(tags),
        )
        registry.amend(current().store, changed)
        return type(self)(
            self.definition, staged=self.staged, facts={"description": changed.description, "tags": changed.tags}
        )

    def unregister_all_versions(self) -> None:
        """Remove every version of the registered name; the data stay."""
        from ...data import registry
        from ..base.session import current

        if self.name:
            registry.forget(current().store, self.name)

    def transformed(self: Same, transform: Transform) -> Same:
        """Return the dataset with one more operation, which is applied when the data are read.

        Args:
            transform: The operation.

        """
        changed = replace(self.definition.bare, transforms=(*self.definition.transforms, transform))
        return type(self)(changed, staged=self.staged)

    def take(self: Same, count: int) -> Same:
        """Return the first rows or files.

        Args:
            count: Their number.

        """
        return self.transformed(Take(int(count)))

    def skip(self: Same, count: int) -> Same:
        """Return the rows or files after the first ones.

        Args:
            count: The number of those that are left out.

        """
        return self.transformed(Skip(int(count)))

    def take_sample(self: Same, probability: float, seed: int | None = None) -> Same:
        """Return a random sample of the rows or files.

        Args:
            probability: The probability of each, from 0 to 1.
            seed: The seed of the choice. None: a random one.

        """
        return self.transformed(Sample(0.0, float(probability), drawn_seed(seed)))

    def random_split(self: Same, percentage: float, seed: int | None = None) -> tuple[Same, Same]:
        """Return two datasets that share nothing and together are the whole.

        Args:
            percentage: The share of the first one, from 0 to 1.
            seed: The seed of the choice. None: a random one.

        """
        drawn, part = drawn_seed(seed), float(percentage)
        first = self.transformed(Sample(0.0, part, drawn))
        return first, self.transformed(Sample(part, 1.0, drawn))

    @override
    def __repr__(self) -> str:
        named = f"{self.name!r}, version {self.version}" if self.name else self.id
        return f"{type(self).__name__}({named})"

    @override
    def __str__(self) -> str:
        """Return the text of v1's ``print(dataset)``."""
        import json

        known = self.definition
        shown: dict[str, object] = {"source": [f"({path.datastore!r}, {path.path!r})" for path in known.paths]}
        shown["definition"] = [*filter(None, [known.format]), *map(operation_of, known.transforms)]
        if self.name:
            shown["registration"] = {"id": self.id, "name": self.name, "version": self.version, "tags": self.tags}
        return f"{type(self).__name__}\n{json.dumps(shown, indent=2)}"


def registered(
    dataset: Same,
    session: Session,
    name: str,
    description: str | None = None,
    tags: Mapping[str, str] | None = None,
    *,
    new_version: bool,
) -> Same:
    """Register a dataset in the workspace of a session; see `AbstractDataset.register`.

    Args:
        dataset: The dataset.
        session: The open workspace.
        name: The name.
        description: Text for people. None: none.
        tags: Tags. None: none.
        new_version: True: another definition under a known name is a new version.

    Returns:
        The registered dataset.

    Raises:
        UserErrorException: The name has another definition, and `new_version` is False.

    """
    from ...data import registry
    from ..base.exceptions import UserErrorException

    entry = registry.Registration(definition=dataset.definition.bare, description=description or "", tags=texts(tags))
    try:
        known = registry.register(session.store, name, entry, new_version=new_version)
    except BadInput as error:
        raise UserErrorException(error.problems[0].what, error, remedy=error.problems[0].remedy) from error
    return type(dataset)(known.definition, facts={"description": known.description, "tags": known.tags})

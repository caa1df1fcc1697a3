"""What tabular and file datasets have alike: a definition, an identity, a registration."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from ..data.partitions import partition_columns
from ..errors import BadInput
from ..model.data import DatasetDefinition, Transform
from ..override import override
from .plain_values import plain, texts

if TYPE_CHECKING:
    from datetime import datetime

    from .consumption import DatasetConsumptionConfig
    from .dataset_files import FileSet, Staged
    from .file_dataset import FileDataset
    from .tabular import TabularDataset
    from .workspace import Workspace

Same = TypeVar("Same", bound="AbstractDataset")


class AbstractDataset:
    """A definition of where files are and how to read them. Every operation makes a new one."""

    def __init__(
        self, definition: DatasetDefinition, *, staged: Staged | None = None, facts: Mapping[str, object] | None = None
    ) -> None:
        self.definition = definition
        self.staged = staged
        """In a step: where its files lie; None: in their datastore."""
        self._facts = facts or {}

    @property
    def id(self) -> str:
        """The definition's identity: equal definitions have equal ids."""
        return self.definition.id or self.definition.identity

    @property
    def name(self) -> str | None:
        """The registered name."""
        return self.definition.name or None

    @property
    def version(self) -> int | None:
        """The registered version, from 1."""
        return self.definition.version or None

    @property
    def description(self) -> str | None:
        """What was said when it was registered."""
        text = self._facts.get("description")
        return text if isinstance(text, str) else None

    @property
    def tags(self) -> dict[str, str]:
        """What it was registered with."""
        tags = self._facts.get("tags")
        return {str(key): str(value) for key, value in tags.items()} if isinstance(tags, Mapping) else {}

    @property
    def data_changed_time(self) -> datetime | None:
        """When the newest of its files was written, in UTC; None where the step's copy does not say."""
        from datetime import datetime, timezone

        newest = max(file.modified for file in self.files().files)
        return datetime.fromtimestamp(newest, timezone.utc) if newest else None

    @property
    def partition_keys(self) -> list[str]:
        """The columns that the files' paths give."""
        return partition_columns(self.definition.options.get("partition_format"))

    def get_partition_key_values(self, partition_keys: Sequence[str] | None = None) -> list[dict[str, object]]:
        """Every different combination of the keys' values, sorted by the files' paths."""
        from .exceptions import UserErrorException

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
        return [dict(zip(wanted, values, strict=True)) for values in distinct]

    @staticmethod
    def get_by_name(workspace: Workspace, name: str, version: int | str = "latest") -> TabularDataset | FileDataset:
        """A registered dataset, of whatever kind. Raises UserErrorException when there is none."""
        from .dataset import Dataset

        return Dataset.get_by_name(workspace, name, version)

    @staticmethod
    def get_by_id(workspace: Workspace, id: str) -> TabularDataset | FileDataset:
        """A registered dataset by its id. Raises UserErrorException when there is none."""
        from .dataset import Dataset

        return Dataset.get_by_id(workspace, id)

    @staticmethod
    def get_all(workspace: Workspace) -> dict[str, TabularDataset | FileDataset]:
        """The newest version of every registered dataset, by name."""
        from .dataset import Dataset

        return Dataset.get_all(workspace)

    def files(self) -> FileSet:
        """Its files as they are now. Raises UserErrorException when there are none."""
        from .dataset_files import file_set

        return file_set(self.definition, self.staged)

    def as_named_input(self, name: str) -> DatasetConsumptionConfig:
        """An input of a step, found there as ``run.input_datasets[name]``."""
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
        """Give the definition a name and a version in the workspace.

        The same definition again is the same version. Another one under a known name needs
        `create_new_version`, else UserErrorException.
        """
        from ..data import registry
        from .exceptions import UserErrorException

        entry = registry.Registration(definition=self.definition.bare, description=description or "", tags=texts(tags))
        try:
            known = registry.register(workspace.session.store, name, entry, new_version=create_new_version)
        except BadInput as error:
            raise UserErrorException(error.problems[0].what, error, remedy=error.problems[0].remedy) from error
        return type(self)(known.definition, facts={"description": known.description, "tags": known.tags})

    def add_tags(self: Same, tags: Mapping[str, str] | None = None) -> Same:
        """Add tags to the registered dataset; the dataset as it is then."""
        return self.update(tags={**self.tags, **(tags or {})})

    def remove_tags(self: Same, tags: Iterable[str] | None = None) -> Same:
        """Remove tags by key from the registered dataset; the dataset as it is then."""
        gone = {tags} if isinstance(tags, str) else set(tags or ())
        return self.update(tags={key: value for key, value in self.tags.items() if key not in gone})

    def update(self: Same, description: str | None = None, tags: Mapping[str, str] | None = None) -> Same:
        """Replace what is not None of the registered dataset's description and tags; the dataset as it is then.

        Raises UserErrorException for one that is not registered.
        """
        from ..data import registry
        from .exceptions import UserErrorException
        from .session import current

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
        """Forget every version of the registered name; the data stay."""
        from ..data import registry
        from .session import current

        if self.name:
            registry.forget(current().store, self.name)

    def transformed(self: Same, operation: str, arguments: Mapping[str, object]) -> Same:
        """The same data with one more lazy operation."""
        steps = (
            *self.definition.transforms,
            Transform(operation, {name: plain(value) for name, value in arguments.items()}),
        )
        changed = replace(self.definition.bare, transforms=steps)
        return type(self)(changed, staged=self.staged)

    def take(self: Same, count: int) -> Same:
        """The first `count` rows or files."""
        return self.transformed("take", {"count": count})

    def skip(self: Same, count: int) -> Same:
        """All but the first `count` rows or files."""
        return self.transformed("skip", {"count": count})

    def take_sample(self: Same, probability: float, seed: int | None = None) -> Same:
        """Each row or file with this probability."""
        return self.transformed("sample", {"low": 0.0, "high": float(probability), "seed": drawn_seed(seed)})

    def random_split(self: Same, percentage: float, seed: int | None = None) -> tuple[Same, Same]:
        """Two datasets that share nothing and together are the whole."""
        drawn, part = drawn_seed(seed), float(percentage)
        first = self.transformed("sample", {"low": 0.0, "high": part, "seed": drawn})
        return first, self.transformed("sample", {"low": part, "high": 1.0, "seed": drawn})

    @override
    def __repr__(self) -> str:
        named = f"{self.name!r}, version {self.version}" if self.name else self.id
        return f"{type(self).__name__}({named})"

    @override
    def __str__(self) -> str:
        """v1's words: a script's ``print(dataset)``."""
        import json

        known = self.definition
        shown: dict[str, object] = {"source": [f"({path.datastore!r}, {path.path!r})" for path in known.paths]}
        shown["definition"] = [*filter(None, [known.format]), *(each.operation for each in known.transforms)]
        if self.name:
            shown["registration"] = {"id": self.id, "name": self.name, "version": self.version, "tags": self.tags}
        return f"{type(self).__name__}\n{json.dumps(shown, indent=2)}"


def drawn_seed(seed: int | None) -> int:
    """The seed, or a random one."""
    if seed is not None:
        return seed
    import secrets

    return secrets.randbits(31)

"""What tabular and file datasets have alike: a definition, an identity, a registration."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from ..errors import BadInput
from ..model.data import DatasetDefinition, Transform
from ..override import override

if TYPE_CHECKING:
    from datetime import datetime

    from .consumption import DatasetConsumptionConfig
    from .workspace import Workspace

Same = TypeVar("Same", bound="AbstractDataset")


class AbstractDataset:
    """A definition of where files are and how to read them. Every operation makes a new one."""

    def __init__(
        self, definition: DatasetDefinition, *, staged: Path | None = None, facts: Mapping[str, object] | None = None
    ) -> None:
        self.definition = definition
        self.staged = staged
        """In a step: where its files lie."""
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
        """Unknown here: stores tell a content tag, not a time."""
        return None

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

        entry = registry.Registration(definition=self.definition.bare, description=description or "", tags=tags or {})
        try:
            known = registry.register(workspace.session.store, name, entry, new_version=create_new_version)
        except BadInput as error:
            raise UserErrorException(error.problems[0].what, error, remedy=error.problems[0].remedy) from error
        return type(self)(known.definition, facts={"description": known.description, "tags": known.tags})

    def unregister_all_versions(self) -> None:
        """Forget every version of the registered name; the data stay."""
        from ..data import registry
        from .session import current

        if self.name:
            registry.forget(current().store, self.name)

    def transformed(self: Same, operation: str, arguments: Mapping[str, object]) -> Same:
        """The same data with one more lazy operation."""
        steps = (*self.definition.transforms, Transform(operation, arguments))
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
        return self.transformed("sample", {"low": 0.0, "high": float(probability), "seed": _drawn(seed)})

    def random_split(self: Same, percentage: float, seed: int | None = None) -> tuple[Same, Same]:
        """Two datasets that share nothing and together are the whole."""
        drawn, part = _drawn(seed), float(percentage)
        first = self.transformed("sample", {"low": 0.0, "high": part, "seed": drawn})
        return first, self.transformed("sample", {"low": part, "high": 1.0, "seed": drawn})

    @override
    def __repr__(self) -> str:
        named = f"{self.name!r}, version {self.version}" if self.name else self.id
        return f"{type(self).__name__}({named})"


def chance(seed: int, index: int) -> float:
    """The same number in [0, 1) for a row or file wherever it is asked for."""
    drawn = hashlib.sha256(f"{seed}:{index}".encode()).digest()
    return int.from_bytes(drawn[:7], "big") / (1 << 56)


def _drawn(seed: int | None) -> int:
    if seed is not None:
        return seed
    import secrets

    return secrets.randbits(31)

"""Selection of registered models by their facts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from ...data.registered_models import ModelRecord, versions
from ...dataclass import dataclass
from ...override import override
from ...ports import ObjectStore
from ..base.exceptions import UserErrorException
from . import registry


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """The facts that a model must have; None: any."""

    name: str | None = None
    tags: object = None
    """A key, a dict, or a list of keys and of [key, value]; likewise `properties`."""
    properties: object = None
    run: str | None = None
    framework: str | None = None
    version: int | None = None
    dataset: str | None = None

    @property
    def only_named(self) -> bool:
        """True if there is no condition beside name and version."""
        return not any((self.tags, self.properties, self.run, self.framework, self.dataset))

    def records(self, store: ObjectStore) -> Iterator[ModelRecord]:
        """Yield the models that fit, newest version first within a name.

        Args:
            store: The workspace store.

        """
        for name, version in versions(store, self.name):
            if self.version in (None, version):
                record = registry.find(store, name, version)
                if self.fits(record):
                    yield record

    def fits(self, record: ModelRecord) -> bool:
        """Return True if a model meets all conditions beside name and version.

        Args:
            record: The model's record.

        """
        return (
            _has(record.tags, self.tags)
            and _has(record.properties, self.properties)
            and self.run in (None, record.run)
            and self.framework in (None, record.framework)
            and (self.dataset is None or self.dataset in {identity for _purpose, identity in record.datasets})
        )

    @override
    def __str__(self) -> str:
        conditions = {"name": self.name, "version": self.version, "tags": self.tags, "properties": self.properties,
                "run": self.run, "framework": self.framework}  # fmt: skip
        return ", ".join(f"{key} {value!r}" for key, value in conditions.items() if value) or "without a name or an id"


def parts_of(identity: str) -> tuple[str, int]:
    """Return name and version of a model's id.

    Args:
        identity: The id, ``name:version``.

    Raises:
        UserErrorException: It is no id.

    """
    name, colon, number = identity.rpartition(":")
    if not colon or not number.isdecimal():
        raise UserErrorException(f"{identity!r} is no model's id", remedy="an id is name:version")
    return name, int(number)


def _has(known: Mapping[str, str], wanted: object) -> bool:
    return all(key in known and value in (None, known[key]) for key, value in _pairs(wanted))


def _pairs(wanted: object) -> Iterable[tuple[str, str | None]]:
    if wanted is None:
        return
    if isinstance(wanted, Mapping):
        yield from ((str(key), str(value)) for key, value in wanted.items())
        return
    for item in [wanted] if isinstance(wanted, str) else wanted if isinstance(wanted, Iterable) else ():
        if isinstance(item, str):
            yield item, None
        else:
            key, value = item
            yield str(key), str(value)

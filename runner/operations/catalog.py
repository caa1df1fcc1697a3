"""The names and versions of registered datasets, models and environments, by the keys of the registry alone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timezone
from enum import Enum
from itertools import islice

from ..dataclass import dataclass
from ..errors import BadInput
from ..model.names import REGISTRY, is_segment
from ..ports import ObjectInfo, ObjectStore

_AFTER_ALL = "~~"
"""A text that sorts after every version, and after the slash that ends a name."""


class Kind(str, Enum):
    """A kind of registered objects: the name of its folder in the registry."""

    DATASETS = "datasets"
    MODELS = "models"
    ENVIRONMENTS = "environments"


@dataclass(frozen=True)
class Version:
    """One registered version."""

    number: int
    written: datetime | None
    """The time of its last change, by the store's clock; None: unknown."""


@dataclass(frozen=True)
class Registered:
    """A registered name with its versions."""

    name: str
    versions: tuple[Version, ...]
    """The newest first."""

    @property
    def newest(self) -> Version:
        """The newest version."""
        return self.versions[0]


@dataclass(frozen=True)
class NamePage:
    """Some registered names, sorted."""

    names: tuple[Registered, ...]
    cursor: str
    """Send it for the next names; empty: there are none."""


def page(store: ObjectStore, kind: Kind, *, cursor: str = "", limit: int = 100) -> NamePage:
    """Return the next registered names. It lists the keys of their versions, and reads no object.

    Args:
        store: The workspace store.
        kind: What is registered.
        cursor: The `NamePage.cursor` of the page before. Default: empty, the first names.
        limit: The most names. Default: 100.

    Raises:
        BadInput: The cursor is none.
        StoreError: The store cannot be read.

    """
    if cursor and not is_segment(cursor):
        raise BadInput("this is no cursor of this list", "cursor", "send the one of the last answer, or none")
    found = list(islice(_all(store, kind, cursor), limit + 1))
    return NamePage(tuple(found[:limit]), found[limit - 1].name if len(found) > limit else "")


def find(store: ObjectStore, kind: Kind, name: str) -> Registered | None:
    """Return the versions of a name; None: it is not registered.

    Args:
        store: The workspace store.
        kind: What is registered.
        name: The name.

    Raises:
        StoreError: The store cannot be read.

    """
    if not is_segment(name):
        return None
    versions = _versions(store.list(f"{_folder(kind)}{name}/"), f"{_folder(kind)}{name}/")
    return Registered(name, tuple(versions)) if versions else None


def _all(store: ObjectStore, kind: Kind, after: str) -> Iterator[Registered]:
    folder = _folder(kind)
    keys: dict[str, list[ObjectInfo]] = {}
    for info in store.list(folder, after=f"{folder}{after}/{_AFTER_ALL}" if after else ""):
        name = info.key[len(folder) :].partition("/")[0]
        if name not in keys and keys:
            yield from _registered(keys, folder)
            keys = {}
        keys.setdefault(name, []).append(info)
    yield from _registered(keys, folder)


def _registered(keys: dict[str, list[ObjectInfo]], folder: str) -> Iterator[Registered]:
    for name, infos in keys.items():
        versions = _versions(iter(infos), f"{folder}{name}/")
        if versions:
            yield Registered(name, tuple(versions))


def _versions(infos: Iterator[ObjectInfo], folder: str) -> list[Version]:
    """Return the versions in a listing of a name's folder, the newest first. Files of models are none."""
    found = []
    for info in infos:
        number, dot, rest = info.key[len(folder) :].partition(".")
        if number.isdecimal() and dot and rest == "json":
            at = datetime.fromtimestamp(info.modified, timezone.utc) if info.modified else None
            found.append(Version(int(number), at))
    return found[::-1]


def _folder(kind: Kind) -> str:
    return f"{REGISTRY}{kind.value}/"

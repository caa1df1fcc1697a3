"""A step that runs as a process of the user's machine, and reaches its workspace's bucket by itself.

It differs from a step in a pod: datastores may be folders of the machine, and no absolute path is made for its data.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from ..dataclass import dataclass, field
from ..model.access import Access
from ..model.context import FOLDERS_VARIABLE, MOUNTS_VARIABLE, StoreAccess
from ..model.delivery import MOUNTED_DATA, READY
from ..model.durable import must_survive
from ..model.task import InputBinding
from ..ports import ObjectStore
from ..storage.directory import DirectoryStore


@dataclass(frozen=True)
class Machine:
    """The machine, as far as its steps need to know it."""

    folders: Mapping[str, str] = field(default_factory=dict)
    """Absolute paths of the datastores that are folders, by name."""
    mounts: str = ""
    """The folder with the mounted inputs, each in a folder of its name. Empty: there are none."""

    def mount(self, binding: InputBinding) -> Path | None:
        """Return the folder in which the mount of an input has its files; None: it has not come up."""
        place = Path(self.mounts, binding.name)
        return place / MOUNTED_DATA if self.mounts and (place / READY).exists() else None

    def datastore(self, name: str) -> ObjectStore | None:
        """Return the datastore of this name if it is a folder."""
        path = self.folders.get(name)
        return DirectoryStore(Path(path), durable=must_survive) if path else None

    def access(self, stores: str, declared: Access) -> StoreAccess:
        """Return the access of a step's script.

        Args:
            stores: The file with the buckets that it may open.
            declared: The names that the step may open.

        """
        datastores = {name: path for name, path in self.folders.items() if name in declared.datastores}
        withheld = Access(datastores=tuple(name for name in self.folders if name not in datastores))
        return StoreAccess(stores=stores, datastores=datastores, withheld=withheld)


def of(environ: Mapping[str, str]) -> Machine | None:
    """Return the machine that the variables describe; None: this is a pod."""
    if FOLDERS_VARIABLE not in environ:
        return None
    return Machine(json.loads(environ[FOLDERS_VARIABLE]), environ.get(MOUNTS_VARIABLE, ""))

"""A folder of this machine as a datastore."""

from __future__ import annotations

from pathlib import Path

from ..config.rules import text
from ..dataclass import dataclass
from ..model.durable import must_survive
from ..model.reading import Checks
from ..ports import ObjectStore


@dataclass(frozen=True)
class FolderConfig:
    """A folder on this machine, for steps that run here."""

    path: str
    """The folder."""

    @classmethod
    def rules(cls) -> Checks:
        """Return the rules of the fields beyond their types."""
        return {(cls, "path"): text}

    @classmethod
    def paths(cls) -> tuple[str, ...]:
        """Return the names of the fields that hold paths."""
        return ("path",)

    @property
    def account(self) -> str:
        """Empty: a folder has no account."""
        return ""

    @property
    def container(self) -> str:
        """Empty: the datastore's name."""
        return ""

    @property
    def place(self) -> str:
        """The folder, for messages."""
        return self.path

    @property
    def read_only(self) -> bool:
        """False: the permissions of the folder decide."""
        return False

    @property
    def folder(self) -> str:
        """The folder."""
        return self.path

    def open(self, where: str) -> ObjectStore:  # noqa: ARG002 - nothing in the settings can be unusable
        """Return the store in the folder."""
        return open_folder(Path(self.path))

    def for_steps(self, where: str, *, here: bool) -> None:
        """None: steps open the folder itself, or cannot reach it."""


def open_folder(folder: Path) -> ObjectStore:
    """Return the store in a local folder.

    Its journals and registries survive a power failure; docs/explanation/faults.md says what may be lost.
    """
    from .directory import DirectoryStore

    return DirectoryStore(folder, durable=must_survive)

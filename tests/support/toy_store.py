"""An object store in one module: shelves in memory, and all else that a datastore needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from runner.config.rules import whole_number
from runner.model.reading import Checks
from runner.model.store_endpoint import OtherEndpoint, StoreEndpoint
from runner.ports import ObjectStore
from runner.storage import registry
from tests.support.memory_store import MemoryStore

LINE: Mapping[str, tuple[str, str]] = {"toy": ("tests.support.toy_store:ToyStore", "tests.support.toy_store")}
"""The line that the registry gets."""
SECRET = "canary-of-the-toy-box"
SHELVES: dict[int, MemoryStore] = {}


def register(set_item: Callable[[dict[str, tuple[str, str]], str, tuple[str, str]], None]) -> None:
    """Add the one line to the registry by `monkeypatch.setitem`."""
    for kind, places in LINE.items():
        set_item(registry.TYPES, kind, places)


@dataclass(frozen=True)
class ToyStore:
    """A shelf of toys."""

    shelf: int
    """The number of the shelf."""
    account: str = ""

    @classmethod
    def rules(cls) -> Checks:
        return {(cls, "shelf"): whole_number(1, 5)}

    @classmethod
    def paths(cls) -> tuple[str, ...]:
        return ()

    @property
    def container(self) -> str:
        return f"shelf-{self.shelf}"

    @property
    def place(self) -> str:
        return f"shelf {self.shelf} of the toy box"

    @property
    def read_only(self) -> bool:
        return False

    @property
    def folder(self) -> str:
        return ""

    def open(self, where: str) -> ObjectStore:  # noqa: ARG002 - nothing can be wrong
        return SHELVES.setdefault(self.shelf, MemoryStore())

    def for_steps(self, where: str, *, here: bool) -> OtherEndpoint:  # noqa: ARG002 - the same everywhere
        return OtherEndpoint(kind="toy", settings={"shelf": str(self.shelf)}, secrets={"key": SECRET})


def open_store(endpoint: OtherEndpoint, retries: object, renew: Callable[[], StoreEndpoint | None]) -> ObjectStore:
    assert endpoint.secrets == {"key": SECRET}
    return SHELVES.setdefault(int(endpoint.settings["shelf"]), MemoryStore())

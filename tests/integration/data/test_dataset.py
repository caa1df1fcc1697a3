from __future__ import annotations

from runner.data.dataset import pin
from runner.model.data import DatastorePath
from tests.support.call_count import calls_of
from tests.support.memory_store import MemoryStore


def paths(*names: str, datastore: str = "s") -> tuple[DatastorePath, ...]:
    return tuple(DatastorePath(datastore, name) for name in names)


def pinning(files: int) -> int:
    """Calls made to pin a dataset of that many files."""
    many = MemoryStore()
    many.objects = {f"many/{number % 100:02}/{number:06}.txt": b"x" for number in range(files)}
    return calls_of(lambda: pin(many, lambda _: many, paths("many/**/*.txt"), "it"))


def test_many_files_cost_their_number() -> None:
    assert pinning(4_000) < 2.2 * pinning(2_000)

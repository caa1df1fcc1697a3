from __future__ import annotations

from runner.override import override
from runner.storage.probe import refuses_overwrite
from tests.support.memory_store import MemoryStore


class Careless(MemoryStore):
    """Ignores the condition, as some servers do."""

    @override
    def put_if_absent(self, key: str, data: bytes) -> bool:
        self.put(key, data)
        return True


class Lying(MemoryStore):
    """Says no and writes all the same."""

    @override
    def put_if_absent(self, key: str, data: bytes) -> bool:
        was_there = self.stat(key) is not None
        self.put(key, data)
        return not was_there


def test_a_store_that_overwrites_is_found_out() -> None:
    for store in (Careless(), Lying()):
        assert not refuses_overwrite(store, "4f2a")
        assert store.objects == {}


def test_a_store_that_keeps_its_word_is_trusted() -> None:
    assert refuses_overwrite(MemoryStore(), "4f2a")

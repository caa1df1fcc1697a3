"""Previews of a file in a store of memory."""

from __future__ import annotations

from runner.operations.previews import Place, Preview, preview
from tests.support.memory_store import MemoryStore


def shown(name: str, data: bytes, place: Place | None = None) -> Preview:
    store = MemoryStore()
    store.put(name, data)
    info = store.stat(name)
    assert info is not None
    return preview(store, info, name, place or Place())


def pages(name: str, data: bytes) -> list[Preview]:
    found = [shown(name, data)]
    while found[-1].following is not None:
        found.append(shown(name, data, found[-1].following))
    return found

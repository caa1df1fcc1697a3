from __future__ import annotations

import json
import os
from functools import partial
from pathlib import Path

import pytest

from runner import __version__
from runner.errors import BadInput, StoreError
from runner.runs.store_format import FORMAT, STORE_KEY, check, claim
from runner.storage.directory import DirectoryStore
from tests.support.memory_store import MemoryStore

HERE = "the store of target 'kind'"


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


def test_a_new_store_gets_an_id_and_the_format_of_today(store: MemoryStore) -> None:
    assert check(store, HERE) == ""
    assert store.objects == {}
    assert claim(store, b"\x01\x02", HERE) == "0102"
    assert json.loads(store.get(STORE_KEY)) == {"id": "0102", "format": FORMAT, "version": __version__}
    assert claim(store, b"\x03", HERE) == check(store, HERE) == "0102"


def test_a_store_without_a_format_is_of_the_first_one(store: MemoryStore) -> None:
    store.put(STORE_KEY, b'{"id": "ab"}')
    with pytest.raises(BadInput, match="the store has format 1;"):
        check(store, HERE)


@pytest.mark.parametrize("found", [0, 1, 77])
@pytest.mark.parametrize("more", [{}, {"version": "9.1", "field": ["of", "a", "later", "version"]}])
def test_a_store_of_another_format_is_refused_in_words(store: MemoryStore, found: int, more: dict[str, object]) -> None:
    store.put(STORE_KEY, json.dumps({"id": "ab", "format": found, **more}).encode())
    before = dict(store.objects)
    for opened in (check, partial(claim, entropy=b"\x03")):
        with pytest.raises(BadInput) as caught:
            opened(store, where=HERE)
        (problem,) = caught.value.problems
        assert f"format {found}" in problem.what
        assert f"runner {__version__} reads format {FORMAT} only" in problem.what
        assert ("written by runner 9.1" in problem.what) == bool(more)
        assert problem.where == HERE
        assert "version of runner that wrote it" in problem.remedy
    assert store.objects == before


DAMAGED = (
    b"no json",
    b"[]",
    b"3",
    b"{}",
    b'{"id": 3}',
    b'{"id": ""}',
    b'{"id": "a", "format": "2"}',
    b'{"id": "a", "format": true}',
)


@pytest.mark.parametrize("data", DAMAGED)
def test_a_mark_that_cannot_be_read_is_named(store: MemoryStore, data: bytes) -> None:
    store.put(STORE_KEY, data)
    with pytest.raises(StoreError, match=f"{STORE_KEY}.*cannot be read"):
        check(store, HERE)


def test_a_mark_that_a_power_failure_took_is_written_again(tmp_path: Path) -> None:
    store = DirectoryStore(tmp_path)
    (tmp_path / STORE_KEY).touch()
    os.utime(tmp_path / STORE_KEY, (1, 1))
    assert check(store, HERE) == ""
    assert claim(store, b"\x01", HERE) == "01"

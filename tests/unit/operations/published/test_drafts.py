"""Pipeline drafts in the store."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from runner.errors import BadInput
from runner.model.published import DraftRecord
from runner.operations.published import drafts
from tests.support.builders import T0
from tests.support.memory_store import MemoryStore


def draft(identity: str, **tags: str) -> DraftRecord:
    return DraftRecord(
        id=identity, name=f"draft {identity}", plan="d" * 64, tags=tags, created=T0 + timedelta(seconds=int(identity))
    )


def test_drafts_are_listed_newest_first_and_by_tags() -> None:
    store = MemoryStore()
    for one in (draft("1", team="a"), draft("3", team="a", kind="x"), draft("2")):
        drafts.create(store, one)
    assert [one.id for one in drafts.all_of(store)] == ["3", "2", "1"]
    assert [one.id for one in drafts.all_of(store, {"team": "a"})] == ["3", "1"]
    assert [one.id for one in drafts.all_of(store, {"team": "a", "kind": None})] == ["3"]
    assert drafts.all_of(store, {"team": "b"}) == []
    assert drafts.get(store, "2") == draft("2")


def test_a_draft_changes_and_can_be_deleted_once() -> None:
    store = MemoryStore()
    drafts.create(store, draft("1"))
    assert drafts.change(store, "1", lambda one: replace(one, experiment="e")).experiment == "e"
    drafts.change(store, "1", lambda one: replace(one, deleted=True))
    assert drafts.all_of(store) == []
    with pytest.raises(BadInput, match=r"PipelineDraft\.list"):
        drafts.get(store, "1")
    with pytest.raises(BadInput, match="no pipeline draft of id '1'"):
        drafts.change(store, "1", lambda one: replace(one, deleted=False))


def test_an_unknown_draft() -> None:
    with pytest.raises(BadInput, match="no pipeline draft of id 'x'"):
        drafts.get(MemoryStore(), "x")

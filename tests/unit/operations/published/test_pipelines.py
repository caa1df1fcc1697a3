from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from runner.errors import BadInput, StoreError
from runner.model.published import PublishedRecord, Status
from runner.operations.published import pipeline_index, pipelines
from runner.operations.published.pipelines import PublishOptions
from tests.support.builders import T0
from tests.support.memory_store import MemoryStore


def guid(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012d}"


def record(number: int, name: str = "train", version: str = "") -> PublishedRecord:
    return PublishedRecord(
        id=guid(number), name=name, version=version, plan="d" * 64, created=T0 + timedelta(seconds=number)
    )


def filled(*records: PublishedRecord) -> MemoryStore:
    store = MemoryStore()
    for each in records:
        pipelines.create(store, each)
    return store


def test_the_newest_comes_first_and_only_active_ones_are_listed() -> None:
    store = filled(record(1), record(2), record(3))
    pipelines.set_status(store, guid(2), Status.DISABLED)
    assert [each.id for each in pipelines.all_of(store)] == [guid(3), guid(1)]
    assert [each.id for each in pipelines.all_of(store, active_only=False)] == [guid(3), guid(2), guid(1)]


def test_a_name_a_version_and_an_id_find_a_pipeline() -> None:
    store = filled(record(1, version="7"), record(2, version="8"), record(3, version="7"), record(4, "a@b"))
    assert pipelines.named(store, "train").id == guid(3)
    assert pipelines.named(store, "train@8").id == guid(2)
    assert pipelines.named(store, "train@7").id == guid(3)
    assert pipelines.named(store, guid(1)).id == guid(1)
    assert pipelines.named(store, "a@b").id == guid(4)


def test_archived_ones_are_the_last_that_a_name_finds() -> None:
    store = filled(record(1), record(2))
    pipelines.set_status(store, guid(2), Status.ARCHIVED)
    assert pipelines.named(store, "train").id == guid(1)
    pipelines.set_status(store, guid(1), Status.ARCHIVED)
    assert pipelines.named(store, "train").id == guid(2)


def test_unknown_names_are_refused_with_the_nearest() -> None:
    store = filled(record(1, version="7"))
    with pytest.raises(BadInput, match="unknown published pipeline 'trian'") as caught:
        pipelines.named(store, "trian")
    assert "'train'" in caught.value.problems[0].remedy
    with pytest.raises(BadInput, match=r"has no version '9' \(its versions, newest first: 7\)"):
        pipelines.named(store, "train@9")
    for ask in (pipelines.get, pipelines.named, lambda store, one: pipelines.set_status(store, one, Status.ACTIVE)):
        with pytest.raises(BadInput, match="no published pipeline of id"):
            ask(store, guid(5))


def test_only_an_active_one_is_run() -> None:
    pipelines.refuse_inactive(record(1))
    with pytest.raises(BadInput, match="is disabled"):
        pipelines.refuse_inactive(replace(record(1), status=Status.DISABLED))


def test_names_are_checked() -> None:
    assert PublishOptions(name="train", version="1").problems() == ()
    assert len(PublishOptions(name=" ", version="1\n2").problems()) == 2


def test_any_printable_name_can_be_found_again() -> None:
    name, version = "a/b@c%2F 見 ü", "1.json"
    assert PublishOptions(name=name, version=version).problems() == ()
    store = filled(record(1, name, version), record(2))
    assert pipelines.named(store, name).id == pipelines.named(store, f"{name}@{version}").id == guid(1)


def test_a_name_must_fit_into_a_key() -> None:
    longest = "n" * pipeline_index.ROOM
    assert PublishOptions(name=longest).problems() == ()
    assert pipelines.named(filled(record(1, longest)), longest).id == guid(1)
    (problem,) = PublishOptions(name=longest, version="/").problems()
    assert "can have 201 together" in problem.what


def test_a_publication_that_did_not_end_is_in_no_list() -> None:
    store = filled(record(1))
    pipeline_index.enter(store, record(2))
    assert pipelines.named(store, "train").id == guid(1)
    assert len(pipelines.all_of(store)) == 1
    pipelines.withdraw(store, record(1))
    with pytest.raises(BadInput, match="unknown published pipeline"):
        pipelines.named(store, "train")


def test_an_id_is_taken_once() -> None:
    store = filled(record(1))
    with pytest.raises(BadInput, match="there is a published pipeline"):
        pipelines.create(store, record(1, "other"))


def test_a_record_of_a_later_version_is_refused_in_words() -> None:
    store = filled(record(1))
    store.put(f"registry/published/pipelines/{guid(1)}/00000002.json", b'{"document_format": 2, "id": "x"}')
    for ask in (lambda: pipelines.get(store, guid(1)), lambda: pipelines.all_of(store)):
        with pytest.raises(StoreError, match="a later version of runner wrote it"):
            ask()


@pytest.mark.parametrize("identity", ["", ".", "..", "a/b", "a\0", "x" * 256, "é" * 128, "\ud800"])
def test_an_id_that_no_key_can_hold_is_unknown(identity: str) -> None:
    store = MemoryStore()
    assert pipelines.documents(store).find(identity) is None
    with pytest.raises(BadInput, match="no published pipeline of id"):
        pipelines.get(store, identity)

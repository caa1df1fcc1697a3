"""`runner environment gc` keeps what published pipelines and drafts need."""

from __future__ import annotations

from dataclasses import replace

import pytest

from runner.environments import lock_store
from runner.environments.lock import Lock, LockedPackage
from runner.model.environment import EnvironmentSpec, NamedEnvironment, Wheel
from runner.model.plan import Plan
from runner.model.published import DraftRecord, PreparedEnvironment, PublishedRecord, Status
from runner.operations.environment_uses import judge, published_uses
from runner.operations.published import pipelines
from runner.operations.published.documents import Documents
from runner.ports import StoredEnvironment
from runner.runs import plans
from tests.support.builders import T0, at
from tests.support.memory_store import MemoryStore

WHEEL = Wheel("own-1-py3-none-any.whl", "e" * 64)
SPEC = EnvironmentSpec(pip=("six",), wheels=(WHEEL,))
PLAN = Plan(steps=(), environments={"train": NamedEnvironment("train", SPEC)})
IMAGE = StoredEnvironment(reference="image:1", names=frozenset({"image:1"}), place="here", environment="other")
LATER = at(10_000_000)


def published(status: Status = Status.ACTIVE) -> MemoryStore:
    store = MemoryStore()
    prepared = PreparedEnvironment(environment="train", target="k8s", reference="image:1")
    digest = plans.save(store, PLAN)
    pipelines.create(
        store, PublishedRecord(id="p1", name="nightly", plan=digest, prepared=(prepared,), status=status, created=T0)
    )
    return store


@pytest.mark.parametrize("status", list(Status))
def test_what_lies_in_the_store_is_kept_for_every_status(status: Status) -> None:
    (use,) = published_uses(published(status))
    assert (set(use.specs), set(use.wheels)) == ({SPEC.digest}, {WHEEL.digest})


def test_an_image_is_kept_until_its_pipeline_is_archived() -> None:
    (active,) = judge([IMAGE], published_uses(published()), LATER)
    assert (active.reason, active.runs) == ("needed by the published pipeline or draft 'nightly'", ())
    assert judge([IMAGE], published_uses(published(Status.DISABLED)), LATER)[0].needed
    assert not judge([IMAGE], published_uses(published(Status.ARCHIVED)), LATER)[0].needed


def test_an_environment_with_an_equal_lock_is_kept() -> None:
    store = published()
    package = LockedPackage(name="six", version="1", hashes=("sha256:ff",))
    lock = lock_store.keep(store, Lock(spec=SPEC.digest, python="3.11", platform="any", packages=(package,)))
    folder = replace(IMAGE, names=frozenset({"elsewhere"}), lock=lock.digest)
    assert judge([folder], published_uses(store), LATER)[0].needed
    assert not judge([folder], published_uses(MemoryStore()), LATER)[0].needed


def test_drafts_count_until_they_are_deleted() -> None:
    store = MemoryStore()
    drafts = Documents(store, "drafts", DraftRecord)
    drafts.create("d1", DraftRecord(id="d1", name="d", plan=plans.save(store, PLAN), created=T0))
    (use,) = published_uses(store)
    assert (set(use.specs), use.published) == ({SPEC.digest}, "d")
    drafts.change("d1", lambda known: replace(known, deleted=True))
    assert list(published_uses(store)) == []

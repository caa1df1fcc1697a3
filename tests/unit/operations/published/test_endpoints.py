"""Pipeline endpoints: versions, the default one, and names that belong to one endpoint each."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from runner.errors import BadInput, StoreUnreachable
from runner.model.published import EndpointVersion, Status
from runner.operations.published import endpoints
from runner.override import override
from tests.support.builders import T0
from tests.support.memory_store import MemoryStore


class ClockStore(MemoryStore):
    """A store whose clock and whose failures the test sets."""

    def __init__(self) -> None:
        super().__init__()
        self.time = T0
        self.writes_left = 1_000_000

    @override
    def now(self) -> datetime:
        self.time += timedelta(seconds=1)
        return self.time

    @override
    def put_if_absent(self, key: str, data: bytes) -> bool:
        self.writes_left -= 1
        if self.writes_left < 0:
            raise StoreUnreachable("the process was killed here")
        return super().put_if_absent(key, data)


@pytest.fixture
def store() -> ClockStore:
    return ClockStore()


def test_the_first_version_is_0_and_the_default(store: ClockStore) -> None:
    made = endpoints.publish(store, "churn", "p1", description="monthly", user="me")
    assert made.versions == (EndpointVersion(version="0", pipeline="p1"),)
    assert (made.default, made.status, made.description, made.user) == ("0", Status.ACTIVE, "monthly", "me")
    assert endpoints.get(store, made.id) == made == endpoints.named(store, "churn")


def test_versions_are_numbered_and_the_default_stays(store: ClockStore) -> None:
    made = endpoints.publish(store, "churn", "p1")
    endpoints.add(store, made.id, "p2")
    found = endpoints.add(store, made.id, "p3", default=True)
    assert [(one.version, one.pipeline) for one in found.versions] == [("0", "p1"), ("1", "p2"), ("2", "p3")]
    assert found.default == "2"
    assert endpoints.set_default_version(store, made.id, "1").default == "1"
    assert endpoints.set_default(store, made.id, "p1").default == "0"
    assert endpoints.submitted(endpoints.get(store, made.id)) == "p1"
    assert endpoints.submitted(endpoints.get(store, made.id), "2") == "p3"


def test_a_pipeline_that_was_added_twice_is_the_newer_version(store: ClockStore) -> None:
    made = endpoints.publish(store, "churn", "p1")
    endpoints.add(store, made.id, "p1")
    assert endpoints.set_default(store, made.id, "p1").default == "1"


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda store, one: endpoints.set_default_version(store, one, "7"), "known: 0"),
        (lambda store, one: endpoints.set_default(store, one, "p9"), "add_default"),
        (lambda store, one: endpoints.version_of(endpoints.get(store, one), "01"), "'01'"),
        (lambda store, one: endpoints.get(store, f"{one}x"), "PipelineEndpoint.list"),
        (lambda store, _: endpoints.get(store, "../endpoints"), "PipelineEndpoint.list"),
        (lambda store, _: endpoints.add(store, "", "p2"), "no pipeline endpoint"),
        (lambda store, _: endpoints.named(store, "chrn"), "did you mean 'churn'"),
        (lambda store, _: endpoints.named(store, ""), "known: churn"),
        (lambda store, _: endpoints.publish(store, "churn", "p2"), "belongs to"),
        (lambda store, _: endpoints.publish(store, " ", "p2"), "cannot name"),
        (lambda store, _: endpoints.publish(store, "a\nb", "p2"), "cannot name"),
        (lambda store, _: endpoints.publish(store, "ü" * 40, "p2"), "cannot name"),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(
    store: ClockStore, ask: Callable[[ClockStore, str], object], said: str
) -> None:
    made = endpoints.publish(store, "churn", "p1")
    before = dict(store.objects)
    with pytest.raises(BadInput, match=said):
        ask(store, made.id)
    assert store.objects == before


@pytest.mark.parametrize("name", ["a/b", "..", ".", "a.b", "100 %", "über", "%2E", "x" * 200])
def test_every_printable_name_is_possible(store: ClockStore, name: str) -> None:
    made = endpoints.publish(store, name, "p1")
    assert endpoints.named(store, name).id == made.id


def test_an_inactive_endpoint_takes_no_submissions(store: ClockStore) -> None:
    made = endpoints.publish(store, "churn", "p1")
    other = endpoints.publish(store, "sales", "p1")
    for status in (Status.DISABLED, Status.ARCHIVED):
        record = endpoints.set_status(store, made.id, status)
        with pytest.raises(BadInput, match=status.value.lower()):
            endpoints.submitted(record)
        assert [one.id for one in endpoints.all_of(store)] == [other.id]
    assert [one.name for one in endpoints.all_of(store, active_only=False)] == ["sales", "churn"]
    assert endpoints.submitted(endpoints.set_status(store, made.id, Status.ACTIVE)) == "p1"


def test_a_name_that_was_given_up_is_free(store: ClockStore) -> None:
    made = endpoints.publish(store, "churn", "p1")
    endpoints.set_name(store, made.id, "churn monthly")
    assert endpoints.named(store, "churn monthly").id == made.id
    other = endpoints.publish(store, "churn", "p2")
    assert endpoints.named(store, "churn").id == other.id
    with pytest.raises(BadInput, match="belongs to"):
        endpoints.set_name(store, made.id, "churn")
    assert endpoints.get(store, made.id).name == "churn monthly"


@pytest.mark.parametrize("writes", range(3))
def test_a_killed_publication_leaves_a_name_that_is_free_after_an_hour(store: ClockStore, writes: int) -> None:
    store.writes_left = writes
    try:
        made = endpoints.publish(store, "churn", "p1").id
    except StoreUnreachable:
        made = ""
    store.writes_left = 100
    assert [one.id for one in endpoints.all_of(store)] == [made] * bool(made)
    store.time += timedelta(hours=2)
    if made:
        with pytest.raises(BadInput, match="belongs to"):
            endpoints.publish(store, "churn", "p2")
    else:
        other = endpoints.publish(store, "churn", "p2")
        assert endpoints.named(store, "churn") == other


@pytest.mark.parametrize("writes", range(4))
def test_a_killed_change_of_name_leaves_one_name(store: ClockStore, writes: int) -> None:
    made = endpoints.publish(store, "old", "p1")
    store.writes_left = writes
    with suppress(StoreUnreachable):
        endpoints.set_name(store, made.id, "new")
    store.writes_left = 100
    name = endpoints.get(store, made.id).name
    assert endpoints.named(store, name).id == made.id
    with pytest.raises(BadInput):
        endpoints.named(store, {"old": "new", "new": "old"}[name])
    store.time += timedelta(hours=2)
    other = endpoints.publish(store, {"old": "new", "new": "old"}[name], "p2")
    assert endpoints.named(store, other.name).id == other.id
    assert endpoints.named(store, name).id == made.id


NAMES = st.sampled_from(["a", "b", "c"])


class Endpoints(RuleBasedStateMachine):
    """Endpoints beside a dictionary from names to ids."""

    def __init__(self) -> None:
        super().__init__()
        self.store = ClockStore()
        self.known: dict[str, str] = {}
        self.versions: dict[str, list[str]] = {}

    @rule(name=NAMES)
    def publish(self, name: str) -> None:
        if name in self.known:
            with pytest.raises(BadInput):
                endpoints.publish(self.store, name, "p")
        else:
            made = endpoints.publish(self.store, name, "p")
            self.known[name], self.versions[made.id] = made.id, ["p"]

    @rule(name=NAMES, new=NAMES)
    def rename(self, name: str, new: str) -> None:
        identity = self.known.get(name)
        if identity is None:
            return
        if self.known.get(new, identity) != identity:
            with pytest.raises(BadInput):
                endpoints.set_name(self.store, identity, new)
        else:
            endpoints.set_name(self.store, identity, new)
            del self.known[name]
            self.known[new] = identity

    @rule(name=NAMES, pipeline=st.sampled_from(["p", "q"]), default=st.booleans())
    def add(self, name: str, pipeline: str, default: bool) -> None:
        if name in self.known:
            found = endpoints.add(self.store, self.known[name], pipeline, default=default)
            self.versions[found.id].append(pipeline)
            assert not default or found.default == str(len(self.versions[found.id]) - 1)

    @invariant()
    def they_agree(self) -> None:
        found = endpoints.all_of(self.store)
        assert {one.name: one.id for one in found} == self.known
        for name, identity in self.known.items():
            one = endpoints.named(self.store, name)
            assert one.id == identity
            assert [version.pipeline for version in one.versions] == self.versions[identity]
            assert [version.version for version in one.versions] == [str(i) for i in range(len(one.versions))]


TestEndpoints = Endpoints.TestCase

"""Lists of runs read few objects, and are right whatever happens to the runs meanwhile."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runner.errors import BadInput, StoreDenied
from runner.model import events as e
from runner.model.names import new_run_id
from runner.model.state import begin, fold
from runner.model.status import RunStatus
from runner.operations import run_pages
from runner.operations.run_pages import RunFilter, page
from runner.operations.run_tags import set_tags, tags_of
from runner.operations.values import RunView
from runner.override import override
from runner.ports import ObjectStore
from runner.runs import head, index, index_blocks, journal
from runner.runs import tags as run_tags
from tests.support import builders as b
from tests.support.memory_store import MemoryStore

PLAN = b.plan(b.step("a"))


class Counting(MemoryStore):
    """Counts the objects that are read."""

    def __init__(self) -> None:
        super().__init__()
        self.gets = 0

    @override
    def get(self, key: str) -> bytes:
        self.gets += 1
        return super().get(key)


def run_id(number: int) -> str:
    return new_run_id(b.at(number), number.to_bytes(10, "big"))


def ended(store: ObjectStore, number: int, status: RunStatus = RunStatus.SUCCEEDED, **fields: object) -> str:
    """Store a run that was submitted `number` seconds after T0, and has ended."""
    run = begun(store, number, **fields)
    head.put(store, run, head.Head(number=3, status=status, time=b.at(number), succeeded=1, ended=b.at(number + 1)))
    return run


def begun(store: ObjectStore, number: int, **fields: object) -> str:
    run = run_id(number)
    known: dict[str, object] = {"experiment": "x", "user": "ann", "tags": {}, "steps": 1} | fields
    index.add(store, index.IndexEntry(run=run, created=b.at(number), **known))  # type: ignore[arg-type]
    submitted = e.RunSubmitted(b.submission(PLAN, tags=known["tags"]))
    journal.Writer(store, run, "c", 0).append([submitted], b.at(number))
    return run


def delete(store: ObjectStore, run: str) -> None:
    store.delete(index.key_at(run_tags.place_of(run)))
    store.delete(journal.entry_key(run, 1))
    store.delete(head.head_key(run))


def view(run: str) -> RunView:
    entries = [b.entry(1, e.RunSubmitted(b.submission(PLAN)))]
    return RunView(replace(fold(begin(run, PLAN), entries)), PLAN)


def found(store: ObjectStore, wanted: RunFilter, limit: int = 50) -> list[str]:
    runs: list[str] = []
    cursor = ""
    while True:
        seen = page(store, wanted, cursor=cursor, limit=limit)
        runs += [run.run for run in seen.runs]
        cursor = seen.cursor
        if not cursor:
            return runs


def blocks(store: MemoryStore) -> list[str]:
    return [key for key in store.objects if key.startswith(index_blocks.FOLDER)]


def test_a_second_search_reads_blocks_in_place_of_entries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_pages, "LOOKED_AT", 100)
    store = Counting()
    first = ended(store, 0, user="bob")
    for number in range(1, 300):
        ended(store, number)
    assert found(store, RunFilter(user="bob")) == [first]
    assert len(blocks(store)) == 3
    store.gets = 0
    assert found(store, RunFilter(user="bob")) == [first]
    assert store.gets == 3
    assert found(store, RunFilter(status="failed")) == []
    assert store.gets == 6
    store.gets = 0
    assert page(store, RunFilter(), limit=20).runs[0].run == run_id(299)
    assert store.gets == 40


def test_runs_that_have_not_ended_are_in_no_block() -> None:
    store = Counting()
    runs = [begun(store, number, user="bob") for number in range(110)]
    assert found(store, RunFilter(user="bob")) == runs[::-1]
    assert blocks(store) == []


def test_a_run_that_was_deleted_is_not_listed_though_a_block_has_it() -> None:
    store = MemoryStore()
    runs = [ended(store, number, user="bob" if number % 50 == 0 else "ann") for number in range(110)]
    assert len(found(store, RunFilter(user="bob"))) == 3
    assert blocks(store)
    delete(store, runs[50])
    assert found(store, RunFilter(user="bob")) == [runs[100], runs[0]]
    index_blocks.forget(store, {runs[50]})
    assert blocks(store) == []


def test_a_tag_of_an_ended_run_is_found_and_shown_and_can_be_removed() -> None:
    store = MemoryStore()
    runs = [ended(store, number, tags={"stage": "test"} if number == 7 else {}) for number in range(110)]
    assert found(store, RunFilter(tag="stage=test")) == [runs[7]]
    set_tags(store, view(runs[9]), {"stage": "prod", "owner": "ann"})
    assert found(store, RunFilter(tag="stage")) == [runs[9], runs[7]]
    assert page(store, RunFilter(tag="owner=ann")).runs[0].tags == {"stage": "prod", "owner": "ann"}
    assert found(store, RunFilter(text="PROD")) == [runs[9]]
    set_tags(store, view(runs[9]), {"stage": None})
    assert found(store, RunFilter(tag="stage")) == [runs[7]]
    assert tags_of(store, view(runs[9])) == {"owner": "ann"}
    shown = {run.run: run.tags for run in page(store, RunFilter(), limit=200).runs}
    assert (shown[runs[9]], shown[runs[7]], shown[runs[0]]) == ({"owner": "ann"}, {"stage": "test"}, {})


def test_many_tags_get_into_blocks_too() -> None:
    store = Counting()
    for number in range(110):
        set_tags(store, view(ended(store, number)), {"n": str(number % 100)})
    assert len(found(store, RunFilter(tag="n=7"))) == 2
    store.gets = 0
    assert len(found(store, RunFilter(tag="n=7"))) == 2
    assert store.gets == len(blocks(store))


def test_what_is_written_last_counts_whatever_the_clocks_say(monkeypatch: pytest.MonkeyPatch) -> None:
    store = MemoryStore()
    run = ended(store, 1)
    for at, value in ((9_000, "first"), (1_000, "second"), (5_000, "third")):
        monkeypatch.setattr("time.time_ns", lambda at=at: at)
        set_tags(store, view(run), {"x": value})
    assert tags_of(store, view(run)) == {"x": "third"}


def test_tags_that_cannot_be() -> None:
    store = MemoryStore()
    run = ended(store, 1)
    with pytest.raises(BadInput, match="cannot name a tag"):
        set_tags(store, view(run), {"": "x"})
    with pytest.raises(BadInput, match="has 9001 bytes"):
        set_tags(store, view(run), {"x": "y" * 9000})
    store.put(f"runs/{run}/condemned", b"{}")
    with pytest.raises(BadInput, match="being deleted"):
        set_tags(store, view(run), {"x": "y"})
    assert [key for key in store.objects if "tags.jsonl" in key] == []


def test_a_run_whose_id_is_older_than_the_blocks_is_found() -> None:
    store = MemoryStore()
    for number in range(0, 240, 2):
        ended(store, number)
    assert found(store, RunFilter(user="bob")) == []
    late = ended(store, 101, user="bob")
    assert found(store, RunFilter(user="bob")) == [late]


@pytest.mark.parametrize("data", [b"", b"[]", b'{"runs": {"x": 1}}', b'{"runs": {"x": ["", [], 1, "", 2]}}', b"\xff"])
def test_a_damaged_block_is_as_good_as_none(data: bytes) -> None:
    store = MemoryStore()
    runs = [ended(store, number, user="bob") for number in range(110)]
    found(store, RunFilter(user="bob"))
    for key in blocks(store):
        store.put(key, data)
    assert found(store, RunFilter(user="bob")) == runs[::-1]


def test_who_may_only_read_gets_the_same() -> None:
    class ReadOnly(MemoryStore):
        closed = False

        @override
        def put(self, key: str, data: bytes) -> None:
            if self.closed:
                raise StoreDenied("no")
            super().put(key, data)

    store = ReadOnly()
    runs = [ended(store, number, user="bob") for number in range(110)]
    store.closed = True
    assert found(store, RunFilter(user="bob")) == runs[::-1]
    assert blocks(store) == []


def test_small_blocks_are_joined(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index_blocks, "_SMALL", 3)
    monkeypatch.setattr(index_blocks, "LEAST", 10)
    store = MemoryStore()
    for number in range(80):
        ended(store, number)
        if number % 10 == 9:
            assert found(store, RunFilter(user="bob")) == []
    assert len(blocks(store)) <= 5
    known = {place for key in blocks(store) for place in index_blocks.read(store, key)}
    assert len(known) == 80


changes = st.lists(
    st.tuples(st.sampled_from(["add", "late", "delete", "tag", "untag", "end"]), st.integers(0, 60)), max_size=12
)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(
    count=st.integers(0, 40),
    limit=st.integers(1, 9),
    rounds=st.lists(changes, max_size=12),
    wanted=st.sampled_from([RunFilter(), RunFilter(tag="t"), RunFilter(user="bob"), RunFilter(status="succeeded")]),
)
def test_no_run_is_twice_or_missing_whatever_happens_meanwhile(
    monkeypatch: pytest.MonkeyPatch,
    count: int,
    limit: int,
    rounds: list[list[tuple[str, int]]],
    wanted: RunFilter,
) -> None:
    monkeypatch.setattr(run_pages, "LOOKED_AT", 7)
    monkeypatch.setattr(index_blocks, "LEAST", 3)
    monkeypatch.setattr(index_blocks, "SIZE", 4)
    monkeypatch.setattr(index_blocks, "_SMALL", 2)
    world = World()
    for number in range(100, 100 + 2 * count, 2):
        world.add(number)
    found(world.store, wanted)  # which makes blocks
    before = world.fitting(wanted)
    always = set(before)
    seen: list[str] = []
    cursor, ways = "", iter(rounds)
    while True:
        part = page(world.store, wanted, cursor=cursor, limit=limit)
        seen += [run.run for run in part.runs]
        cursor = part.cursor
        if not cursor:
            break
        for what, number in next(ways, ()):
            world.do(what, number)
            always &= set(world.fitting(wanted))
    assert len(seen) == len(set(seen))
    assert seen == sorted(seen, reverse=True)
    assert always <= set(seen)
    assert found(world.store, wanted, limit) == world.fitting(wanted)


class World:
    """A store and what is true of its runs."""

    def __init__(self) -> None:
        self.store = MemoryStore()
        self.runs: dict[str, tuple[str, set[str], bool]] = {}
        """The user, the names of the tags, and whether it has ended, by run."""
        self.next = 1000

    def add(self, number: int) -> None:
        user = "bob" if number % 3 == 0 else "ann"
        tags = {"t": "1"} if number % 4 == 0 else {}
        run = (ended if number % 10 else begun)(self.store, number, user=user, tags=tags)
        self.runs[run] = (user, set(tags), bool(number % 10))

    def do(self, what: str, number: int) -> None:
        if what == "add":
            self.add(self.next)
            self.next += 1
            return
        if what == "late":
            if run_id(101 + 2 * number) not in self.runs:
                self.add(101 + 2 * number)
            return
        if not self.runs:
            return
        run = sorted(self.runs)[number % len(self.runs)]
        user, tags, over = self.runs[run]
        if what == "delete":
            delete(self.store, run)
            del self.runs[run]
        elif what == "end" and not over:
            head.put(self.store, run, head.Head(number=3, status=RunStatus.SUCCEEDED, time=b.at(0), ended=b.at(1)))
            self.runs[run] = (user, tags, True)
        elif what in ("tag", "untag"):
            run_tags.add(self.store, run, {"t": "1" if what == "tag" else None})
            self.runs[run] = (user, {"t"} if what == "tag" else set(), over)

    def fitting(self, wanted: RunFilter) -> list[str]:
        return sorted(
            (
                run
                for run, (user, tags, over) in self.runs.items()
                if wanted.user in ("", user)
                and (not wanted.tag or wanted.tag in tags)
                and (wanted.status != "succeeded" or over)
            ),
            reverse=True,
        )


def test_the_lines_of_tags_that_scripts_write_are_bounded_and_checked() -> None:
    store = MemoryStore()
    run = ended(store, 1, tags={"a": "1"})
    folder = f"runs/{run}/annotations/tags.jsonl/"
    odd = ['{"key": "b", "value": 2, "at": "x"}', "[1]", "{", json.dumps({"value": 3}), json.dumps({"key": "a"})]
    store.put(f"{folder}1.jsonl", "\n".join(odd).encode())
    store.put(f"{folder}2.jsonl", json.dumps({"key": "huge", "value": "x" * (5 << 20)}).encode())
    run_tags.mark(store, run)
    assert page(store, RunFilter()).runs[0].tags == {"b": "2", "": "3"}

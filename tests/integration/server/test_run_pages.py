"""The page of a run, its tabs, and its graph."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from html.parser import HTMLParser

import pytest

from runner.model import events as e
from runner.model.record import Failure
from runner.model.search import Goal
from runner.operations import watch
from runner.operations.values import RunView
from runner.override import override
from runner.pages.run_page import TABS
from runner.ports import ObjectInfo
from tests.support import shown_runs
from tests.support.memory_store import MemoryStore
from tests.support.served_run import ServedWorkspace
from tests.support.serving import Client, client_of, context_of
from tests.support.shown_runs import ShownRun


class Markup(HTMLParser):
    """The elements of a page, to find those that a text has brought in."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def client(store: MemoryStore) -> Client:
    workspace = ServedWorkspace()
    workspace.store = store
    return client_of(context_of(lambda: workspace))


def ago(minutes: float) -> datetime:
    return datetime.now(timezone.utc) - timedelta(minutes=minutes)


@pytest.fixture(scope="module")
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture(scope="module")
def failed(store: MemoryStore) -> ShownRun:
    return shown_runs.failed(store, ago(30))


@pytest.fixture(scope="module")
def search(store: MemoryStore) -> ShownRun:
    return shown_runs.search(store, ago(40), many=12)


def test_a_failure_is_told_in_the_words_of_the_terminal(store: MemoryStore, failed: ShownRun) -> None:
    text = client(store).get(f"/runs/{failed.run}").text
    assert "its script ended with exit code 1" in text
    assert "look at its log" in text
    assert "user, attempt 2 of 4" in text
    assert "ValueError: no rows are left" in text


def test_every_tab_of_every_kind_of_run_is_a_page(store: MemoryStore, failed: ShownRun, search: ShownRun) -> None:
    going = shown_runs.running(store, ago(1))
    hostile = shown_runs.hostile(store, ago(20))
    for run in (failed.run, search.run, going.run, hostile.run):
        for tab in TABS:
            answer = client(store).get(f"/runs/{run}?tab={tab}")
            assert answer.status_code == 200, (run, tab, answer.text)
            assert "<h1>" in answer.text


def test_hostile_texts_bring_no_element_into_any_page(store: MemoryStore) -> None:
    hostile = shown_runs.hostile(store, ago(21), number=77)
    for tab in (*TABS, "reuse&step=second"):
        for tag, attributes in Markup(client(store).get(f"/runs/{hostile.run}?tab={tab}").text).found:
            assert tag not in {"img", "style", "iframe"}
            assert not [name for name in attributes if name.startswith("on") or name == "style"]
            assert tag != "script" or attributes.get("src") or attributes.get("type") == "application/json"
            assert not (attributes.get("href") or "").lower().startswith("javascript")


def test_the_graph_is_json_with_the_trials_in_their_search(store: MemoryStore, search: ShownRun) -> None:
    found = client(store).get(f"/runs/{search.run}/graph.json").json()
    assert [step["key"] for step in found["steps"]] == ["prepare", "tune", "use"]
    assert {"before": "prepare", "after": "tune", "data": ["out"]} in found["links"]


def test_trials_are_ranked_by_their_metric(store: MemoryStore, search: ShownRun) -> None:
    what = search.plan.by_key["tune"].search
    assert what is not None
    assert what.goal is Goal.MAXIMIZE
    text = client(store).get(f"/runs/{search.run}?tab=trials").text
    assert "12 trials" in text
    assert text.count("data-line=") == 12


def test_a_browser_that_has_the_page_gets_it_again_only_after_a_change(store: MemoryStore) -> None:
    made = shown_runs.running(store, ago(2), number=9)
    caller = client(store)
    tag = caller.get(f"/runs/{made.run}").headers["ETag"]
    assert caller.get(f"/runs/{made.run}", headers={"If-None-Match": tag}).status_code == 304
    made.at(200, e.StepFailed(key="score", failure=Failure.USER, reason="exit code 1"))
    made.write()
    fresh = caller.get(f"/runs/{made.run}", headers={"If-None-Match": tag})
    assert fresh.status_code == 200
    assert fresh.headers["ETag"] != tag


def test_a_run_whose_controller_is_silent_is_stopped(store: MemoryStore) -> None:
    made = shown_runs.running(store, ago(60), number=10)
    made.write(alive=ago(50))
    text = client(store).get(f"/runs/{made.run}").text
    assert 'data-state="stopped"' in text
    assert "No controller drives this run" in text


def test_a_filter_is_a_part_of_the_address(store: MemoryStore, failed: ShownRun) -> None:
    text = client(store).get(f"/runs/{failed.run}?state=skipped&text=pub").text
    assert ">publish</a></th>" in text
    assert ">evaluate</a></th>" not in text


def test_a_reused_step_leads_to_its_origin_and_another_one_to_the_reason(store: MemoryStore, failed: ShownRun) -> None:
    text = client(store).get(f"/runs/{failed.run}?tab=reuse&step=clean").text
    assert "/runs/20260102t030405678z-aaaaaaaaaaaaaaaa/steps/fetch" in text
    assert "does not know what it read any more" in text


@pytest.mark.parametrize("path", ["?tab=nothing", "?page=0", "?state=odd", "?other=1"])
def test_a_wrong_parameter_is_told(store: MemoryStore, failed: ShownRun, path: str) -> None:
    answer = client(store).get(f"/runs/{failed.run}{path}")
    assert answer.status_code == 400
    assert "<h1>" in answer.text


def test_an_unknown_run_is_not_found(store: MemoryStore) -> None:
    assert client(store).get("/runs/20990101t000000000z-aaaaaaaaaaaaaaaa").status_code == 404


class CountedStore(MemoryStore):
    """It counts the requests that read."""

    def __init__(self, objects: dict[str, bytes]) -> None:
        super().__init__()
        self.objects = objects
        self.reads: list[str] = []

    @override
    def get(self, key: str) -> bytes:
        self.reads.append(key)
        return super().get(key)

    @override
    def list(self, prefix: str, *, after: str = "") -> Iterator[ObjectInfo]:
        self.reads.append(prefix)
        return super().list(prefix, after=after)


def test_a_look_at_a_run_that_does_not_change_costs_few_reads(store: MemoryStore) -> None:
    made = shown_runs.large(store, ago(2), 82, number=55)
    counted = CountedStore(store.objects)

    class Remembering(ServedWorkspace):
        """As a real workspace, it remembers the runs that it has shown."""

        known: RunView | None = None

        @override
        def view(self, run: str) -> RunView:
            self.known = watch.newer(counted, self.known) if self.known else watch.view(counted, run)
            return self.known

    workspace = Remembering()
    workspace.store = counted
    caller = client_of(context_of(lambda: workspace))
    tag = caller.get(f"/runs/{made.run}").headers["ETag"]
    counted.reads.clear()
    assert caller.get(f"/runs/{made.run}", headers={"If-None-Match": tag}).status_code == 304
    assert len(counted.reads) <= 5, counted.reads


def test_a_tab_that_reads_much_is_not_read_again_for_each_entry(store: MemoryStore) -> None:
    made = shown_runs.running(store, ago(1), number=56)
    caller = client(store)
    tag = caller.get(f"/runs/{made.run}?tab=timeline").headers["ETag"]
    made.at(55, e.StepFailed(key="score", failure=Failure.USER, reason="exit code 1"))
    made.write()
    assert caller.get(f"/runs/{made.run}?tab=timeline", headers={"If-None-Match": tag}).status_code == 304

"""Following a run, its output and its metrics, over a store in memory."""

from __future__ import annotations

from dataclasses import replace

import pytest

from runner.cli.paint import Paint
from runner.cli.stepview import step_view
from runner.errors import BadInput
from runner.model.data import Mode
from runner.model.delivery import Delivery
from runner.model.document import to_document
from runner.model.state import begin
from runner.model.status import RunStatus
from runner.model.task import InputBinding, TaskId
from runner.operations.detail import detail, source_text
from runner.operations.follow import follower_of
from runner.operations.listing import status as listing_status
from runner.operations.metrics import Metric, gather
from runner.operations.report import EnvironmentReport, display_names, environment_reports, report, step_report
from runner.operations.run_pages import RunFilter, page
from runner.operations.step_status import why
from runner.operations.tail import LogTail
from runner.operations.values import RunView
from runner.runs import head, index, journal, records
from tests.support import builders as b
from tests.support import sample_run as sample
from tests.support.memory_store import MemoryStore


def test_an_unknown_run_is_bad_input() -> None:
    with pytest.raises(BadInput, match="no run"):
        follower_of(MemoryStore(), sample.RUN)


def test_metrics_keep_the_newest_value_and_count() -> None:
    lines = ['{"name": "a", "value": 1}', '{"name": "b", "value": [1], "kind": "list"}', '{"name": "a", "value": 2}']
    assert gather(lines) == (Metric("a", "scalar", 2, 2), Metric("b", "list", [1], 1))


def test_lines_that_are_not_whole_are_left_out() -> None:
    assert gather(['{"name": "a", "va', "", "[1]", '{"value": 1}']) == ()


def test_a_report_always_has_every_key() -> None:
    told = to_document(report(sample.stored(), sample.view(3), lambda _ref: "", sample.at(5)))
    done = to_document(report(sample.stored(), sample.view(), lambda _ref: "", sample.at(5)))
    assert told.keys() == done.keys()
    assert all(step.keys() == done["steps"][0].keys() for step in told["steps"])
    assert done["steps"][0]["metrics"][0] == {"name": "rows", "kind": "scalar", "value": 344, "count": 1}


def test_the_slowest_step_and_its_phases() -> None:
    slowest = report(sample.stored(), sample.view(), lambda _ref: "", sample.at(20)).slowest
    assert slowest is not None
    assert (slowest.key, slowest.seconds, slowest.script) == ("prep-1", 1.9, 1.7)


def test_steps_of_one_name_are_shown_by_key() -> None:
    plan = replace(sample.PLAN, steps=(sample.step("a-1", "a"), sample.step("a-2", "a"), sample.step("b-1", "b")))
    assert display_names(plan) == {"a-1": "a-1", "a-2": "a-2", "b-1": "b"}


def test_why_a_step_waits() -> None:
    assert why(sample.view(2), "prep-1", sample.at(9)) == "its environment 'sklearn' is being built"
    assert why(sample.view(2), "train-1", sample.at(9)) == "waits for prep data"
    assert why(sample.view(5), "prep-1", sample.at(9)) == "no node has 2 CPUs free"
    wide = replace(sample.PLAN, steps=(*sample.PLAN.steps, sample.step("z-1", "z", *sample.PLAN.by_key)))
    known = RunView(begin(sample.RUN, wide), wide)
    assert why(known, "z-1", sample.at(9)) == "waits for prep data, train, evaluate and 1 more"


def test_output_of_all_steps_is_read_once_and_to_its_end() -> None:
    store = sample.stored()
    tail = LogTail(store=store)
    assert list(tail.lines(sample.view(8))) == [("prep-1", "row 1"), ("prep-1", "row 2"), ("train-1", "training")]
    assert list(tail.rest()) == [("train-1", "unfinished")]


def test_an_unfinished_line_is_shown_at_the_end_of_its_step() -> None:
    store = sample.stored()
    tail = LogTail(store=store, only="train-1")
    assert list(tail.lines(sample.view(8))) == [("train-1", "training")]
    key = f"{TaskId(sample.RUN, 'train-1').logs}00000001.txt"
    store.put(key, store.get(key) + b", now whole\nlast")
    assert list(tail.lines(sample.view())) == [("train-1", "unfinished, now whole"), ("train-1", "last")]
    assert list(tail.lines(sample.view())) == []


def test_a_step_in_full() -> None:
    store, view = sample.stored(), sample.view()
    found = detail(store, view, step_report(store, view, "prep-1", locate=lambda _ref: "", now=sample.at(9)))
    assert [file.path for file in found.files["made"]] == ["prepped_data.csv", "about/notes.txt"]
    assert found.attempts[0].artifacts == ("outputs/model.pkl",)
    assert found.command == ("python", "prep.py", "<output made>")
    assert (found.reference, found.lock) == ("runner/env:1", sample.LOCK)
    assert source_text(sample.PLAN.by_key["train-1"].inputs[0].source) == "output 'made' of prep-1"


def test_how_the_newest_attempt_has_got_its_inputs_is_in_its_assignment() -> None:
    store, view = sample.stored(), sample.view()
    step = step_report(store, view, "train-1", locate=lambda _ref: "", now=sample.at(9))
    (asked,) = detail(store, view, step).inputs
    assert (asked.mode, asked.delivery, asked.bytes) == ("auto", "", None)
    delivery = Delivery(Mode.MOUNT, 5 << 30, "more than 1 GiB", "azureml/x/made")
    bound = InputBinding(name=asked.name, ref=b.ref(), delivery=delivery)
    records.assign(store, replace(b.task(), id=TaskId(sample.RUN, "train-1", step.attempt), inputs=(bound,)))
    (known,) = detail(store, view, step).inputs
    assert (known.delivery, known.bytes, known.reason) == ("mount", 5 << 30, "more than 1 GiB")
    shown = step_view(detail(store, view, step), Paint(), "")
    assert f"  {asked.name}  output 'made' of prep-1, mount of 5.0 GiB (more than 1 GiB)" in shown


def test_the_environments_of_a_run() -> None:
    assert environment_reports(sample.view()) == (
        EnvironmentReport(name="sklearn", target="kind", reference="runner/env:1", lock=sample.LOCK, seconds=3.25),
    )
    assert environment_reports(sample.view(2)) == ()


def _entered(store: MemoryStore) -> MemoryStore:
    index.add(store, index.IndexEntry(run=sample.RUN, experiment="e", created=sample.BEGIN, user="ada", steps=3))
    return store


def test_a_run_without_a_head_is_starting() -> None:
    store = _entered(MemoryStore())
    store.put(journal.entry_key(sample.RUN, 1), b"{}")
    assert [(run.status, run.succeeded, run.steps) for run in page(store, RunFilter(), limit=5).runs] == [
        ("starting", 0, 3)
    ]


def test_an_entry_whose_run_was_never_begun_is_not_listed() -> None:
    assert page(_entered(MemoryStore()), RunFilter(), limit=1).runs == ()


@pytest.mark.parametrize(
    ("age", "error", "ended", "status"),
    [
        (5, "", False, "running"),
        (21, "", False, "stopped"),
        (5, "no permission", False, "stopped"),
        (500, "", True, "running"),
    ],
)
def test_a_run_whose_controller_gave_up_or_fell_silent_is_stopped(
    age: float, error: str, ended: bool, status: str
) -> None:
    seen = head.Head(
        number=3, status=RunStatus.RUNNING, time=sample.at(0), ended=sample.at(1) if ended else None, error=error
    )
    assert listing_status(seen, sample.at(age)) == status

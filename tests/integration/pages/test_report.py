"""The report of a run as one file."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re

import pytest

from runner.model import events as e
from runner.model.record import Failure
from runner.model.task import TaskId
from runner.operations import after_run, report_contents
from runner.operations.report_contents import Limits, contents
from runner.operations.values import RunView
from runner.operations.watch import view as view_of
from runner.pages import assets, report
from runner.pages.report import is_report, report_html
from runner.ports import ObjectStore
from runner.runs import index, journal, plans
from tests.support import builders as b
from tests.support import search_plans
from tests.support.memory_store import MemoryStore
from tests.support.served_run import DONE, GOING, served
from tests.support.stored_run import store_run

EVIL = "</script><script>alert(1)</script><img src=x onerror=alert(1)>"


def made(store: ObjectStore, view: RunView, limits: Limits | None = None) -> str:
    return report_html(contents(store, view, lambda _: store, limits or Limits()))


def test_a_report_says_what_it_is() -> None:
    workspace = served()
    text = made(workspace.store, workspace.view(DONE))
    assert is_report(text.encode()[:4096])
    assert not is_report(b"<html><head><title>my thesis</title>")
    assert DONE in text
    assert "succeeded" in text
    assert "x.csv" in text


def test_nothing_is_loaded_and_one_script_may_run() -> None:
    workspace = served()
    text = made(workspace.store, workspace.view(DONE))
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)
    (script,) = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}';" in html.unescape(policy)
    assert "default-src 'none'" in html.unescape(policy)
    body = text.replace(script, "")
    assert not re.findall(r'<(?:link|base|form)\b|\bsrc="(?!data:)', body)
    assert not re.findall(r'href="(?!#)', body)
    assert not re.findall(r"\son[a-z]+=", body)


def test_a_run_that_goes_on_has_a_report_that_says_so() -> None:
    workspace = served()
    text = made(workspace.store, workspace.view(GOING))
    assert "The run had not ended when this report was made" in text


def test_names_values_and_metrics_are_text() -> None:
    store = MemoryStore()
    plan = b.plan(b.step("a", name=EVIL), description=EVIL, parameters={EVIL: EVIL})
    plans.save(store, plan)
    said = b.submission(plan, experiment="x", tags={EVIL: EVIL}, user=EVIL)
    index.add(store, index.IndexEntry(run=b.RUN, created=b.T0, experiment="x", tags={EVIL: EVIL}))
    failed = e.StepFailed(
        key="a", failure=Failure.USER, reason=EVIL, tail=EVIL, exit_code=1, started=b.T0, ended=b.at(1)
    )
    events: list[e.Event] = [e.RunSubmitted(said), e.AttemptStarted("a", 1, "u"), failed]
    journal.Writer(store, b.RUN, "c", 0).append(events, b.T0)
    reports = TaskId(b.RUN, "a", 1).reports
    store.put(f"{reports}metrics.jsonl", b'{"name": "<b>m</b>", "kind": "list", "value": [1, 2, "</script>"]}\n')
    text = made(store, view_of(store, b.RUN))
    assert "<img src=x" not in text
    assert "<b>m</b>" not in text
    assert text.count("<script>") == 1
    assert html.escape(EVIL) in text


def test_pages_and_images_of_steps_stand_in_frames_and_data_addresses() -> None:
    store = MemoryStore()
    svg = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"
    view = store_run(store, {"a": {"page.html": EVIL.encode(), "x.svg": svg}})
    text = made(store, view)
    assert EVIL not in text
    assert f'sandbox src="data:text/html;base64,{base64.b64encode(EVIL.encode()).decode()}"' in text
    assert "data:image/svg+xml;base64," in text
    small = made(store, view, Limits(preview=0))
    assert "data:text/html" not in small


def test_the_outcomes_at_the_end_are_told_but_that_of_the_report() -> None:
    workspace = served()
    for name in ("report", "mlflow"):
        outcome = after_run.Outcome(name=name, state=after_run.DONE, time=b.T0, place=f"place of {name}")
        after_run.write(workspace.store, DONE, outcome)
    text = made(workspace.store, workspace.view(DONE))
    assert "place of mlflow" in text
    assert "place of report" not in text


def test_assets_cannot_end_their_elements(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assets, "content", lambda _: b"a('</SCRIPT>', '<!--', '</p>')")
    assert str(report._inline(["x"])).strip() == "a('<\\/SCRIPT>', '<\\!--', '</p>')"


def test_a_search_has_its_trials_and_metrics_of_the_best_ones() -> None:
    store = MemoryStore()
    plan = search_plans.search_plan(5)
    plans.save(store, plan)
    writer = journal.Writer(store, b.RUN, "c", 0)
    writer.append([e.RunSubmitted(b.submission(plan))], b.T0)
    for number in range(5):
        key = f"t{number}"
        ended = e.StepSucceeded(key=key, attempt=1, started=b.at(1), ended=b.at(2))
        writer.append([e.AttemptStarted(key, 1, "u"), ended], b.at(number))
        line = json.dumps({"name": "accuracy", "kind": "scalar", "value": number / 10})
        store.put(f"{TaskId(b.RUN, key, 1).reports}metrics.jsonl", f"{line}\n{line}\n".encode())
    text = made(store, view_of(store, b.RUN))
    assert "Trials of tune" in text
    (data,) = re.findall(r'data-parallel><script type="application/json">(.*?)</script>', text)
    assert [line["href"] for line in json.loads(data)["lines"]] == [f"#step-t{number}" for number in (4, 3, 2, 1, 0)]
    assert re.findall(r"<h3>(t\d)</h3>", text) == ["t2", "t3", "t4"]


def test_the_values_of_metrics_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report_contents, "VALUES", 50)
    monkeypatch.setattr(report_contents, "_AT_ONCE", 2)
    store = MemoryStore()
    view = store_run(store, {f"s{number}": {} for number in range(10)})
    line = json.dumps({"name": "loss", "kind": "scalar", "value": 1})
    for key in view.state.steps:
        store.put(f"{TaskId(b.RUN, key, 1).reports}metrics.jsonl", "\n".join([line] * 20).encode())
    found = contents(store, view, lambda _: store)
    assert [one.key for one in found.metrics] == ["s0", "s1", "s2"]
    assert found.unread == 7
    assert "The metrics of 7 more steps were not read." in report_html(found)

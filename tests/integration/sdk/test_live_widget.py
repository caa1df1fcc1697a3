"""The live widget of a run: what Python sends, and what a browser makes of it."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from types import ModuleType, SimpleNamespace
from typing import Any

import comm
import pytest

from runner.errors import StoreUnreachable
from runner.model import events as e
from runner.model.names import slug
from runner.model.task import TaskId
from runner.override import override
from runner.sdk import Experiment, Pipeline, PythonScriptStep, RunDetails, Workspace
from runner.sdk.runs import progress_threads as live
from runner.sdk.runs.live_widget import RunWidget, front_end, style
from runner.sdk.runs.pipeline_run import PipelineRun
from tests.support.builders import at, started
from tests.support.fake_session import FakeSession, lines
from tests.support.needs import chromium

EVIL = "<img src=x onerror=globalThis.hacked=1><script>globalThis.hacked=1</script>"


FIRST = f"{slug(EVIL)}-1"


class Comm(comm.base_comm.BaseComm):
    """A connection to a front end that is not there; it keeps what it is given."""

    sent: list[dict[str, Any]]

    @override
    def publish_msg(  # as the base class calls it
        self,
        msg_type: str,
        data: dict[str, Any] | None = None,
        metadata: dict[str, Any] | None = None,  # noqa: ARG002 - of no interest here
        buffers: list[bytes] | None = None,  # noqa: ARG002 - likewise
        **keys: Any,  # noqa: ARG002 - likewise
    ) -> None:
        self.__dict__.setdefault("sent", []).append({"type": msg_type, **(data or {})})


@pytest.fixture
def comms(monkeypatch: pytest.MonkeyPatch) -> list[Comm]:
    made: list[Comm] = []

    def create(**arguments: Any) -> Comm:
        made.append(Comm(**arguments))
        return made[-1]

    monkeypatch.setattr(comm, "create_comm", create)
    return made


@pytest.fixture
def run(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> Iterator[PipelineRun]:
    monkeypatch.setattr(live, "_SECONDS", 0.01)
    first, second = PythonScriptStep("a.py", name=EVIL), PythonScriptStep("b.py", name="second")
    second.run_after(first)
    made = Experiment(ws, "e").submit(Pipeline(ws, [first, second]))
    assert isinstance(made, PipelineRun)
    yield made
    live.stop(made.id)
    live.stop(f"{made.id} widget")


def begin(session: FakeSession, run: PipelineRun, key: str, log: bytes = b"") -> TaskId:
    session.tell(run.id, started(key), e.AttemptRunning(key, at(1)))
    task = TaskId(run.id, key, 1)
    session.store.put(f"{task.logs}00000001.txt", log)
    return task


def finish(session: FakeSession, run: PipelineRun) -> None:
    session.tell(run.id, e.StepSucceeded(key=FIRST, attempt=1, started=at(1), ended=at(2)))
    begin(session, run, "second-1")
    session.tell(run.id, e.StepSucceeded(key="second-1", attempt=1, started=at(1), ended=at(2)))
    session.end(run.id)


def until(said: Callable[[], bool]) -> None:
    for _ in range(500):
        if said():
            return
        time.sleep(0.01)
    raise AssertionError("it never came")


def sent_to(connection: Comm) -> dict[str, Any]:
    """The state of the front end after all messages."""
    state: dict[str, Any] = {}
    for message in connection.sent:
        state.update(message.get("state", {}))
    return state


def test_the_front_end_hears_of_each_change(session: FakeSession, run: PipelineRun, comms: list[Comm]) -> None:
    widget = RunWidget(run)
    connection = comms[-1]  # those before are of its layout
    assert sent_to(connection)["head"]["state"] == "running"
    task = begin(session, run, FIRST, b"one\n\x1b[31mtwo\x1b[0m\x1b[2J\n 10 %\r 20 %")
    session.store.put(
        f"{task.reports}metrics.jsonl", lines({"name": "loss", "value": 0.25}, {"name": "loss", "value": 0.125})
    )
    run.log("whole", 7)
    assert widget.look()
    state = sent_to(connection)
    assert (state["shown"], state["problem"]) == (FIRST, "")
    assert state["steps"][FIRST]["log"] == "one\ntwo\\x1b[2J\n 20 %"
    assert state["steps"][FIRST]["metrics"] == [["loss", "0.125 (last of 2)"]]
    assert state["metrics"] == [["whole", "7"]]
    assert [step["state"] for step in state["graph"]["steps"]] == ["running", "waiting"]
    finish(session, run)
    assert not widget.look()
    assert sent_to(connection)["head"]["status"] == "Finished"


def test_a_chosen_step_is_shown_at_once(session: FakeSession, run: PipelineRun, comms: list[Comm]) -> None:
    begin(session, run, FIRST, b"of a\n")
    session.tell(run.id, e.StepSucceeded(key=FIRST, attempt=1, started=at(1), ended=at(2)))
    begin(session, run, "second-1", b"of b\n")
    widget = RunWidget(run)
    connection = comms[-1]  # those before are of its layout
    assert sent_to(connection)["shown"] == "second-1"
    choice = {"method": "update", "state": {"chosen": FIRST}, "buffer_paths": []}
    connection.handle_msg({"content": {"data": choice}, "buffers": []})
    assert sent_to(connection)["shown"] == FIRST
    assert sent_to(connection)["steps"][FIRST]["log"] == "of a"
    assert widget.look()
    assert sent_to(connection)["shown"] == FIRST


def test_a_long_log_is_cut(session: FakeSession, run: PipelineRun, comms: list[Comm]) -> None:
    begin(session, run, FIRST, b"x" * 5_000_000 + b"\n" + b"".join(b"line %d\n" % number for number in range(1000)))
    RunWidget(run)
    log = sent_to(comms[-1])["steps"][FIRST]["log"]
    assert log.startswith("… the last 200 lines\nline 800\n")
    assert log.endswith("line 999")
    session.store.put(f"{TaskId(run.id, FIRST, 1).logs}00000001.txt", b"y" * 5_000_000)
    widget = RunWidget(run)
    assert len(widget.steps[FIRST]["log"]) < 3000


@pytest.mark.usefixtures("comms")
def test_a_store_that_is_away_is_told_and_comes_back(
    session: FakeSession, run: PipelineRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    widget = RunWidget(run)
    with monkeypatch.context() as patched:

        def away(_run: str) -> None:
            raise StoreUnreachable("no answer from the store")

        patched.setattr(session, "view", away)
        assert widget.look()
        assert widget.problem == "no answer from the store"
    assert widget.look()
    assert widget.problem == ""


def test_show_keeps_it_live_beside_a_waiter(
    session: FakeSession, run: PipelineRun, comms: list[Comm], monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[object] = []
    shell, notebook = ModuleType("IPython"), ModuleType("IPython.display")
    monkeypatch.setattr(shell, "get_ipython", lambda: SimpleNamespace(kernel=object()), raising=False)
    monkeypatch.setattr(notebook, "display", shown.append, raising=False)
    monkeypatch.setitem(sys.modules, "IPython", shell)
    monkeypatch.setitem(sys.modules, "IPython.display", notebook)
    RunDetails(run).show()
    assert isinstance(shown[0], RunWidget)
    live.stop(run.id)  # as a waiter does
    begin(session, run, FIRST, b"hello\n")
    until(lambda: sent_to(comms[-1])["steps"].get(FIRST, {}).get("log") == "hello")
    finish(session, run)
    until(lambda: sent_to(comms[-1])["head"]["status"] == "Finished")


MODEL = """
const model = {
  values: JSON.parse(document.getElementById("values").textContent), calls: {}, saved: 0,
  get(name) { return this.values[name]; },
  set(name, value) { this.values[name] = value; },
  save_changes() { this.saved += 1; },
  on(event, call) { this.calls[event] = call; },
  off(event) { delete this.calls[event]; },
};
globalThis.model = model;
globalThis.change = (name, value) => { model.values[name] = value; model.calls[`change:${name}`]?.(); };
"""


def page_of(widget: RunWidget) -> str:
    names = ("head", "graph", "steps", "metrics", "shown", "chosen", "problem")
    values = json.dumps({name: getattr(widget, name) for name in names}).replace("<", "\\u003c")
    program = front_end().replace("export default", "const widget =")
    return f"""<!doctype html><meta charset="utf-8"><title>notebook</title><style>{style()}</style><div id="cell"></div>
        <script type="application/json" id="values">{values}</script>
        <script type="module">{MODEL}{program}
        globalThis.end = widget.render({{ model, el: document.getElementById("cell") }});</script>"""


@pytest.mark.usefixtures("comms")
def test_a_browser_draws_it_and_runs_nothing_of_the_run(session: FakeSession, run: PipelineRun) -> None:
    program = chromium()
    from playwright.sync_api import sync_playwright

    task = begin(session, run, FIRST, f"{EVIL}\n".encode())
    session.store.put(f"{task.reports}metrics.jsonl", lines({"name": EVIL, "value": EVIL}))
    widget = RunWidget(run)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        page = browser.new_page()
        wrong: list[str] = []
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.set_content(page_of(widget))
        page.wait_for_selector(".rw-graph .node")
        assert page.locator(".rw-log").text_content() == EVIL
        assert page.locator(".rw-metrics th").all_text_contents() == [EVIL]
        assert page.locator(".rw-head").inner_text().split()[:2] == ["PipelineRun", run.id]
        page.select_option("select", label="second")
        assert page.evaluate("[model.values.chosen, model.saved]") == ["second-1", 1]
        assert page.locator(".rw-log").text_content() == "The kernel is busy: the output comes when it is free."
        fresh = {
            "second-1": {"name": "second", "state": "running", "sign": "", "reason": "", "log": "of b", "metrics": []}
        }
        page.evaluate("steps => change('steps', steps)", fresh)
        assert page.locator(".rw-log").text_content() == "of b"
        page.locator(".rw-graph .node").first.click()
        assert page.evaluate("model.values.chosen") == FIRST
        page.evaluate("change('problem', 'gone')")
        assert page.locator(".rw-problem").text_content() == "The store does not answer: gone"
        page.evaluate("end()")
        assert page.locator(".rw").count() == 0
        assert page.evaluate("globalThis.hacked") is None
        assert wrong == []
        browser.close()

"""The report of a run in Chromium, from a file."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from runner.model import events as e
from runner.model.record import Failure
from runner.model.status import RunStatus
from runner.model.task import TaskId
from runner.operations.report_contents import contents
from runner.operations.watch import view as view_of
from runner.pages.report import report_html
from runner.runs import index, journal, plans
from tests.support import builders as b
from tests.support.memory_store import MemoryStore
from tests.support.needs import cannot_run

MARK = "hacked-by-a-step"
SCRIPT = f"<script>console.log('{MARK}');document.documentElement.dataset.mark='{MARK}'</script>"
EVIL = f"</script></style></pre>\"'>{SCRIPT}<img src=x onerror=\"console.log('{MARK}')\">"
SVG = f"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9' onload=\"console.log('{MARK}')\">{SCRIPT}</svg>"


@dataclass
class Seen:
    """A page as Chromium has it after its scripts."""

    document: str
    console: list[str]


def seen(text: str, folder: Path) -> Seen:
    program = shutil.which("chromium") or cannot_run("there is no Chromium")
    file = folder / "report.html"
    file.write_text(text, encoding="utf-8")
    options = (
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--virtual-time-budget=4000",
        "--enable-logging=stderr",
    )
    command = [program, *options, f"--user-data-dir={folder / 'profile'}", "--dump-dom", file.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    return Seen(done.stdout, [line for line in done.stderr.splitlines() if "CONSOLE" in line])


def report(name: str, files: dict[str, bytes], metrics: list[dict[str, object]]) -> str:
    """Return the report of a run with a step and what it kept, and a second one that failed."""
    store = MemoryStore()
    plan = b.plan(b.step("a", name=name), b.step("b", "a", name=f"second {name}"), parameters={name: name})
    plans.save(store, plan)
    index.add(store, index.IndexEntry(run=b.RUN, created=b.T0, experiment="x", tags={name: name}))
    events: list[e.Event] = [
        e.RunSubmitted(b.submission(plan, experiment="x", user=name)),
        e.AttemptStarted("a", 1, "u"),
        e.StepSucceeded(key="a", attempt=1, started=b.at(1), ended=b.at(2), warnings=(name,)),
        e.AttemptStarted("b", 1, "u"),
        e.StepFailed(
            key="b", failure=Failure.USER, reason=name, tail=f"{name}\n{name}", started=b.at(2), ended=b.at(3)
        ),
        e.RunEnded(RunStatus.FAILED),
    ]
    for number, event in enumerate(events):
        journal.Writer(store, b.RUN, "c", number).append([event], b.at(number))
    task = TaskId(b.RUN, "a", 1)
    for path, data in files.items():
        store.put(f"{task.artifacts}{path}", data)
    store.put(f"{task.reports}metrics.jsonl", "\n".join(map(json.dumps, metrics)).encode())
    return report_html(contents(store, view_of(store, b.RUN), lambda _: store))


def test_graph_charts_and_previews_are_drawn_without_an_error(tmp_path: Path) -> None:
    page = b"<html><style>p { color: red }</style><p style='margin: 0'>a page</p></html>"
    losses: list[dict[str, object]] = [{"name": "loss", "kind": "scalar", "value": 1 / n} for n in range(1, 20)]
    found = seen(report("train", {"outputs/x.html": page, "outputs/t.csv": b"a,b\n1,2\n"}, losses), tmp_path)
    assert found.console == []
    assert len(re.findall(r'class="node\b', found.document)) == 2
    assert 'class="uplot' in found.document
    assert "second train" in found.document
    assert "data:text/html;base64," in found.document


def test_nothing_that_a_step_wrote_runs(tmp_path: Path) -> None:
    named = f"outputs/{SCRIPT.replace('/', '')}.txt"
    kept = {f"outputs/x.{kind}": EVIL.encode() for kind in ("html", "csv", "txt")}
    kept |= {"outputs/x.svg": SVG.encode(), named: EVIL.encode(), "outputs/x.json": json.dumps([EVIL]).encode()}
    logged: list[dict[str, object]] = [
        {"name": EVIL, "kind": "list", "value": [EVIL, 1, 2]},
        {"name": f"{EVIL} 2", "kind": "row", "value": {EVIL: 3}},
        {"name": "picture", "kind": "image", "value": "outputs/x.svg"},
    ]
    found = seen(report(EVIL, kept, logged), tmp_path)
    ours = found.document.partition("<script>")[0]
    assert "data-mark" not in ours.partition("<body")[0]
    assert not [line for line in found.console if MARK in line.partition("source:")[0] and "Blocked" not in line]
    assert all("Blocked script execution" in line or "Content Security Policy" in line for line in found.console)
    assert len(re.findall(r'class="node\b', found.document)) == 2

"""The program of a search step, in a step folder as a target makes it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

import pytest

from runner.model import events as e
from runner.model.context import StepContext, StoreAccess
from runner.model.document import from_document, to_document
from runner.model.plan import Submission
from runner.model.search import Expression, Goal, Sampling, Search
from runner.model.task import TaskId
from runner.runs import index, journal, plans
from runner.sdk.base import session
from runner.sdk.base.step_session import StepSession
from runner.sdk.hyperdrive import summary
from runner.sdk.hyperdrive.facts import Facts
from runner.sdk.hyperdrive.work import Made, Work
from runner.storage.directory import DirectoryStore
from tests.support.builders import RUN, plan, started, step

NOW = datetime(2026, 1, 2, tzinfo=timezone.utc)
SEARCH = Search(
    sampling=Sampling.RANDOM,
    space={"--x": Expression("uniform", (0, 1))},
    metric="loss",
    goal=Goal.MINIMIZE,
    trials=("t-1", "t-2"),
    concurrent=2,
    minutes=60,
    seed=1,
)
WORK = Work({"metrics": Made(type="Metrics"), "model": Made(type="Model", file="outputs/m.txt")})


class Process:
    """The surroundings of the program."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = DirectoryStore(folder / "workspace", durable=False)
        trials = [step(key, outputs=(), trial_of="s") for key in SEARCH.trials]
        said = Submission(plan=plans.save(self.store, plan(*trials, step("s", search=SEARCH))), experiment="e")
        index.add(self.store, index.IndexEntry(run=RUN, experiment="e", created=NOW))
        self.journal = journal.Writer(self.store, RUN, "submit", 0)
        sampled = [e.TrialSampled("t-1", {"--x": 0.25}), e.TrialSampled("t-2", {"--x": 0.5})]
        self.journal.append([e.RunSubmitted(said), *sampled, started("t-1"), started("t-2")], NOW)

    def log(self, key: str, *values: float) -> None:
        lines = [json.dumps({"name": "loss", "value": value, "kind": "scalar"}) for value in values]
        self.store.put(TaskId(RUN, key).reports + "metrics.jsonl", "\n".join(lines).encode())
        self.store.put(TaskId(RUN, key).artifacts + "outputs/m.txt", key.encode())

    def end(self, *keys: str) -> None:
        self.journal.append([e.StepSucceeded(key=key, attempt=1, started=NOW, ended=NOW) for key in keys], NOW)

    def run(self, work: Work = WORK) -> int:
        metrics, model = str(self.folder / "metrics.json"), str(self.folder / "model.txt")
        return summary.main([work.text(), "metrics", metrics, "model", model])


@pytest.fixture
def process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Process:
    made = Process(tmp_path)
    folder = tmp_path / "work" / "step"
    (folder / "reports").mkdir(parents=True)
    (tmp_path / "work" / "code").mkdir()
    access = StoreAccess(folder=str(tmp_path / "workspace"))
    context = StepContext(run=RUN, key="s", name="tune", step_run=f"{RUN}.s", attempt=1, experiment="e", access=access)
    (folder / "context.json").write_text(json.dumps(to_document(context)))
    monkeypatch.setenv("RUNNER_STEP", str(folder))
    monkeypatch.chdir(tmp_path / "work" / "code")
    session.use(None)
    return made


def test_it_makes_the_outputs_the_facts_and_the_log(process: Process, capsys: pytest.CaptureFixture[str]) -> None:
    process.log("t-1", 3.0, 1.0)
    process.log("t-2", 0.5)
    process.end("t-1", "t-2")
    assert process.run() == 0
    document = json.loads((process.folder / "metrics.json").read_text())
    assert document == {f"{RUN}.t-1": {"loss": [3.0, 1.0]}, f"{RUN}.t-2": {"loss": [0.5]}}
    assert (process.folder / "model.txt").read_text() == "t-2"
    facts = from_document(Facts, json.loads(Path("outputs/hyperdrive.json").read_text()))
    assert (facts.best, [trial.key for trial in facts.trials]) == (f"{RUN}.t-2", ["t-1", "t-2"])
    said = capsys.readouterr().out.splitlines()
    assert said[:2] == [
        "2 trials (2 succeeded), random sampling, seed 1",
        "best loss 0.5 (minimize): t-2 with --x 0.5",
    ]
    (line,) = (process.folder / "work" / "step" / "reports" / "metrics.jsonl").read_text().splitlines()
    assert json.loads(line)["value"] == {
        "metric_name": "loss", "run_id": f"{RUN}.t-2", "metric_value": 0.5, "final": True,
    }  # fmt: skip


def test_it_waits_until_the_journal_tells_of_all_ends(process: Process, monkeypatch: pytest.MonkeyPatch) -> None:
    """The controller writes the end of the last trial after it has started this step."""
    process.log("t-1", 1.0)
    process.log("t-2", 0.5)
    process.end("t-1")
    waited = []
    real = StepSession.wait

    def wait(self: StepSession, run: str, *, after: int, seconds: float) -> object:
        waited.append(after)
        process.end("t-2")
        return real(self, run, after=after, seconds=seconds)

    monkeypatch.setattr(StepSession, "wait", wait)
    assert process.run() == 0
    assert waited == [2]
    assert (process.folder / "model.txt").read_text() == "t-2"


def test_a_search_without_its_metric_fails_in_words(process: Process, capsys: pytest.CaptureFixture[str]) -> None:
    process.end("t-1", "t-2")
    assert process.run() == 1
    assert "logged a number under the metric's name 'loss' (they logged: nothing)" in capsys.readouterr().err


def test_a_missing_model_fails_in_words(process: Process, capsys: pytest.CaptureFixture[str]) -> None:
    process.log("t-1", 1.0)
    process.end("t-1", "t-2")
    other = replace(WORK, outputs={"model": Made(type="Model", file="outputs/net.pkl")})
    assert process.run(other) == 1
    assert "the trial t-1 has no file 'outputs/net.pkl' (it has: outputs/m.txt)" in capsys.readouterr().err

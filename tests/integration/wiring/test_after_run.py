"""What happens at the end of a run: each action once, within a time limit, whatever becomes of it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from socket import gethostname

import pytest

from runner.config import Config
from runner.config.after_run import AfterRunConfig, OpenTelemetryConfig
from runner.errors import BadInput, StoreUnreachable
from runner.model import events as e
from runner.model.names import short
from runner.model.status import RunStatus
from runner.operations import after_run as outcomes
from runner.operations.after_run import BEGUN, DONE, FAILED, WAITING, Outcome
from runner.operations.ended_run import EndedRun
from runner.override import override
from runner.storage.directory import DirectoryStore
from runner.wiring import after_run, after_run_checks, after_run_process, open_session
from runner.wiring.after_run import Action, do_all
from tests.support import builders as b
from tests.support.canary import CANARY, tells
from tests.support.fake_clock import FakeClock
from tests.support.memory_store import MemoryStore
from tests.support.scripted_server import Reply, ScriptedServer, Seen, scripted_server
from tests.support.small_mlflow import SmallMlflow, small_mlflow


@dataclass
class Ended:
    after_run: AfterRunConfig
    store: MemoryStore = field(default_factory=MemoryStore)

    def handle(self) -> Mapping[str, str]:
        return {"root": "/nowhere", "target": ""}


WANTED = AfterRunConfig(report=True, opentelemetry=OpenTelemetryConfig(endpoint="http://collector:4318", seconds=7))


def succeed(action: Action) -> Outcome:
    return Outcome(name=action.name, state=DONE, time=b.at(0), place=f"there/{action.name}")


def test_each_action_is_done_once_in_order_and_has_its_record() -> None:
    place, said, acted = Ended(WANTED), list[str](), list[Action]()

    def act(action: Action) -> Outcome:
        acted.append(action)
        known = outcomes.read(place.store, b.RUN, action.name)
        assert known is not None
        assert known.state == BEGUN
        return succeed(action)

    for _ in range(2):
        do_all(place, b.RUN, FakeClock(), said.append, act)
    assert [(each.name, each.seconds) for each in acted] == [("report", 300.0), ("opentelemetry", 7)]
    assert [(each.name, each.state, each.place) for each in outcomes.recorded(place.store, b.RUN)] == [
        ("report", DONE, "there/report"),
        ("opentelemetry", DONE, "there/opentelemetry"),
    ]
    assert said == ["after the run: report: there/report", "after the run: opentelemetry: there/opentelemetry"]


def test_the_next_controller_does_what_the_last_one_began_but_not_for_ever() -> None:
    place = Ended(AfterRunConfig(report=True))

    def die(_action: Action) -> Outcome:
        raise KeyboardInterrupt

    for attempt in range(1, 4):
        with pytest.raises(KeyboardInterrupt):
            do_all(place, b.RUN, FakeClock(), print, die)
        (found,) = outcomes.recorded(place.store, b.RUN)
        assert (found.state, found.attempts) == (BEGUN, attempt)
    do_all(place, b.RUN, FakeClock(), print, die)
    (found,) = outcomes.recorded(place.store, b.RUN)
    assert (found.state, found.reason) == (FAILED, "3 controllers ended while they were at it")
    assert "runner report" in found.remedy


def test_a_store_that_is_away_stops_nothing() -> None:
    class Away(MemoryStore):
        @override
        def get(self, key: str) -> bytes:
            raise StoreUnreachable(f"no answer for {key}")

    said: list[str] = []
    do_all(Ended(WANTED, Away()), b.RUN, FakeClock(), said.append, succeed)
    assert "waits for another controller" in said[0]


@pytest.fixture
def inside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Actions run the lines of code that the run's id holds, in place of the module's entry."""
    code = "import json, os, sys, time; sys.path[0] = sys.argv.pop(1); exec(json.loads(sys.stdin.readline())['run'])"
    monkeypatch.setattr(after_run, "_CODE", code)


def acted(code: str, seconds: float = 20.0) -> Outcome:
    return after_run.in_process(Action("mlflow", code, {}, seconds))


@pytest.mark.usefixtures("inside")
def test_an_action_that_hangs_is_killed_at_its_time_limit() -> None:
    begun = time.monotonic()
    found = acted("print('x' * 9, flush=True); time.sleep(60)", 0.5)
    assert time.monotonic() - begun < 5
    assert (found.state, found.reason) == (FAILED, "it did not end within 0.5 s")
    assert "runner export mlflow" in found.remedy


def test_remedies_find_the_run() -> None:
    found = after_run.failed(Action("mlflow", b.RUN, {"hint": " --target kind"}, 1), "no")
    assert found.remedy == f"repeat it: runner export mlflow {short(b.RUN)} --target kind"
    place = Ended(AfterRunConfig(report=True))
    place.handle = lambda: {"hint": " --target kind"}  # type: ignore[method-assign]
    after_run.announce(place, b.RUN, FakeClock())
    assert [each.hint for each in outcomes.recorded(place.store, b.RUN)] == [" --target kind"]


@pytest.mark.usefixtures("inside")
def test_an_action_that_dies_has_failed() -> None:
    assert acted("os.kill(os.getpid(), 11)").reason == "its process ended with exit code -11, and without an answer"
    assert acted("print('nonsense')").reason == "its process ended with exit code 0, and without an answer"


@pytest.mark.usefixtures("inside")
def test_the_answer_becomes_the_outcome() -> None:
    found = acted("print(json.dumps({'place': 'http://there', 'reason': '', 'remedy': ''}))")
    assert (found.state, found.place) == (DONE, "http://there")
    found = acted("print(json.dumps({'place': '', 'reason': 'no\\nroom', 'remedy': 'make some'}))")
    assert (found.state, found.reason) == (FAILED, "no room")
    assert found.remedy.startswith("make some; then: runner export mlflow ")


def test_an_action_ends_with_its_controller(tmp_path: Path) -> None:
    told = json.dumps({"name": "report", "run": "x", "handle": {"root": str(tmp_path), "target": ""}})
    slow = (
        "import sys, time; from runner.wiring import after_run_process as p; "
        "p.ACTIONS = {'report': lambda _: time.sleep(60)}; p.opened = lambda *_: p.EndedRun(store=None, view=None, "
        "datastore=None, settings=None, secret=None, workspace=''); p.main()"
    )
    with subprocess.Popen([sys.executable, "-c", slow], stdin=subprocess.PIPE, cwd=Path.cwd()) as process:
        assert process.stdin is not None
        process.stdin.write(f"{told}\n".encode())
        process.stdin.flush()
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(2)
        process.stdin.close()
        assert process.wait(5) == 1


def test_no_secret_is_in_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = EndedRun(
        store=MemoryStore(),
        view=None,  # type: ignore[arg-type]
        datastore=lambda _: MemoryStore(),
        settings=AfterRunConfig(),
        secret=lambda _: CANARY,
        workspace="w",
    )
    monkeypatch.setattr(after_run_process, "opened", lambda *_: ended)

    def refuse(run: EndedRun) -> str:
        raise BadInput(f"the server refused {run.secret('key')}", f"https://me:{run.secret('key')}@there")

    def fall(run: EndedRun) -> str:
        raise ValueError(run.secret("key"))

    for act in (refuse, fall):
        monkeypatch.setattr(after_run_process, "ACTIONS", {"mlflow": act})
        found = after_run_process.answer({"name": "mlflow", "run": b.RUN, "handle": {}})
        assert CANARY not in str(found)
        assert found["reason"]


DRIVER = """
from azureml.core import Experiment, Workspace
from azureml.pipeline.core import Pipeline
from azureml.pipeline.steps import PythonScriptStep

ws = Workspace.from_config()
one = PythonScriptStep("one.py", "one", source_directory="steps", compute_target="cpu")
Experiment(ws, "tests").submit(Pipeline(ws, [one]))
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "steps").mkdir()
    (tmp_path / "steps" / "one.py").write_text("print('one')\n")
    (tmp_path / "pipeline.py").write_text(DRIVER)
    return tmp_path


def command(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "XDG_CACHE_HOME": str(folder / "cache"), "RUNNER_CONFIG": "/dev/null"}
    entry = "import sys; del sys.path[0]; from runner.cli.main import main; sys.exit(main())"
    return subprocess.run(
        [sys.executable, "-c", entry, *words], cwd=folder, env=environ, capture_output=True, text=True, check=False
    )


def begun(folder: Path, *words: str) -> subprocess.Popen[bytes]:
    environ = {**os.environ, "XDG_CACHE_HOME": str(folder / "cache"), "RUNNER_CONFIG": "/dev/null"}
    entry = "import sys; del sys.path[0]; from runner.cli.main import main; sys.exit(main())"
    return subprocess.Popen([sys.executable, "-c", entry, *words], cwd=folder, env=environ, stdout=subprocess.DEVNULL)


def test_an_action_whose_controller_is_gone_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = b.plan(b.step("a"))
    over = replace(b.state(plan, b.started("a"), b.succeeded("a"), e.RunEnded(RunStatus.SUCCEEDED)), ended=b.at(100))

    def of(state: str, since: float, now: float, host: str = "elsewhere") -> str:
        store = MemoryStore()
        monkeypatch.setattr(store, "now", lambda: b.at(now))
        kept = Outcome(name="report", state=state, time=b.at(since), seconds=300, host=host, pid=os.getpid())
        outcomes.write(store, b.RUN, kept)
        (found,) = outcomes.outcomes(store, over)
        return outcomes.line(found)

    assert of(WAITING, 0, 300) == "report is to come"
    assert of(WAITING, 0, 461) == "report was not done: its controller is gone"
    assert of(BEGUN, 200, 559) == "report goes on"
    assert of(BEGUN, 200, 561) == "report was not done: its controller is gone"
    assert of(BEGUN, 200, 201, gethostname()) == "report was not done: its controller is gone"  # this is no controller
    assert of(DONE, 0, 1e6) == "report: done"


def test_problems_are_told_before_anything_runs(project: Path) -> None:
    (project / "runner.yaml").write_text("openlineage: {file: lineage.jsonl, token: '${a}'}\nmlflow: {experiment: x}\n")
    found = command(project, "run", "pipeline.py")
    assert found.returncode == 2
    assert "a file takes no token" in found.stderr
    assert "field 'tracking_uri' is missing" in found.stderr
    (project / "runner.yaml").write_text("mlflow: {tracking_uri: 'http://there', token: '${unknown}'}\n")
    found = command(project, "run", "pipeline.py")
    assert found.returncode == 2
    assert "there is no secret 'unknown'" in found.stderr
    assert not (project / ".runner" / "runs").exists()


def test_a_missing_package_is_told_before_anything_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    config = Config(root=Path("/w"), after_run=WANTED)
    assert not list(after_run_checks.problems(config, in_cluster=False))
    monkeypatch.setattr(after_run_checks, "PACKAGES", {"opentelemetry": ("there.is.none",)})
    (problem,) = after_run_checks.problems(config, in_cluster=False)
    assert (problem.what, problem.remedy) == (
        "opentelemetry needs packages that are not installed",
        "pip install 'kube-runner[opentelemetry]'",
    )
    assert not list(after_run_checks.problems(config, in_cluster=True))


CONFIG = """
secrets: {key: {file: key}}
mlflow: {tracking_uri: MLFLOW, token: "${key}", artifact_bytes: 1000}
opentelemetry: {endpoint: COLLECTOR, headers: {X-Api-Key: "${key}"}, seconds: 30}
openlineage: {url: MARQUEZ, token: "${key}"}
"""


@dataclass
class Tools:
    """The three servers; those in `mute` take requests and give no answer."""

    mlflow: SmallMlflow
    collector: ScriptedServer
    marquez: ScriptedServer
    mute: set[str]

    def seen(self, tool: str) -> int:
        return len({"mlflow": self.mlflow.server, "opentelemetry": self.collector}.get(tool, self.marquez).seen)


@pytest.fixture
def tools(project: Path) -> Iterator[Tools]:
    mute: set[str] = set()

    def answers(tool: str) -> Callable[[Seen], Reply]:
        return lambda _: Reply(mute=tool in mute)

    with (
        small_mlflow() as mlflow,
        scripted_server(answers("opentelemetry")) as collector,
        scripted_server(answers("openlineage")) as marquez,
    ):
        mlflow.refuse = lambda _: Reply(mute=True) if "mlflow" in mute else None
        text = CONFIG.replace("MLFLOW", mlflow.server.endpoint).replace("COLLECTOR", collector.endpoint)
        (project / "runner.yaml").write_text(text.replace("MARQUEZ", marquez.endpoint))
        (project / "key").write_text(CANARY)
        (project / "key").chmod(0o600)
        yield Tools(mlflow, collector, marquez, mute)


def until(ask: Callable[[], bool], seconds: float = 180.0) -> None:
    deadline = time.monotonic() + seconds
    while not ask():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def states(project: Path, run: str) -> dict[str, str]:
    return {each.name: each.state for each in outcomes.recorded(DirectoryStore(project / ".runner"), run)}


def test_the_end_of_a_run_reaches_each_tool_and_no_secret_is_kept(project: Path, tools: Tools) -> None:
    ran = command(project, "run", "pipeline.py")
    assert ran.returncode == 0, ran.stderr
    assert "after the run" in ran.stdout
    (folder,) = (project / ".runner" / "runs").iterdir()
    assert states(project, folder.name) == dict.fromkeys(("mlflow", "opentelemetry", "openlineage"), DONE)
    shown = command(project, "status")
    assert f"  mlflow: {tools.mlflow.server.endpoint}/#/experiments/1/runs/" in shown.stdout
    assert "  opentelemetry: " in shown.stdout
    assert tools.mlflow.step("-").status == "FINISHED"
    assert command(project, "run", "pipeline.py").returncode == 0  # which reuses all, and has no controller otherwise
    assert [run.status for run in tools.mlflow.runs.values()] == ["FINISHED"] * 4
    assert [*tools.mlflow.runs.values()][-1].tags["runner.reused_from"].startswith(folder.name)
    again = command(project, "export", "openlineage", folder.name, "--json")
    assert json.loads(again.stdout)["sent"] == "4 events"
    for path in (*(project / ".runner").rglob("*"), *(project / "cache").rglob("*")):
        assert not path.is_file() or not tells(path.read_bytes().decode(errors="replace")), path
    assert not tells(f"{ran}{shown}{again}")


def test_another_controller_does_what_is_left_and_nothing_doubles(
    project: Path, tools: Tools, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RUNNER_CONFIG", "/dev/null")
    monkeypatch.setenv("XDG_CACHE_HOME", str(project / "cache"))
    monkeypatch.chdir(project)
    names = ("mlflow", "opentelemetry", "openlineage")
    tools.mute.add("mlflow")
    with begun(project, "run", "pipeline.py") as ran:
        until(lambda: tools.seen("mlflow") > 0)
        assert ran.poll() is None  # it waits, since its output is no terminal
        ran.kill()
    (folder,) = (project / ".runner" / "runs").iterdir()
    assert "mlflow goes on\n  opentelemetry is to come" in command(project, "status").stdout
    session = open_session(project)
    pid, seen, process = session.view(folder.name).state.pid, 0, None
    for at, tool in enumerate(names):
        until(lambda tool=tool, seen=seen: tools.seen(tool) > seen)  # type: ignore[misc]
        left = dict.fromkeys(names[at + 1 :], WAITING)
        assert states(project, folder.name) == {**dict.fromkeys(names[:at], DONE), tool: BEGUN, **left}
        os.kill(pid, signal.SIGKILL)
        told = command(project, "status").stdout
        assert told.count("its controller is gone") == 3 - at
        assert f"runner resume {short(folder.name)}" in told
        tools.mute.clear()
        tools.mute.update(names[at + 1 : at + 2])
        seen = tools.seen(names[at + 1]) if at < 2 else 0
        session.start_controller(folder.name)
        process = session.controllers.process_of(folder.name)
        assert process is not None
        pid = process.pid
    assert process is not None
    assert process.wait(180) == 0
    assert states(project, folder.name) == dict.fromkeys(names, DONE)
    assert len(tools.mlflow.runs) == 2
    assert len({seen.body for seen in tools.marquez.seen}) == 4
    assert len({seen.body for seen in tools.collector.seen}) == 1
    assert command(project, "resume").returncode == 2  # nothing is left to do


def test_resume_does_what_is_left_of_an_ended_run(project: Path, tools: Tools) -> None:
    configured = (project / "runner.yaml").read_text()
    (project / "runner.yaml").write_text("")
    assert command(project, "run", "pipeline.py").returncode == 0
    (project / "runner.yaml").write_text(configured)
    found = command(project, "resume")
    assert found.returncode == 0
    assert found.stdout.count("http://") == 3
    assert tools.mlflow.step("-").status == "FINISHED"

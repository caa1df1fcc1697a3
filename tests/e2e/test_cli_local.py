"""The command line on this machine, as its users run it: real processes, real files."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import signal
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from runner.operations import watch
from runner.storage.directory import DirectoryStore
from tests.support.projects import ASIDE, BOTH, Project

FORK = """
    one, two = data("one"), data("two")
    submit(
        step("broken", "fail.py", outputs=[one]),
        step("after broken", inputs=[one]),
        step("other", "sleep.py", outputs=[two], extra=["2"]),
        step("after other", inputs=[two]),
    )
"""


LISTING = """
import atexit
from runner.cli.main import main
atexit.register(f)
sys.exit(main())
"""


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def project(tmp_path: Path, cache: Path) -> Project:
    return Project(tmp_path / "project", cache)


def status(project: Project, *arguments: str) -> Any:
    ended = project.run("status", *arguments, "--json")
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def wait_for(what: str, process: Any, seconds: float = 60) -> str:
    """What the process has printed, once `what` is in it."""
    seen, deadline = "", time.monotonic() + seconds
    while what not in seen and time.monotonic() < deadline:
        if select.select([process.stdout], [], [], 0.5)[0]:
            fresh = os.read(process.stdout.fileno(), 65536).decode()
            if not fresh:
                pytest.fail(f"it ended before it said {what!r}: {process.communicate()[1]}")
            seen += fresh
    assert what in seen
    return seen


def test_a_pipeline_runs_and_its_end_is_told(project: Project) -> None:
    project.driver(BOTH)
    ended = project.run("run", "pipeline.py")
    assert ended.returncode == 0, ended.stderr
    lines = ended.stdout.splitlines()
    assert "compute 'aml-cluster': this machine (no targets are configured here)" in lines
    told = [line.split()[1:3] for line in lines if re.match(r"\d\d:\d\d:\d\d  ", line)]
    assert told.index(["first", "succeeded"]) < told.index(["second", "queued"]) < told.index(["second", "succeeded"])
    assert "\x1b" not in ended.stdout
    path = next(line.strip() for line in lines if line.strip().startswith(".runner/") and line.endswith("/two"))
    assert (project.folder / path / "out.txt").read_text() == "xx"
    run = status(project)["run"]
    assert f"workspaceblobstore/azureml/{run}.second-1/two" in ended.stdout
    assert f"logs     runner logs {run[-6:]}" in ended.stdout
    assert "slowest  " in ended.stdout


def test_a_failing_step_and_the_fate_of_the_others(project: Project) -> None:
    project.driver(FORK)
    ended = project.run("run", "pipeline.py")
    assert ended.returncode == 1
    assert "broken failed: the script ended with exit code 3" in ended.stdout
    assert "│ the data are odd" in ended.stdout
    assert re.search(r"after broken +skipped +it needs 'broken', which failed", ended.stdout)
    assert re.search(r"other +succeeded", ended.stdout)
    assert re.search(r"after other +skipped +'broken' failed, and the run stops at its first failure", ended.stdout)


def test_plan_shows_and_changes_nothing(project: Project) -> None:
    project.driver("store.upload_files(['steps/pass_on.py'], target_path='raw')\n" + BOTH.replace("    ", ""))
    before = project.files
    ended = project.run("plan", "pipeline.py")
    assert ended.returncode == 0, ended.stderr
    assert re.search(r"1  first +pass_on.py +local +at once\n +2  second +pass_on.py +local +after first", ended.stdout)
    assert "scripts of steps" in ended.stdout
    assert "raw/pass_on.py" in ended.stdout
    assert project.files == before
    found = json.loads(project.run("plan", "pipeline.py", "--json").stdout)
    assert [step["waits_for"] for step in found["steps"]] == [[], ["first-1"]]
    assert {upload["name"] for upload in found["uploads"]} >= {"raw/pass_on.py", str(project.folder / "steps")}
    assert project.files == before


def test_the_plan_as_yaml_can_be_read_again(project: Project) -> None:
    from runner.plan.codec import from_yaml

    project.driver("print('chatter')\n" + BOTH.replace("    ", ""))
    ended = project.run("plan", "pipeline.py", "-o", "yaml")
    plan = from_yaml(ended.stdout, "stdout").plan
    assert [(step.key, step.source) for step in plan.steps] == [("first-1", "steps"), ("second-1", "steps")]
    assert "chatter" in ended.stderr


def test_plan_leaves_a_used_store_as_it_was(project: Project) -> None:
    project.driver(BOTH)
    assert project.run("run", "pipeline.py").returncode == 0
    before = project.files
    ended = project.run("plan", "pipeline.py")
    assert "nothing: the store has it all" in ended.stdout
    assert project.run("validate", "pipeline.py").stdout == "OK: pipeline.py, 2 steps\n"
    assert project.files == before


NAMED = """
import model
import plan
import runner
import step as step_module

assert (model.MINE, plan.MINE, runner.MINE, step_module.MINE) == (1, 1, 1, 1)
"""


@pytest.mark.parametrize("form", ["runner.py", "runner/__init__.py"])
def test_names_of_ours_beside_a_driver_and_a_script(form: str, project: Project) -> None:
    for folder in (".", "steps"):
        for name in ("model/__init__.py", "plan.py", "step.py", "operations.py", form):
            project.write(f"{folder}/{name}", "MINE = 1\n")
    script = (project.folder / "steps" / "pass_on.py").read_text()
    project.write(
        "steps/pass_on.py", NAMED + "from azureml.core import Run\nRun.get_context().log('rows', 7)\n" + script
    )
    project.driver(NAMED + BOTH.replace("    ", ""))
    project.entry = ASIDE
    before = project.files
    assert project.run("validate", "pipeline.py").stdout == "OK: pipeline.py, 2 steps\n"
    assert project.run("plan", "pipeline.py").returncode == 0
    assert project.files == before
    ended = project.run("run", "pipeline.py", "--json")
    assert ended.returncode == 0, ended.stderr
    (run,) = json.loads(ended.stdout)["runs"]
    assert [[metric["value"] for metric in step["metrics"]] for step in run["steps"]] == [[7], [7]]


def test_a_driver_runs_as_python_runs_it(project: Project) -> None:
    project.driver("""
        import os, sys
        import beside
        assert __name__ == "__main__" and __file__ == os.path.abspath(sys.argv[0])
        assert sys.argv[1:] == ["--rows", "3", "--json"] and os.getcwd() == os.environ["HERE"]
        assert sys.path[0] == os.path.dirname(__file__) and os.environ["MINE"] in sys.path
        assert sys.modules["__main__"].__dict__ is globals()
        pipeline = Pipeline(ws, [step("only", outputs=[data("one")])])
    """, "sub/driver.py")  # fmt: skip
    project.write("sub/beside.py", "")
    mine = str(project.folder / "mine")
    project.environ = {"PYTHONPATH": mine, "MINE": mine, "HERE": str(project.folder)}
    ended = project.run("run", "sub/driver.py", "--", "--rows", "3", "--json")
    assert ended.returncode == 0, ended.stderr
    assert status(project)["experiment"] == "driver"


def test_a_driver_that_raises_after_it_has_submitted(project: Project) -> None:
    project.driver(BOTH + "    {}['nothing']\n")
    ended = project.run("run", "pipeline.py")
    assert ended.returncode == 1
    assert "KeyError: 'nothing'" in ended.stderr
    assert "runner/cli" not in ended.stderr
    assert status(project)["status"] == "succeeded"


def test_a_driver_that_waits_and_raises_for_its_failed_run(project: Project) -> None:
    project.driver(FORK.replace("    submit(", "    run = submit(") + "    run.wait_for_completion()\n")
    ended = project.run("run", "pipeline.py")
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
    assert "broken failed" in ended.stdout


def test_the_drivers_own_exit_code(project: Project) -> None:
    project.driver(BOTH + "    import sys; sys.exit(5)\n")
    assert project.run("run", "pipeline.py").returncode == 5
    assert status(project)["status"] == "succeeded"


def test_independent_steps_overlap(project: Project) -> None:
    project.driver('submit(step("a", "sleep.py", extra=["2"]), step("b", "sleep.py", extra=["2"]))')
    project.write("runner.yaml", "targets:\n  aml-cluster: {type: process, workers: 2}\n")
    assert project.run("run", "pipeline.py").returncode == 0
    one, two = status(project)["steps"]
    assert max(at(one["started"]), at(two["started"])) < min(at(one["ended"]), at(two["ended"]))


def test_json_is_all_that_standard_output_gets(project: Project) -> None:
    project.driver("import os; print('chatter'); os.system('echo more chatter')\n" + BOTH.replace("    ", ""))
    ended = project.run("run", "pipeline.py", "--json")
    (run,) = json.loads(ended.stdout)["runs"]
    assert run == {**status(project), "seconds": run["seconds"]}
    assert "chatter" in ended.stderr
    assert json.loads(project.run("list", "--json").stdout)["runs"][0]["succeeded"] == 2
    shown = json.loads(project.run("show", run["run"], "second", "--json").stdout)
    assert shown["files"]["two"] == [{"path": "out.txt", "bytes": 2}]


def test_reading_a_run(project: Project) -> None:
    project.driver(BOTH)
    assert project.run("run", "pipeline.py").returncode == 0
    run = status(project)["run"]
    assert project.run("logs", run[-6:], "second").stdout == "copied 1\n"
    assert project.run("logs", "first").stdout == "copied 0\n"
    assert project.run("logs", run).stdout == "first │ copied 0\nsecond │ copied 1\n"
    assert f"{run}  tests" in project.run("list", "-n", "1").stdout
    assert "out.txt  2 B" in project.run("show", run, "second-1").stdout
    assert run in project.run("status", run[:12]).stdout
    assert "already ended" in project.run("cancel", run).stdout
    for arguments in (["status", "nope"], ["logs", run, "nope"], ["show", "nope"]):
        ended = project.run(*arguments)
        assert (ended.returncode, ended.stderr[:7]) == (2, "error: ")


def test_a_printed_line_is_seen_while_its_step_runs(project: Project) -> None:
    project.driver('submit(step("long", "sleep.py", extra=["20"]))')
    running = project.start("run", "pipeline.py")
    follower = None
    try:
        wait_for("long  running", running)
        follower = project.start("logs", "-f")
        wait_for("asleep", follower)
        assert "long  running" in project.run("status").stdout
        assert project.run("cancel").returncode == 0
        assert follower.wait(30) == 0
        assert running.wait(30) == 1
    finally:
        for process in (running, follower):
            if process is not None:
                process.kill()
                process.communicate()


def test_logs_are_shown_while_the_driver_itself_waits(project: Project) -> None:
    """The driver waits for its run, and the step waits for a file that is made once its line was seen."""
    go_on = project.folder / "go-on"
    script = (
        "import os, sys, time\nprint('step speaks', flush=True)\n"
        "while not os.path.exists(sys.argv[-1]):\n    time.sleep(0.05)\nprint('step ends')\n"
    )
    project.write("steps/wait.py", script)
    project.driver(
        f"""
        run = submit(step("long", "wait.py", extra=[{str(go_on)!r}]))
        run.wait_for_completion(show_output=False)
        print("driver ends", flush=True)
        """
    )
    running = project.start("run", "--logs", "pipeline.py")
    try:
        before = wait_for("step speaks", running)
        assert "driver ends" not in before
        go_on.touch()
        after, _ = running.communicate(timeout=60)
        assert running.returncode == 0
        assert after.count("step ends") == 1
        assert (before + after).count("step speaks") == 1
    finally:
        go_on.touch()  # a run that this test has given up ends
        running.kill()
        running.communicate()


def test_ctrl_c_without_a_terminal_leaves_the_run_running(project: Project) -> None:
    project.driver('submit(step("long", "sleep.py", extra=["60"]))')
    process = project.start("run", "pipeline.py")
    wait_for("long  running", process)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    found = status(project)
    assert found["status"] == "running"
    assert f"run {found['run']} goes on" in err
    assert f"runner cancel {found['run'][-6:]}" in err
    assert project.run("cancel", found["run"][-6:]).returncode == 0
    assert status(project)["status"] == "canceled"


def test_ctrl_c_while_the_driver_waits(project: Project) -> None:
    project.driver("""
        run = submit(step("long", "sleep.py", extra=["60"]))
        run.wait_for_completion(show_output=True)
    """)
    process = project.start("run", "pipeline.py")
    wait_for("Submitted", process)
    time.sleep(1)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "goes on" in err
    assert project.run("cancel").returncode == 0


def test_ctrl_c_on_a_terminal_asks_and_can_cancel(project: Project) -> None:
    project.driver('submit(step("long", "sleep.py", extra=["60"]))')
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(project.folder)
        os.execve(sys.executable, [sys.executable, "-m", "runner", "run", "pipeline.py"], project.environment)
    seen = ""

    def read_until(what: str) -> None:
        nonlocal seen
        deadline = time.monotonic() + 60
        while what not in seen and time.monotonic() < deadline:
            if select.select([terminal], [], [], 0.5)[0]:
                seen += os.read(terminal, 65536).decode(errors="replace")
        assert what in seen

    read_until("1 running")
    os.write(terminal, b"\x03")
    read_until("[c] cancel")
    os.write(terminal, b"c\n")
    read_until("■ canceled")
    _, code = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(code) == 130
    assert "\x1b[" in seen
    assert status(project)["status"] == "canceled"


def test_a_dead_controller_is_told_and_another_one_goes_on(project: Project) -> None:
    project.driver('one = data("one")\nsubmit(step("long", "sleep.py", extra=["6"]), step("next", outputs=[one]))')
    process = project.start("run", "pipeline.py")
    wait_for("long  running", process)
    run = status(project)["run"]
    os.kill(_controller(project, run), signal.SIGKILL)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert f"do:    runner resume {run[-6:]}" in err
    assert "it does not go on" in project.run("status").stderr
    ended = project.run("resume")
    assert ended.returncode == 0, ended.stderr
    assert "another controller takes it" in ended.stdout
    steps = status(project)["steps"]
    assert [(step["status"], step["attempt"]) for step in steps] == [("succeeded", 1), ("succeeded", 1)]


def test_a_driver_that_waits_is_told_of_a_dead_controller(project: Project) -> None:
    project.driver("""
        run = submit(step("long", "sleep.py", extra=["4"]))
        run.wait_for_completion()
    """)
    process = project.start("run", "pipeline.py")
    wait_for("Running", process)
    run = status(project)["run"]
    os.kill(_controller(project, run), signal.SIGKILL)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert f"do:    runner resume {run[-6:]}" in err
    assert "Traceback" not in err
    assert project.run("resume", "--json").returncode == 0


def _controller(project: Project, run: str) -> int:
    return watch.view(DirectoryStore(project.folder / ".runner"), run).state.pid


def test_the_help_loads_next_to_nothing(project: Project) -> None:
    project.entry = ("-c", f"import sys; f = lambda: print(*sys.modules, file=sys.stderr)\n{LISTING}")
    ended = project.run("--help")
    assert ended.returncode == 0
    heavy = {"yaml", "rich", "pandas", "json", "subprocess", "runner.wiring", "runner.config", "runner.model"}
    assert "runner.cli.arguments" in ended.stderr.split()
    assert not heavy.intersection(ended.stderr.split())


def test_the_log_of_a_reused_step_is_one_command_away(project: Project) -> None:
    project.driver(BOTH)
    assert [project.run("run", "pipeline.py").returncode for _ in range(2)] == [0, 0]
    shown = project.run("logs")
    assert shown.stdout == ""
    assert "2 steps reused; for the output of one: runner logs " in shown.stderr
    assert project.run("logs", "latest", "second").stdout == "copied 1\n"

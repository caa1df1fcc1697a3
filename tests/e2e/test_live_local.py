"""`runner run` on a terminal while the pipeline file itself waits: the board, the driver's prints, steps' output."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.projects import Project
from tests.support.pty_run import on_pty

TALK = """\
import sys
import time

for number in range(6):
    print(sys.argv[-1], "says", number, flush=True)
    time.sleep(0.3)
"""
WAITS = """
    import logging
    import threading
    import time

    logging.basicConfig()
    run = submit(step("first", "talk.py", extra=["one"]), step("second", "talk.py", extra=["two"]))

    def tick():
        for number in range(3):
            time.sleep(0.5)
            print("the driver ticks", number)
            logging.getLogger("driver").warning("it logs %s", number)

    threading.Thread(target=tick).start()
    run.wait_for_completion(show_output=True)
    print("the driver goes on")
"""
STEP_WAITS = """
    run = submit(step("first", "talk.py", extra=["one"]), step("second", "talk.py", extra=["two"]))
    run.find_step_run("first")[0].wait_for_completion(show_output=True)
    print("the first step has ended")
    run.wait_for_completion(show_output=True)
"""


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def project(tmp_path: Path, cache: Path) -> Project:
    made = Project(tmp_path / "project", cache)
    made.write("steps/talk.py", TALK)
    return made


def test_the_board_is_shown_while_the_driver_waits(project: Project) -> None:
    project.driver(WAITS)
    run = on_pty(project, "run", "pipeline.py")
    during = run.see(lambda screen: "the driver ticks 1" in screen.text and "one says" in screen.text)
    text = during.text
    assert during.cursor_hidden
    assert "of 2 steps done" in text
    assert text.index("the driver ticks 1") < text.index("of 2 steps done")
    code, after = run.end()
    assert code == 0
    assert not after.cursor_hidden
    lines = after.lines
    for number in range(3):
        assert lines.count(f"the driver ticks {number}") == 1
        assert lines.count(f"WARNING:driver:it logs {number}") == 1
    ended = next(at for at, line in enumerate(lines) if "succeeded, 2 of 2 steps done" in line)
    assert lines[ended + 1] == "the driver goes on"
    assert "one says" not in after.text, "the board is gone, and its lines of output"
    assert "PipelineRun 2" not in "\n".join(line for line in lines if "Submitted" not in line), (
        "v1's lines are for pipes"
    )


@pytest.mark.parametrize("driver", [pytest.param(WAITS, marks=pytest.mark.all_data), STEP_WAITS])
def test_output_of_steps_is_shown_once_and_whole(driver: str, project: Project) -> None:
    project.driver(driver)
    code, screen = on_pty(project, "run", "--logs", "pipeline.py").end()
    assert code == 0
    _are_once(screen.lines)
    project.driver(driver.replace("extra=[", 'extra=["anew", '))  # else its steps are reused
    piped = project.run("run", "--logs", "pipeline.py")
    assert piped.returncode == 0
    _are_once(piped.stdout.splitlines())
    assert "PipelineRun" in piped.stdout
    assert "  queued" not in piped.stdout, "the changes of a run that the file has waited for were v1's lines"


def _are_once(lines: list[str]) -> None:
    for step, name in (("first", "one"), ("second", "two")):
        shown = [line for line in lines if line.startswith(f"{step} │ ")]
        assert shown == [f"{step} │ {name} says {number}" for number in range(6)]
    bare = [line for line in lines if " says " in line and "│" not in line]
    assert bare == []


def test_without_logs_a_step_that_is_waited_for_has_its_output_above_the_board(project: Project) -> None:
    project.driver(STEP_WAITS)
    run = on_pty(project, "run", "pipeline.py")
    run.see(lambda screen: "one says 2" in screen.text and "of 2 steps done" in screen.text)
    code, screen = run.end()
    assert code == 0
    assert [line for line in screen.lines if line.startswith("one says")] == [f"one says {at}" for at in range(6)]


def test_ctrl_c_leaves_a_clean_terminal(project: Project) -> None:
    project.write("steps/talk.py", TALK.replace("range(6)", "range(100)"))
    project.driver(WAITS)
    run = on_pty(project, "run", "pipeline.py")
    run.see(lambda screen: "the driver ticks 2" in screen.text and "one says 4" in screen.text)
    run.type("\x03")
    asked = run.see(lambda screen: "[c] cancel:" in screen.text)
    assert not asked.cursor_hidden
    assert "one says" not in asked.text
    run.type("c\n")
    code, screen = run.end()
    assert (code, screen.cursor_hidden) == (130, False)
    assert "canceled" in screen.text


def test_a_terminated_command_leaves_a_clean_terminal(project: Project) -> None:
    project.write("steps/talk.py", TALK.replace("range(6)", "range(12)"))
    project.driver(WAITS)
    run = on_pty(project, "run", "pipeline.py")
    run.see(lambda screen: screen.cursor_hidden and "one says" in screen.text)
    run.process.terminate()
    code, screen = run.end()
    assert (code, screen.cursor_hidden) == (-15, False)
    assert "one says" not in screen.text
    ended = project.run("attach", "latest")
    assert ended.returncode == 0, "the run goes on without it"


def test_child_processes_and_bytes_past_pythons_streams_stand_above_the_board(project: Project) -> None:
    text = """
    import os
    import subprocess
    import threading
    import time

    run = submit(step("first", "talk.py", extra=["one"]))

    def noise():
        for number in range(6):
            subprocess.run(["sh", "-c", f"echo child {number}; test -t 1 && echo terminal {number} >&2"])
            os.write(1, f"bytes {number}\\n".encode())
            time.sleep(0.2)

    thread = threading.Thread(target=noise)
    thread.start()
    run.wait_for_completion(show_output=True)
    thread.join()
    os.system("echo after")
    """
    project.driver(text)
    run = on_pty(project, "run", "pipeline.py")
    during = run.see(lambda screen: "child 2" in screen.text and "of 1 step done" in screen.text)
    assert during.text.index("child 2") < during.text.index("of 1 step done")
    code, screen = run.end()
    assert (code, screen.cursor_hidden) == (0, False)
    for number in range(6):
        for name in ("child", "terminal", "bytes"):
            assert screen.lines.count(f"{name} {number}") == 1
    assert screen.lines.count("after") == 1


def test_an_error_of_the_driver_leaves_a_clean_terminal(project: Project) -> None:
    text = WAITS.replace("run.wait_for_completion(show_output=True)", "run.wait_for_completion(timeout_seconds=1)")
    project.driver(text.replace('print("the driver goes on")', 'raise ValueError("it breaks")'))
    code, screen = on_pty(project, "run", "pipeline.py").end()
    assert (code, screen.cursor_hidden) == (1, False)
    assert "ValueError: it breaks" in screen.lines
    assert "✓ succeeded" in screen.text


def test_status_watches_until_the_run_ends(project: Project) -> None:
    project.write("steps/talk.py", TALK.replace("range(6)", "range(25)"))  # commands take long on a busy machine
    project.driver("""
        submit(step("first", "talk.py", extra=["one"]))
    """)
    run = project.start("run", "pipeline.py")
    assert run.stdout is not None
    while "Submitted" not in run.stdout.readline():
        pass
    watched = on_pty(project, "status", "--watch", "-n", "0.2")
    piped = project.start("status", "--watch")
    watched.see(lambda screen: "one says" in screen.text and "0 of 1 step done, 1 running" in screen.text)
    code, screen = watched.end()
    assert (code, screen.cursor_hidden) == (0, False)
    assert "one says" not in screen.text
    assert "✓ succeeded" in screen.text
    out, err = piped.communicate(timeout=60)
    assert (piped.returncode, err) == (0, "")
    lines = out.splitlines()
    assert [line.split()[1:3] for line in lines[:3]] == [["first", word] for word in ("queued", "running", "succeeded")]
    assert any("succeeded  tests, 1 step" in line for line in lines)
    assert run.wait(60) == 0
    run.stdout.close()

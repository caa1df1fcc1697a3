from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from runner.data.work_dir import Launch
from runner.model.context import STEP_VARIABLE
from runner.processes import orphans, table
from runner.step import logs, script_process
from runner.step.logs import LogShipper
from runner.step.memory import MemoryWatch
from tests.support.leftovers import LEAVES, WAYS
from tests.support.memory_store import MemoryStore
from tests.support.returning import returning


def shipper() -> LogShipper:
    return LogShipper(store=MemoryStore(), prefix="logs/", secrets=(), also=lambda: None)


def launch(folder: Path, script: str, *arguments: str) -> Launch:
    return Launch(
        argv=(sys.executable, "-c", script, *arguments), variables={}, cwd=folder, outputs={}, notes=("a line of ours",)
    )


def test_the_python_path_is_the_snapshots_root_then_ours_then_the_steps_or_the_images() -> None:
    own = {"PYTHONPATH": "/image", "HOME": "/h", "RUNNER_STORES": "secret"}
    bare = Launch(argv=(), variables={}, cwd=Path("/code"), outputs={})
    made = script_process.environment(own, replace(bare, variables={"PYTHONPATH": "/step", "A": "1"}), Path("/tree"))
    assert made == {"HOME": "/h", "PYTHONUNBUFFERED": "1", "A": "1", "PYTHONPATH": "/code:/tree:/step"}
    assert script_process.environment(own, bare, Path("/tree"))["PYTHONPATH"] == "/code:/tree:/image"
    assert script_process.environment({}, bare, Path("/tree"))["PYTHONPATH"] == "/code:/tree"


def test_a_script_in_a_subfolder_imports_from_its_folder_and_from_the_snapshots_root(tmp_path: Path) -> None:
    for name, text in {"shared/tools.py": "answer = 42", "steps/near.py": "answer = 7", "near.py": "1 / 0"}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    script = "from shared.tools import answer; import near, sys; sys.exit(answer + near.answer)"
    (tmp_path / "steps" / "go.py").write_text(script)
    started = Launch(argv=(sys.executable, "steps/go.py"), variables={}, cwd=tmp_path, outputs={})
    assert script_process.run(started, tmp_path / "tree", shipper()).exit_code == 49


@pytest.mark.parametrize(
    ("code", "shown"), [("import sys; sys.exit(3)", 3), ("import os; os.kill(os.getpid(), 9)", 137)]
)
def test_the_exit_code_is_a_shells(tmp_path: Path, code: str, shown: int) -> None:
    assert script_process.run(launch(tmp_path, code), tmp_path, shipper()).exit_code == shown


def test_what_the_script_leaves_running_ends_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server of the script's that goes on printing must not keep the log open for ever."""
    monkeypatch.setattr(logs, "_DRAIN", 0.3)
    left = "import os, time\nopen('pid', 'w').write(str(os.getpid()))\n"
    left += "while True:\n print(9, flush=True)\n time.sleep(0.001)\n"
    script = "import os,subprocess,sys,time\nsubprocess.Popen([sys.executable, '-c', sys.argv[1]])\n"
    script += "while not (os.path.exists('pid') and open('pid').read()): time.sleep(0.01)\nprint('done')"
    followed = shipper()
    ending = script_process.run(launch(tmp_path, script, left), tmp_path, followed)
    returning(followed.close)
    assert ending.exit_code == 0
    status = Path("/proc", (tmp_path / "pid").read_text(), "stat")
    deadline = time.monotonic() + 5
    while status.exists() and status.read_text().rpartition(")")[2].split()[0] != "Z":
        assert time.monotonic() < deadline, "it still runs"
        time.sleep(0.01)


@pytest.mark.parametrize("way", WAYS)
def test_nothing_that_came_of_the_script_outlives_it(tmp_path: Path, way: str) -> None:
    """It would write on into outputs that are being read."""
    other = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    followed = shipper()
    ending = script_process.run(launch(tmp_path, LEAVES, way, str(tmp_path / "out")), tmp_path, followed)
    followed.close()
    writer = int((tmp_path / "out" / "pid").read_text())
    assert (ending.exit_code, writer in [one.pid for one in ending.leftovers.killed]) == (0, True)
    found = table.of(writer)
    assert found is None or found.ended
    assert other.poll() is None, "a process that is none of the script's has been ended"
    other.kill()
    other.wait()


def test_where_orphans_cannot_be_adopted_the_steps_variable_finds_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(orphans, "adopt", lambda **_: False)
    started = replace(launch(tmp_path, LEAVES, "a daemon", str(tmp_path / "out")), variables={STEP_VARIABLE: "/a/step"})
    script_process.run(started, tmp_path, shipper())
    found = table.of(int((tmp_path / "out" / "pid").read_text()))
    assert found is None or found.ended


@pytest.mark.parametrize("argument", ["x" * 200_000, "a\0b"])
def test_what_cannot_start_says_so(tmp_path: Path, argument: str) -> None:
    with pytest.raises((OSError, ValueError)):
        script_process.run(launch(tmp_path, "", argument), tmp_path, shipper())


def test_a_script_that_is_told_to_stop_may_save_what_it_has(tmp_path: Path) -> None:
    script = (
        "import os, signal, sys, time\n"
        "def save(*_):\n print('saved', flush=True)\n sys.exit(0)\n"
        "signal.signal(signal.SIGTERM, save)\nos.kill(os.getppid(), signal.SIGTERM)\ntime.sleep(30)\n"
    )
    followed, before = shipper(), signal.getsignal(signal.SIGTERM)
    ending = script_process.run(launch(tmp_path, script), tmp_path, followed)
    assert (ending.exit_code, ending.terminated) == (0, True)
    assert followed.tail.endswith("saved")
    assert signal.getsignal(signal.SIGTERM) == before


def test_a_script_that_does_not_stop_is_killed_with_all_it_has_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(script_process, "GRACE", 0.1)
    script = (
        "import os, signal, sys, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "os.kill(os.getppid(), signal.SIGTERM)\ntime.sleep(30)\n"
    )
    ending = script_process.run(launch(tmp_path, script), tmp_path, shipper())
    assert (ending.exit_code, ending.terminated) == (137, True)


def test_the_containers_memory_is_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cgroup = tmp_path / "cgroup"
    cgroup.mkdir()
    (cgroup / "memory.peak").write_text("4096\n")
    events = cgroup / "memory.events"
    events.write_text("low 0\noom 0\noom_kill 2\n")
    monkeypatch.setattr(script_process, "MemoryWatch", lambda: MemoryWatch(cgroup))
    killing = f"open({str(events)!r}, 'w').write('low 0\\noom 1\\noom_kill 3\\n')"
    ending = script_process.run(launch(tmp_path, killing), tmp_path, shipper())
    assert (ending.oom_kills, ending.peak_memory) == (1, 4096)


def test_a_signal_that_comes_while_the_script_starts_reaches_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The script may print its last words before its start has returned here."""
    started = subprocess.Popen

    def start(*arguments: Any, **options: Any) -> Any:
        process = started(*arguments, **options)
        while not (tmp_path / "begun").exists():
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGTERM)
        return process

    monkeypatch.setattr(subprocess, "Popen", start)
    script = "import signal, sys, time\n"
    script += "signal.signal(signal.SIGTERM, lambda *_: (print('good bye', flush=True), sys.exit(5)))\n"
    script += "open('begun', 'w').close()\ntime.sleep(30)\n"
    followed = shipper()
    ended = script_process.run(launch(tmp_path, script), tmp_path, followed)
    followed.close()
    assert (ended.exit_code, ended.terminated, followed.tail.splitlines()[-1]) == (5, True, "good bye")


def test_a_signal_without_a_script_is_for_who_asked_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: Any, **_options: Any) -> Any:
        os.kill(os.getpid(), signal.SIGTERM)
        raise FileNotFoundError

    told: list[int] = []
    monkeypatch.setattr(subprocess, "Popen", fail)
    before = signal.signal(signal.SIGTERM, lambda number, _frame: told.append(number))
    try:
        with pytest.raises(FileNotFoundError):
            script_process.run(launch(tmp_path, "pass"), tmp_path, shipper())
    finally:
        signal.signal(signal.SIGTERM, before)
    assert told == [signal.SIGTERM]

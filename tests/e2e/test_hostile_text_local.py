"""A run in which every text that users choose holds control characters: no command hands them to a terminal."""

from __future__ import annotations

import json
import os
import pty
import select
import sys
import time
from ast import literal_eval
from collections.abc import Iterator

import pytest

from tests.support.projects import Project

FORGED = "\\x1b]0;owned\\x07\\x9b2J\\r\\n  two  succeeded\\u202e"
"""As a Python literal: sets the title, clears the screen, forges a line, turns the text around."""
DRIVER = f"""
    from azureml.core import Experiment
    evil = "{FORGED}"
    out = data("out")
    odd = step("one" + evil, "evil.py", outputs=[out], extra=[evil])
    broken = step("broken" + evil, "broken.py", inputs=[out])
    run = Experiment(ws, "tests").submit(Pipeline(ws, [odd, broken]), tags={{"tag" + evil: evil}})
    run.tag("later" + evil, evil)
    run.wait_for_completion(show_output=True, raise_on_error=False)
"""
EVIL = f"""
import os, sys
from azureml.core import Run
evil = "{FORGED}"
run = Run.get_context()
run.log("metric" + evil, evil)
run.log("number" + evil, 1.5)
run.tag("tag" + evil, evil)
out = sys.argv[sys.argv.index("--") + 1]
os.makedirs(out, exist_ok=True)
open(os.path.join(out, "file\\x1b]0;name\\x07"), "w").write("x")
print("\\x1b[31mcoloured\\x1b[0m " + evil)
"""
BROKEN = f'import sys\nprint("\\x1b[31mlast words\\x1b[0m {FORGED}")\nsys.exit("reason {FORGED}")\n'


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    found = Project(tmp_path_factory.mktemp("project"), tmp_path_factory.mktemp("cache"))
    found.write("steps/evil.py", EVIL)
    found.write("steps/broken.py", BROKEN)
    found.driver(DRIVER)
    made = found.run("run", "pipeline.py")
    assert made.returncode == 1, made.stderr
    check_harmless(made.stdout + made.stderr)
    return found


def check_harmless(text: str) -> None:
    assert {char for char in text if (ord(char) < 32 and char not in "\n\t") or 127 <= ord(char) < 160} == set()
    assert "\u202e" not in text
    assert "\n  two  succeeded" not in text


COMMANDS = (
    ("status",),
    ("show",),
    ("show", "latest", "one-owned"),
    ("list",),
    ("graph", "latest"),
    ("graph", "latest", "--format", "mermaid"),
    ("graph", "latest", "--format", "dot"),
    ("graph", "pipeline.py"),
    ("plan", "pipeline.py"),
    ("data", "ls", "azureml"),
    ("attach", "latest"),
)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_no_command_prints_control_characters(command: tuple[str, ...], project: Project) -> None:
    if command[-1] == "one-owned":
        steps = json.loads(project.run("status", "--json").stdout)["steps"]
        command = (*command[:-1], steps[0]["key"])
    done = project.run(*command)
    assert done.stdout
    check_harmless(done.stdout + done.stderr)


@pytest.mark.parametrize("command", [("status", "--json"), ("show", "--json"), ("list", "--json")], ids=" ".join)
def test_documents_escape_them_and_mean_the_same(command: tuple[str, ...], project: Project) -> None:
    text = project.run(*command).stdout
    check_harmless(text)
    assert any(evil() in found for found in strings(json.loads(text)))


def evil() -> str:
    return str(literal_eval(f'"{FORGED}"'))


def strings(value: object) -> Iterator[str]:
    """Every string of a document: keys as well."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from value
        yield from strings(list(value.values()))
    elif isinstance(value, list):
        for item in value:
            yield from strings(item)


def test_a_log_is_exact_in_a_file_and_harmless_on_a_terminal(project: Project) -> None:
    steps = json.loads(project.run("status", "--json").stdout)["steps"]
    key = next(step["key"] for step in steps if step["key"].startswith("broken"))
    assert "\x1b[31mlast words\x1b[0m \x1b]0;owned\x07\x9b2J" in project.run("logs", "latest", key).stdout
    seen = on_a_terminal(project, "logs", "latest", key)
    assert "\x1b[31mlast words\x1b[0m" in seen
    assert "\x1b]" not in seen
    assert "\x9b" not in seen
    assert "\\x1b]0;owned\\x07" in on_a_terminal(project, "status")
    assert "\x1b]" not in on_a_terminal(project, "status")


def on_a_terminal(project: Project, *arguments: str) -> str:
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(project.folder)
        os.execve(sys.executable, [sys.executable, "-m", "runner", *arguments], project.environment)
    seen = b""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if select.select([terminal], [], [], 0.5)[0]:
            try:
                seen += os.read(terminal, 65536)
            except OSError:  # EIO: the other side has closed
                break
    os.waitpid(pid, 0)
    os.close(terminal)
    return seen.decode(errors="replace")


def test_a_bad_name_in_an_error_is_escaped(project: Project) -> None:
    done = project.run("status", "no\x1b]0;owned\x07such")
    assert done.returncode == 2
    check_harmless(done.stderr)


def test_the_drivers_own_output_is_exact(project: Project) -> None:
    project.write("prints.py", 'print("\\x1b]0;mine\\x07")\n')
    assert "\x1b]0;mine\x07" in project.run("run", "prints.py").stdout

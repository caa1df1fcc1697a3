"""Stored outputs that somebody changes: no step reads other bytes than were committed, and a new run heals."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.support.projects import BOTH, Project

SPOIL = """\
import glob
import os
import sys

if os.path.exists(sys.argv[-1]):
    os.unlink(sys.argv[-1])
    (name,) = glob.glob(os.path.join(sys.argv[-2], os.environ["AZUREML_ROOT_RUN_ID"] + ".first-*", "one", "out.txt"))
    with open(name, "r+") as file:
        file.write("y")
sys.argv[-3:] = []
exec(open("pass_on.py").read())
"""
SPOILED = """
    one, two, three = data("one"), data("two"), data("three")
    submit(
        step("first", outputs=[one]),
        step("spoil", "spoil.py", inputs=[one], outputs=[two], extra=["--", "{store}", "{mark}"]),
        step("third", inputs=[one, two], outputs=[three]),
    )
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "project", tmp_path / "cache")


def asked(project: Project, *arguments: str, code: int = 0) -> Any:
    ended = project.run(*arguments, "--json")
    assert ended.returncode == code, ended.stdout + ended.stderr
    return json.loads(ended.stdout)


def statuses(document: Any) -> dict[str, str]:
    return {step["name"]: step["status"] for step in document["steps"]}


def file_of(project: Project, document: Any, step: str, output: str) -> Path:
    (found,) = (project.folder / ".runner" / "azureml").glob(f"{document['run']}.{step}-*/{output}/out.txt")
    return found


def edit(path: Path, text: str) -> None:
    """Other bytes in the same inode, of the same size and the same mtime."""
    facts = path.stat()
    with path.open("r+") as file:
        file.write(text)
    os.utime(path, ns=(facts.st_atime_ns, facts.st_mtime_ns))


def test_nothing_is_made_of_an_output_that_was_changed(project: Project) -> None:
    project.driver(BOTH)
    first = asked(project, "run", "pipeline.py")["runs"][0]
    changed = file_of(project, first, "first", "one")
    edit(changed, "y")
    assert statuses(asked(project, "retry", "--from", "second")["runs"][0]) == {
        "first": "succeeded", "second": "succeeded"
    }  # fmt: skip
    edit(changed, "x")
    assert statuses(asked(project, "run", "pipeline.py")["runs"][0]) == {"first": "reused", "second": "reused"}
    # The retry has made the equal that is found by now.
    retried = asked(project, "list")["runs"][1]
    again = file_of(project, retried, "first", "one")
    edit(again, "y")
    assert statuses(asked(project, "run", "pipeline.py")["runs"][0]) == {"first": "succeeded", "second": "reused"}
    for path in (project.folder / ".runner" / "azureml").rglob("two/out.txt"):
        assert path.read_text() == "xx"


def test_a_step_whose_input_was_changed_fails_and_the_stated_command_heals(project: Project, tmp_path: Path) -> None:
    project.write("steps/spoil.py", SPOIL)
    mark = tmp_path / "mark"
    mark.touch()
    project.driver(SPOILED.format(store=project.folder / ".runner" / "azureml", mark=mark))
    ended = project.run("run", "pipeline.py")
    assert ended.returncode == 1
    failed = asked(project, "status")
    assert statuses(failed) == {"first": "succeeded", "spoil": "succeeded", "third": "failed"}
    reason = failed["steps"][2]["reason"]
    assert "input 'one': azureml/" in reason
    assert f"one/out.txt, which step 'first-1' of run {failed['run']} wrote, was changed in the store" in reason
    command = f"runner retry {failed['run'][-6:]} --failed"
    assert f"make it again: {command}" in ended.stdout
    again = asked(project, *command.split()[1:])["runs"][0]
    assert statuses(again) == {"first": "succeeded", "spoil": "reused", "third": "succeeded"}
    assert file_of(project, again, "third", "three").read_text() == "xxxx"


def test_an_edit_of_a_file_that_a_step_linked_into_its_output_changes_no_output(
    project: Project, tmp_path: Path
) -> None:
    mine = tmp_path / "mine.txt"
    mine.write_text("x")
    project.write(
        "steps/link.py",
        "import os, sys\nos.makedirs(sys.argv[2])\nos.link(sys.argv[3], os.path.join(sys.argv[2], 'out.txt'))\n",
    )
    project.driver(f"""
        one, two = data("one"), data("two")
        submit(
            step("first", "link.py", outputs=[one], extra=["{mine}"]), step("second", inputs=[one], outputs=[two])
        )
    """)
    first = asked(project, "run", "pipeline.py")["runs"][0]
    mine.write_text("edited")
    assert file_of(project, first, "first", "one").read_text() == "x"
    assert statuses(asked(project, "run", "pipeline.py")["runs"][0]) == {"first": "reused", "second": "reused"}


EDIT = """\
import os
import sys

if os.path.exists(sys.argv[-1]):
    os.unlink(sys.argv[-1])
    facts = os.stat(sys.argv[-2])
    with open(sys.argv[-2], "r+") as file:
        file.write("y")
    os.utime(sys.argv[-2], ns=(facts.st_atime_ns, facts.st_mtime_ns))
os.makedirs(sys.argv[2])
"""
READ_TWICE = """
    given = Dataset.File.from_files((store, "given")).as_named_input("given").as_mount()
    one, two, three = data("one"), data("two"), data("three")
    before, after = step("before", inputs=[given], outputs=[one]), step("after", inputs=[given], outputs=[three])
    edit = step("edit", "edit.py", outputs=[two], extra=["{given}", "{mark}"])
    edit.run_after(before)
    after.run_after(edit)
    submit(before, edit, after)
"""


def test_what_was_made_of_an_edited_dataset_is_not_reused_for_the_bytes_before_the_edit(
    project: Project, tmp_path: Path
) -> None:
    given, mark = project.write(".runner/given/out.txt", "x"), tmp_path / "mark"
    mark.touch()
    project.write("steps/edit.py", EDIT)
    project.driver(READ_TWICE.format(given=given, mark=mark))
    first = asked(project, "run", "pipeline.py")["runs"][0]
    assert file_of(project, first, "after", "three").read_text() == "yx"
    edit(given, "x")
    again = asked(project, "run", "pipeline.py")["runs"][0]
    assert statuses(again) == {"before": "reused", "edit": "reused", "after": "succeeded"}
    assert file_of(project, again, "after", "three").read_text() == "xx"

"""``runner environment lock`` on this machine, with wheels of the test and without a network; and what records tell."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from runner.cli.main import main
from runner.model.task import TaskId
from runner.runs import records
from runner.storage.directory import DirectoryStore
from tests.support.wheel_files import write_wheel

_PIPELINE = """
environments:
  train: {{pip: ["--no-index --find-links {wheels}", "tiny"]}}
steps:
  one: {{script: a.py}}
"""


@pytest.fixture
def wheels(tmp_path: Path) -> Path:
    folder = tmp_path / "wheels"
    write_wheel(folder, "tiny", "1.0")
    return folder


@pytest.fixture(autouse=True)
def project(tmp_path: Path, wheels: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "a.py").write_text("import tiny")
    (folder / "pipe.yaml").write_text(_PIPELINE.format(wheels=wheels))
    monkeypatch.chdir(folder)
    monkeypatch.setenv("RUNNER_CONFIG", str(tmp_path / "none.yaml"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    return folder


def _json(capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    capsys.readouterr()
    assert main([*words, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def _lock(capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    (found,) = _json(capsys, "environment", "lock", "pipe.yaml", *words)["environments"]
    return found


def test_a_lock_stays_until_it_is_renewed_and_every_record_names_it(
    project: Path, wheels: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = _lock(capsys)
    assert (first["new"], first["lock"]["packages"]) == (True, {"tiny": "1.0"})
    write_wheel(wheels, "tiny", "1.1")
    assert _lock(capsys) == {**first, "new": False}
    assert _json(capsys, "environment", "show", "pipe.yaml")["environments"][0]["lock"] == first["lock"]

    assert main(["run", "pipe.yaml"]) == 0
    shown = _json(capsys, "show")
    (used,) = shown["environments"]
    assert used["lock"] == first["lock"]["digest"]
    commit = records.committed(DirectoryStore(project / ".runner"), TaskId(shown["run"], "one"))
    assert commit is not None
    assert (commit.environment, commit.lock) == (used["reference"], used["lock"])

    second = _lock(capsys, "--upgrade")
    assert (second["new"], second["lock"]["packages"]) == (True, {"tiny": "1.1"})
    assert [(each["field"], each["before"], each["after"]) for each in second["changes"]] == [("tiny", "1.0", "1.1")]
    assert main(["run", "pipe.yaml"]) == 0
    assert _json(capsys, "show")["environments"][0]["lock"] == second["lock"]["digest"]
    fields = {each["field"]: each["after"] for each in _json(capsys, "why")["differences"]}
    assert fields == {"environment lock (times renewed)": "1", "package tiny": "1.1"}
    found = _json(capsys, "environment", "why", "latest")["comparison"]
    assert found["parts"] == ["lock"]
    assert {each["field"]: each["after"] for each in found["differences"]} == {"generation": "1", "tiny": "1.1"}

    listed = _json(capsys, "environment", "list")["environments"]
    assert sorted(each["lock"] for each in listed) == sorted([first["lock"]["digest"], second["lock"]["digest"]])
    assert {name for each in listed for name in each["names"]} == {"train"}


def test_an_upgrade_that_cannot_be_resolved_leaves_the_lock_in_force(
    wheels: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = _lock(capsys)
    for wheel in wheels.iterdir():
        wheel.unlink()
    assert main(["environment", "lock", "pipe.yaml", "--upgrade"]) == 1
    assert "tiny" in capsys.readouterr().err
    assert _lock(capsys) == {**first, "new": False}

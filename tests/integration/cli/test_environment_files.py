"""``runner environment show | build | why`` of a pipeline file on this machine, without a network."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from runner.cli.main import main
from runner.storage.directory import DirectoryStore
from tests.contract.test_environment_store import wheel
from tests.support import sample_run as sample
from tests.support.fake_venv import add_run

_PIPELINE = """
environments:
  small: {{pip: ["{wheels}", "tiny==1.0"], image: "base.example.org/base:1"}}
  plain: {{}}
steps:
  one: {{script: a.py, environment: small}}
  two: {{script: a.py, environment: plain}}
"""


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "a.py").touch()
    (folder / "pipe.yaml").write_text(_PIPELINE.format(wheels=wheel(tmp_path / "wheels")))
    monkeypatch.chdir(folder)
    monkeypatch.setenv("RUNNER_CONFIG", str(tmp_path / "none.yaml"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return folder


def _json(capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    assert main(["environment", *words, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_what_is_shown_is_made_by_build_and_then_exists(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    small, plain = _json(capsys, "show", "pipe.yaml")["environments"]
    assert small["written"]["pip"][1:] == ["tiny==1.0"]
    assert (small["reference"], small["target"]) == ("", "local")
    assert any("base:1 is not used here" in note for note in small["notes"])
    assert plain["written"] == {}
    assert plain["reference"]  # the running interpreter
    assert sorted(path.name for path in project.iterdir()) == ["a.py", "pipe.yaml"]  # show has written nothing
    (made,) = _json(capsys, "build", "pipe.yaml", "small")["environments"]
    assert made["seconds"] > 0
    assert Path(made["reference"]).is_file()
    assert _json(capsys, "build", "pipe.yaml", "small")["environments"] == [{**made, "seconds": None}]
    assert _json(capsys, "show", "pipe.yaml", "small")["environments"][0]["reference"] == made["reference"]
    (listed,) = _json(capsys, "list")["environments"]
    assert (listed["reference"], listed["kept"]) == (made["reference"], "used within the last hour")
    assert main(["list"]) == 0
    assert "no runs here yet" in capsys.readouterr().err


def test_an_unknown_name_is_told_the_known_ones(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["environment", "show", "pipe.yaml", "none"]) == 2
    assert "its environments: plain, small" in capsys.readouterr().err


def test_two_environments_of_a_file_differ_in_what_was_written(capsys: pytest.CaptureFixture[str]) -> None:
    found = _json(capsys, "why", "pipe.yaml", "small", "plain")["comparison"]
    assert (found["before"], found["after"], found["parts"]) == ("plain", "small", ["specification", "base"])
    assert {each["field"] for each in found["differences"]} == {"pip", "image"}


def test_a_new_environment_is_compared_with_the_nearest_of_earlier_runs(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    add_run(DirectoryStore(project / ".runner"), "image:1", target="local")
    assert main(["environment", "why", "pipe.yaml", "small"]) == 0
    verdict, head, *rows = capsys.readouterr().out.splitlines()
    assert verdict == "small on local has to be made: nothing there has its content"
    assert head == "small differs from klmnop:sklearn in: specification, base"
    assert rows
    assert main(["environment", "why", "latest"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "klmnop:sklearn on local was made: image:1",
        "no earlier run here has used an environment on this target",
    ]
    found = _json(capsys, "why", "pipe.yaml", "small", "klmnop:sklearn")["comparison"]
    assert found["before"] == f"{sample.RUN[-6:]}:sklearn"


def test_a_file_with_several_environments_asks_for_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["environment", "why", "pipe.yaml"]) == 2
    shown = capsys.readouterr().err
    assert "which environment?" in shown
    assert "small" in shown

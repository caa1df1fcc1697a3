"""Every command refuses a store that another version of runner wrote."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from runner.cli.main import main
from runner.runs.store_format import STORE_KEY

DRIVER = """\
from azureml.core import Experiment, Workspace
from azureml.pipeline.core import Pipeline
from azureml.pipeline.steps import PythonScriptStep

step = PythonScriptStep(name="one", script_name="one.py", source_directory="code", compute_target="x")
Experiment(Workspace.from_config(), "e").submit(Pipeline(Workspace.from_config(), steps=[step]))
"""


@pytest.mark.parametrize(
    "command",
    [
        "status",
        "list",
        "logs",
        "show",
        "graph abcdef",
        "why",
        "cancel abcdef",
        "resume",
        "retry --failed",
        "attach",
        "data put pipeline.py raw.csv",
        "dataset list",
        "plan pipeline.py",
        "run pipeline.py",
    ],
)
def test_it_is_bad_input_and_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runner.yaml").write_text("name: mine\n")
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "one.py").write_text("")
    (tmp_path / "pipeline.py").write_text(DRIVER)
    (tmp_path / ".runner").mkdir()
    (tmp_path / ".runner" / STORE_KEY).write_text(json.dumps({"id": "ab", "format": 77, "version": "9.1"}))
    assert main(command.split()) == 2
    told = capsys.readouterr().err
    assert "the store has format 77, written by runner 9.1" in told
    assert str(tmp_path / ".runner") in told
    assert "version of runner that wrote it" in told
    assert "Traceback" not in told
    assert [path.name for path in (tmp_path / ".runner").rglob("*") if path.is_file()] == [STORE_KEY]

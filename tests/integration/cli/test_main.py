from __future__ import annotations

from pathlib import Path

import pytest

from runner.cli.main import main


@pytest.fixture(autouse=True)
def _empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RUNNER_CONFIG", str(tmp_path / "none.yaml"))


def test_bad_input_is_code_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status"]) == 2
    assert "there are no runs here yet" in capsys.readouterr().err


def test_an_empty_workspace_is_left_empty(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list"]) == 0
    assert main(["data", "ls"]) == 0
    assert main(["doctor", "local"]) == 0
    assert capsys.readouterr().out.startswith("local\nok  Python")
    assert list(tmp_path.iterdir()) == []

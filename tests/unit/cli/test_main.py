from __future__ import annotations

from pathlib import Path

import pytest

from runner.cli.main import main, print_problems
from runner.errors import Problem


@pytest.fixture(autouse=True)
def _empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RUNNER_CONFIG", str(tmp_path / "none.yaml"))


def test_a_problem_says_what_where_and_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    print_problems([Problem("it is wrong", "here", "mend it")])
    assert capsys.readouterr().err == "error: it is wrong\n  where: here\n  do:    mend it\n"


def test_several_problems_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    print_problems([Problem("one"), Problem("two")])
    assert capsys.readouterr().err == "2 problems\nerror: one\nerror: two\n"


def test_without_a_command_the_help_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([])
    assert ended.value.code == 0
    assert "exit codes: 0 success" in capsys.readouterr().out


@pytest.mark.parametrize("argv", [["get", "none", "x"], ["put", "none", "x"], ["put", "file", "runs/x"]], ids=" ".join)
def test_bad_copies_are_code_2(argv: list[str], tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert main(["data", *argv]) == 2

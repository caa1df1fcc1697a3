from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import runner
from runner.cli.driver import called_at, check_file, compiled, complain, has_module_named_runner, search_path
from runner.errors import BadInput

PACKAGE = Path(runner.__file__).parent


def test_the_file_must_be_python(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").touch()
    (tmp_path / "p.py").touch()
    assert check_file(str(tmp_path / "p.py")).name == "p.py"
    for name, said in (("none.py", "no file"), ("notes.txt", "neither a Python file nor YAML"), ("", "is a folder")):
        with pytest.raises(BadInput, match=said):
            check_file(str(tmp_path / name))


def test_the_drivers_folder_is_first_and_the_compat_layer_next() -> None:
    compat = str(PACKAGE / "compat")
    assert search_path(["/bin", "/a", compat], Path("/p"), ("", "/bin")) == ["/p", compat, "/a"]


def test_what_python_has_not_put_there_for_us_is_not_dropped() -> None:
    assert search_path(["/a"], Path("/p"), ("", "/bin")) == ["/p", str(PACKAGE / "compat"), "/a"]


def test_a_folder_with_a_runner_of_its_own(tmp_path: Path) -> None:
    assert not has_module_named_runner(tmp_path)
    (tmp_path / "runner.py").touch()
    assert has_module_named_runner(tmp_path)
    (tmp_path / "sub" / "runner").mkdir(parents=True)
    assert has_module_named_runner(tmp_path / "sub")


def test_our_own_checkout_is_not_somebody_elses_runner() -> None:
    assert not has_module_named_runner(PACKAGE.parent)


def test_a_traceback_shows_the_users_frames_only(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = compile("def f(check):\n    check('nowhere.py')\nf(check)\n", str(tmp_path / "p.py"), "exec")
    try:
        exec(code, {"check": check_file})
    except BadInput as error:
        complain(error)
    shown = capsys.readouterr().err
    assert "p.py" in shown
    assert str(PACKAGE) not in shown
    assert "there is no file nowhere.py" in shown


def test_an_error_is_traced_to_the_line_that_called_us(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "p.py").write_text("def f(check):\n    check('nowhere.py')\nf(check)\n", encoding="utf-8")
    code = compile((tmp_path / "p.py").read_text(), str(tmp_path / "p.py"), "exec")
    with pytest.raises(BadInput) as caught:
        exec(code, {"check": check_file})
    assert called_at(caught.value) == "p.py:2  check('nowhere.py')"
    assert called_at(BadInput("never raised")) == ""


def test_frames_of_causes_are_cleaned_as_well(capsys: pytest.CaptureFixture[str]) -> None:
    try:
        try:
            check_file("nowhere.py")
        except BadInput as error:
            raise KeyError("x") from error
    except KeyError as error:
        complain(error)
    shown = capsys.readouterr().err
    assert str(PACKAGE) not in shown
    assert "The above exception was the direct cause" in shown


def test_a_file_that_does_not_compile_has_no_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SyntaxError) as caught:
        compile("def f(:", "p.py", "exec")
    caught.value.__traceback__ = None
    complain(caught.value)
    shown = capsys.readouterr().err
    assert shown.startswith('  File "p.py", line 1')
    assert "Traceback" not in shown


@pytest.mark.parametrize(
    ("content", "what", "where"),
    [
        (b"x = 1\nimport x(\n", "p.py is not Python: invalid syntax", "p.py:2  import x("),
        (b"x = 1\n\n# caf\xe9\n", "p.py is not UTF-8 text: ", "p.py:3"),
        (b"\xff\n", "p.py is not Python: invalid or missing encoding", "p.py"),
        (b"a\0b\n", "p.py is not Python: source code string cannot contain null bytes", "p.py"),
    ],
)
def test_a_file_that_is_not_python_names_the_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes, what: str, where: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("p.py").write_bytes(content)
    with pytest.raises(BadInput) as caught:
        compiled(Path("p.py"))
    (problem,) = caught.value.problems
    assert problem.what.startswith(what)
    assert problem.where == where


@pytest.mark.parametrize("command", ["run", "graph"])
def test_a_syntax_error_in_the_driver_or_in_a_module_of_it_is_exit_code_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("helper.py").write_text("def f(:\n")
    Path("p.py").write_text("import helper\n")
    for file in ("helper.py", "p.py"):
        done = subprocess.run(
            [sys.executable, "-m", "runner", command, file], capture_output=True, text=True, check=False,
            env={**os.environ, "PYTHONPATH": str(PACKAGE.parent)},
        )  # fmt: skip
        assert (done.returncode, "where: helper.py:1  def f(:" in done.stderr) == (2, True), done.stderr
        assert "Traceback" not in done.stderr


def test_every_public_name_comes_with_a_star() -> None:
    names: dict[str, object] = {}
    exec("from runner import *", names)
    assert {"Workspace", "Pipeline", "PythonScriptStep", "Run"} <= set(names)

"""``runner report``: the file that it writes, and those that it leaves alone."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from runner.cli.arguments import parse
from runner.cli.commands import report
from runner.errors import BadInput
from runner.pages.report import is_report
from tests.support.served_run import DONE, GOING, served


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    workspace = served()
    session = SimpleNamespace(store=workspace.store, view=workspace.view, datastore=workspace.datastore)
    monkeypatch.setattr(report, "open_session", lambda *_: session)
    monkeypatch.setattr(report, "find_run", lambda _, text: GOING if text == "latest" else text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def written(*options: str) -> int:
    return report.run(parse(["report", *options]))


def test_it_writes_a_file_with_the_name_of_the_run_and_says_its_place_and_size(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert written(DONE) == 0
    made = here / f"{DONE}.html"
    assert is_report(made.read_bytes())
    said = capsys.readouterr()
    assert f"report of run {DONE}: {DONE}.html (" in said.err
    assert "KiB" in said.err
    assert [each.name for each in here.iterdir()] == [made.name]


def test_a_folder_and_a_file_can_be_named(here: Path) -> None:
    (here / "reports").mkdir()
    written(DONE, "-o", "reports")
    written(DONE, "-o", "x.html")
    assert is_report((here / "reports" / f"{DONE}.html").read_bytes())
    assert is_report((here / "x.html").read_bytes())


def test_standard_output_gets_the_report_alone(here: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    written("-o", "-")
    said = capsysbinary.readouterr()
    assert said.out.startswith(b"<!doctype html>")
    assert b"standard output" in said.err
    assert b"the run had not ended" in said.err
    assert list(here.iterdir()) == []


def test_only_a_report_is_overwritten_without_force(here: Path) -> None:
    thesis = here / "thesis.html"
    thesis.write_text("<html>years of work</html>", encoding="utf-8")
    with pytest.raises(BadInput, match="exists, and is no report"):
        written(DONE, "-o", "thesis.html")
    assert "years of work" in thesis.read_text(encoding="utf-8")
    written(DONE, "-o", "thesis.html", "--force")
    written(DONE, "-o", "thesis.html")
    assert is_report(thesis.read_bytes())


def test_a_place_that_cannot_be_written_is_told(here: Path) -> None:
    with pytest.raises(BadInput, match="cannot write"):
        written(DONE, "-o", str(here / "none" / "x.html"))


def test_limits_are_sizes(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written(DONE, "-o", "all.html", "--preview-limit", "1Mi", "--previews-limit", "2Mi")
    written(DONE, "-o", "none.html", "--preview-limit", "0")
    assert "x.csv" in (here / "all.html").read_text(encoding="utf-8")
    assert "x.csv" not in (here / "none.html").read_text(encoding="utf-8")
    with pytest.raises(SystemExit):
        written(DONE, "--preview-limit", "much")
    assert "'much' is no size" in capsys.readouterr().err

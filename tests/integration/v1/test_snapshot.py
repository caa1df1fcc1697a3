"""The content of a v1 step's snapshot."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from azureml.pipeline.core import Pipeline
from azureml.pipeline.steps import PythonScriptStep

from runner.data.snapshot import MAX_BYTES, MAX_FILES, take
from runner.errors import BadInput


def write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        path = folder / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def names(folder: Path) -> list[str]:
    return [file.path for file in take(folder).files]


@pytest.fixture
def code(tmp_path: Path) -> Path:
    folder = tmp_path / "code"
    folder.mkdir()
    return folder


def test_each_step_has_a_snapshot_of_its_source_directory(ws: Any, tmp_path: Path) -> None:
    for name in "ab":
        write(tmp_path / name, train="")
        (tmp_path / name / "train.py").touch()
    steps = [PythonScriptStep("train.py", name=name, source_directory=name) for name in "ab"]
    sources = [spec.source for spec in Pipeline(ws, steps).plan.steps]
    assert sources == [str(tmp_path / "a"), str(tmp_path / "b")]


def test_without_source_directory_it_is_the_pipelines_default(ws: Any, tmp_path: Path) -> None:
    (tmp_path / "scripts").mkdir()
    (tmp_path / "scripts" / "train.py").touch()
    pipeline = Pipeline(ws, [PythonScriptStep("train.py")], default_source_directory="scripts")
    assert pipeline.plan.steps[0].source == str(tmp_path / "scripts")


def test_without_any_default_it_is_the_current_folder(ws: Any) -> None:
    assert Pipeline(ws, [PythonScriptStep("a.py")]).plan.steps[0].source == str(Path.cwd())


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> int:
    """Two thousand files take seconds to write: the rule is tried with fewer."""
    assert MAX_FILES == 2000
    monkeypatch.setattr("runner.data.snapshot.MAX_FILES", 20)
    return 20


def test_more_than_2000_files_are_refused(code: Path, few: int) -> None:
    write(code, **{f"f{number}": "" for number in range(few)})
    take(code)
    write(code, more="")
    with pytest.raises(BadInput, match="21 files"):
        take(code)


def test_a_variable_lifts_the_limit_of_files(code: Path, few: int, monkeypatch: pytest.MonkeyPatch) -> None:
    write(code, **{f"f{number}": "" for number in range(few + 1)})
    monkeypatch.setenv("AML_SNAPSHOT_NO_FILE_LIMIT", "1")
    assert len(take(code).files) == few + 1


def test_more_than_300_mb_are_refused_naming_the_biggest_files(code: Path) -> None:
    with (code / "weights.bin").open("wb") as file:
        file.truncate(MAX_BYTES)
    write(code, train="x")
    assert MAX_BYTES == 300 * 2**20
    with pytest.raises(BadInput, match=r"Biggest: weights\.bin \(300\.0 MiB\), train"):
        take(code)


def test_amlignore_has_gitignores_syntax(code: Path) -> None:
    write(code, keep="", data__big="", data__small="", deep__note="")
    (code / ".amlignore").write_text("# a comment\ndata/*\n!data/small\n**/note\n")
    assert names(code) == [".amlignore", "data/small", "keep"]


def test_with_an_amlignore_the_gitignore_is_not_read(code: Path) -> None:
    write(code, one="", two="")
    (code / ".amlignore").write_text("one\n")
    (code / ".gitignore").write_text("two\n")
    assert "two" in names(code)
    assert "one" not in names(code)


def test_without_an_amlignore_the_gitignore_of_the_folder_is_read(code: Path) -> None:
    write(code, one="", two="")
    (code / ".gitignore").write_text("two\n")
    assert names(code) == [".gitignore", "one"]


def test_the_ignore_files_of_parents_are_not_read(code: Path) -> None:
    write(code, one="")
    for name in (".gitignore", ".amlignore"):
        (code.parent / name).write_text("one\n")
    assert names(code) == ["one"]


def test_what_is_excluded_is_out_of_the_digest_too(code: Path) -> None:
    write(code, one="")
    (code / ".amlignore").write_text("big*\n")
    before = take(code).digest
    write(code, big="x")
    assert take(code).digest == before


def test_no_ignore_file_is_written_into_the_users_folder(code: Path) -> None:
    write(code, one="")
    take(code)
    assert [path.name for path in code.iterdir()] == ["one"]


def test_caches_and_version_control_are_left_out_without_being_told(code: Path) -> None:
    folders = {"__pycache__", ".git", ".ipynb_checkpoints", ".venv", "venv", ".runner"}
    for folder in folders:
        (code / folder).mkdir()
        (code / folder / "file").touch()
    write(code, outputs__kept="", docs__kept="")
    assert names(code) == ["docs/kept", "outputs/kept"]

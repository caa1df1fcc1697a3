"""``runner gc`` and ``runner keep`` over a workspace in a folder."""

from __future__ import annotations

import json
import os
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from runner.cli.main import main
from runner.override import override
from runner.storage.directory import DirectoryStore
from runner.wiring import known_workspaces
from runner.wiring.known_workspaces import KnownWorkspace
from tests.support.stored_runs import StoredRun, run_id

LONG_AGO = datetime(2026, 1, 2, tzinfo=timezone.utc)


@pytest.fixture(autouse=True)
def _apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "project").mkdir()
    monkeypatch.chdir(tmp_path / "project")
    monkeypatch.setenv("RUNNER_CONFIG", str(tmp_path / "none.yaml"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


class Aged(DirectoryStore):
    """A folder store of long ago."""

    @override
    def now(self) -> datetime:
        return LONG_AGO


def _runs(project: Path, count: int = 2) -> list[str]:
    store = Aged(project / ".runner")
    runs = [StoredRun(store, run_id(LONG_AGO + timedelta(days=n), n)).whole() for n in range(count)]
    for path in (project / ".runner").rglob("*"):
        os.utime(path, (LONG_AGO.timestamp(), LONG_AGO.timestamp()))
    return runs


def _files(project: Path) -> list[Path]:
    return [path for path in (project / ".runner").rglob("*") if path.is_file()]


def _json(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> Any:
    assert main(["gc", *words, "--json"]) == code
    return json.loads(capsys.readouterr().out)


def test_nothing_is_deleted_by_default(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = _runs(tmp_path / "project")
    before = _files(tmp_path / "project")
    assert main(["gc", "--keep-last", "1"]) == 0
    shown = capsys.readouterr().out
    assert first in shown
    assert second not in shown
    assert "kept: 1 run: 1 among the newest 1 runs" in shown
    assert "delete it: runner gc --yes" in shown
    assert _files(tmp_path / "project") == before


def test_with_yes_the_old_runs_go_and_the_kept_one_stays(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = _runs(tmp_path / "project")
    assert main(["keep", first]) == 0
    assert "is kept" in capsys.readouterr().out
    kept = tmp_path / "project" / ".runner" / "runs" / first / "kept"
    os.utime(kept, (LONG_AGO.timestamp(), LONG_AGO.timestamp()))
    found = _json(capsys, "--yes", "--keep-last", "0")
    assert [each["run"] for each in found["runs"]] == [second]
    assert found["runs"][0]["outputs"] == 12
    assert found["kept"] == {first: "kept by runner keep"}
    assert not [path for path in _files(tmp_path / "project") if second in str(path)]
    assert main(["keep", first, "--off"]) == 0
    capsys.readouterr()
    assert main(["gc", "--yes", "--keep-last", "0"]) == 0
    assert "deleted" in capsys.readouterr().out
    assert _files(tmp_path / "project") == []
    assert not list((tmp_path / "project" / ".runner").rglob(f"*{first}*"))  # nor an empty folder
    assert main(["gc", "--yes"]) == 0
    assert "nothing to delete" in capsys.readouterr().out


def test_the_file_states_what_is_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _runs(tmp_path / "project")
    assert _json(capsys)["runs"] == []
    (tmp_path / "project" / "runner.yaml").write_text("keep: {runs: 30d, last: 1}")
    assert len(_json(capsys)["runs"]) == 1
    assert _json(capsys, "--keep-days", "100000", "--keep-last", "0")["runs"] == []


def test_another_workspace_of_this_machine_keeps_what_it_reads(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = _runs(tmp_path / "project")
    other = tmp_path / "other"
    theirs = DirectoryStore(other / ".runner")
    theirs.put("registry/datasets/d/00000001.json", f'{{"path": "azureml/{first}.a/out"}}'.encode())
    known_workspaces.remember(tmp_path / "cache" / "runner", KnownWorkspace(str(other), ""))
    found = _json(capsys, "--keep-last", "0")
    assert [each["run"] for each in found["runs"]] == [second]
    (other / "runner.yaml").write_text("targets: [")
    assert main(["gc", "--keep-last", "0", "--yes"]) == 2
    assert "another workspace cannot be read" in capsys.readouterr().err


def test_work_folders_and_logs_of_ended_runs_go(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = _runs(tmp_path / "project")
    work, logs = tmp_path / "project" / ".runner" / "work", tmp_path / "cache" / "runner" / "controllers"
    for path in (work / first / "a.1" / "x", work / "spare" / "x", logs / f"{second}.log", logs / "other.txt"):
        path.parent.mkdir(parents=True) if not path.parent.exists() else None
        path.write_text("12345")
        for one in (path, path.parent, *path.parent.parents[:2]):
            os.utime(one, (LONG_AGO.timestamp(), LONG_AGO.timestamp()))
    found = _json(capsys, "--yes")
    counted = {each["what"]: each["count"] for each in found["others"]}
    assert counted == {"work folder": 1, "log of a controller": 1, "unfinished upload": 0}
    assert not (work / first).exists()
    assert (work / "spare" / "x").exists()
    assert [path.name for path in logs.iterdir()] == ["other.txt"]


@pytest.mark.parametrize("words", [["--keep-days", "-1"], ["--keep-last", "-1"], ["--keep-days", "nan"], ["RUN"]])
def test_nonsense_is_refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["gc", *words])
    assert ended.value.code == 2
    assert "usage: runner gc" in capsys.readouterr().err

"""``runner environment list | gc`` over virtual environments of the cache folder."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from runner.cli.main import main
from runner.images.venv_folder import READY
from runner.storage.directory import DirectoryStore
from runner.wiring import known_workspaces
from runner.wiring.known_workspaces import KnownWorkspace
from tests.support import sample_run as sample
from tests.support.fake_venv import OLD, add_run, made_venv


@pytest.fixture(autouse=True)
def _apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "project").mkdir()
    monkeypatch.chdir(tmp_path / "project")
    monkeypatch.setenv("RUNNER_CONFIG", str(tmp_path / "none.yaml"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "runner"


def _store(project: Path) -> DirectoryStore:
    return DirectoryStore(project / ".runner")


def _json(capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    assert main(["environment", *words, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_without_environments_the_way_to_make_some_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["environment", "list"]) == 0
    assert "runner environment build FILE" in capsys.readouterr().err
    assert main(["environment", "gc"]) == 0
    assert "nothing to delete" in capsys.readouterr().out


def test_the_list_names_the_runs(tmp_path: Path, cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
    used, free = made_venv(cache / "envs", "a" * 16), made_venv(cache / "envs", "b" * 16)
    add_run(_store(tmp_path / "project"), used)
    assert main(["environment", "list"]) == 0
    head, first, second, folder = capsys.readouterr().out.splitlines()
    assert head.split() == ["environment", "name", "lock", "size", "made", "used", "by"]
    assert first.split() == ["a" * 16, "sklearn", "5f3c", "1.1", "KiB", "2026-01-02", "00:00", "1", "run:", "klmnop"]
    assert second.split() == ["b" * 16, "5f3c", "1.1", "KiB", "2026-01-02", "00:00", "no", "run"]
    assert folder == f"in {cache / 'envs'}"
    assert max(len(line) for line in (head, first, second)) <= 80
    found = _json(capsys, "list")
    assert found["target"] == "local"
    assert [(each["reference"], each["runs"]) for each in found["environments"]] == [(used, [sample.RUN]), (free, [])]
    assert found["environments"][0]["bytes"] > 1000


def test_an_interrupted_environment_is_marked(cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
    python = made_venv(cache / "envs", "a" * 16)
    (Path(python).parents[1] / READY).unlink()
    assert main(["environment", "list"]) == 0
    assert "(unfinished)" in capsys.readouterr().out
    (found,) = _json(capsys, "list")["environments"]
    assert found["complete"] is False


def test_nothing_is_deleted_without_yes_and_only_what_is_free_with_it(
    tmp_path: Path, cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    used, free = made_venv(cache / "envs", "a" * 16), made_venv(cache / "envs", "b" * 16)
    add_run(_store(tmp_path / "project"), used)
    assert main(["environment", "gc"]) == 0
    assert "1 environment, 1.1 KiB; delete them: runner environment gc --yes" in capsys.readouterr().out
    assert Path(free).exists()
    found = _json(capsys, "gc", "--yes")
    assert [(each["reference"], each["deleted"]) for each in found["environments"]] == [(free, True)]
    assert Path(used).exists()
    assert not Path(free).exists()


def test_the_age_of_runs_can_be_limited(tmp_path: Path, cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
    used = made_venv(cache / "envs", "a" * 16)
    add_run(_store(tmp_path / "project"), used)
    assert _json(capsys, "gc")["environments"] == []
    assert [each["reference"] for each in _json(capsys, "gc", "--keep-days", "0")["environments"]] == [used]


def test_runs_of_other_workspaces_on_this_machine_count(
    tmp_path: Path, cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    used = made_venv(cache / "envs", "a" * 16)
    (tmp_path / "other").mkdir()
    add_run(_store(tmp_path / "other"), used)
    known_workspaces.remember(cache, KnownWorkspace(str(tmp_path / "other"), ""))
    assert _json(capsys, "gc", "--yes")["environments"] == []
    (tmp_path / "other").rename(tmp_path / "gone")
    assert [each["reference"] for each in _json(capsys, "gc")["environments"]] == [used]


def test_nothing_is_deleted_while_a_workspace_cannot_be_read(
    tmp_path: Path, cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    free = made_venv(cache / "envs", "a" * 16, at=OLD)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "runner.yaml").write_text("targets: [")
    other = KnownWorkspace(str(tmp_path / "other"), "")
    known_workspaces.remember(cache, other)
    assert main(["environment", "gc", "--yes"]) == 2
    shown = capsys.readouterr().err
    assert "the runs of another workspace cannot be read" in shown
    assert known_workspaces.place_of(cache, other) in shown
    assert Path(free).exists()


def test_locks_of_no_run_are_deleted_when_they_are_old(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = _store(tmp_path / "project")
    used = next(iter(sample.PLAN.environments.values())).spec.digest
    old, young, kept = (f"environments/locks/{digest}/3.11-any.json" for digest in ("aa", "bb", used))
    add_run(store, "image:1")
    for key in (old, young, kept):
        store.put(key, b"{}")
        if key != young:
            os.utime(store.path(key), (OLD.timestamp(), OLD.timestamp()))
    assert main(["environment", "gc"]) == 0
    assert "1 stored document" in capsys.readouterr().out
    assert [each["key"] for each in _json(capsys, "gc", "--yes")["objects"]] == [old]
    assert [each.key for each in store.list("environments/")] == sorted([young, kept])

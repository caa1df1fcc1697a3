"""``runner data`` over the folder of a workspace."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from runner.cli.main import main
from runner.storage.directory import DirectoryStore
from tests.support import stored_run

FILES = {"a.csv": b"1", "more/b.csv": b"22"}
Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DirectoryStore:
    """The workspace's store. A second datastore is called lake."""
    (tmp_path / "project").mkdir()
    monkeypatch.chdir(tmp_path / "project")
    monkeypatch.setenv("RUNNER_CONFIG", str(tmp_path / "none.yaml"))
    Path("runner.yaml").write_text(f"datastores:\n  lake: {{type: folder, path: {tmp_path}/lake}}\n")
    return DirectoryStore(tmp_path / "project" / ".runner")


def said(capsys: Capture, *words: str, code: int = 0) -> list[str]:
    assert main(["data", *words]) == code
    return capsys.readouterr().out.splitlines()


def document(capsys: Capture, *words: str, code: int = 0) -> Any:
    assert main(["data", *words, "--json"]) == code
    return json.loads(capsys.readouterr().out)


def test_data_goes_in_and_comes_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in" / "sub").mkdir(parents=True)
    (tmp_path / "in" / "a.txt").write_text("aa")
    (tmp_path / "in" / "sub" / "b.txt").write_text("bbb")
    assert main(["data", "put", "in", "raw/set"]) == 0
    assert main(["data", "put", "in/a.txt", "raw/"]) == 0
    capsys.readouterr()
    assert main(["data", "ls", "raw", "--json"]) == 0
    files = json.loads(capsys.readouterr().out)["files"]
    assert {file["key"]: file["bytes"] for file in files} == {
        "raw/a.txt": 2,
        "raw/set/a.txt": 2,
        "raw/set/sub/b.txt": 3,
    }
    assert main(["data", "get", "raw/set", "out"]) == 0
    assert (tmp_path / "out" / "sub" / "b.txt").read_text() == "bbb"
    assert main(["data", "get", "raw/a.txt", "."]) == 0
    assert (tmp_path / "a.txt").read_text() == "aa"


def test_files_go_up_across_and_down_and_away(tmp_path: Path, capsys: Capture) -> None:
    for name, content in FILES.items():
        (tmp_path / "mine" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "mine" / name).write_bytes(content)
    assert said(capsys, "put", str(tmp_path / "mine"), "raw") == ["2 files, 3 B → raw"]
    assert said(capsys, "put", str(tmp_path / "mine"), "raw") == ["0 files, 0 B → raw; 2 files unchanged"]
    assert said(capsys, "cp", "raw/**/*.csv", "lake:kept") == ["2 files, 3 B → lake:kept"]
    assert said(capsys, "ls", "lake:") == ["1 B  kept/a.csv", "2 B  kept/more/b.csv"]
    assert said(capsys, "ls", "ke", "--datastore", "lake") == said(capsys, "ls", "lake:kept")
    assert said(capsys, "du", "lake:kept") == ["2 B  1 file  kept/more/", "1 B  1 file  kept/a.csv", "2 files, 3 B"]
    assert document(capsys, "get", "lake:kept/*", str(tmp_path / "got")) == {"files": 1, "bytes": 1}
    assert (tmp_path / "got" / "a.csv").read_bytes() == b"1"
    assert said(capsys, "rm", "lake:kept/**") == [
        "1 B  kept/a.csv",
        "2 B  kept/more/b.csv",
        "",
        "2 files, 3 B; delete them: add --yes",
    ]
    assert said(capsys, "rm", "lake:kept/**", "--yes") == ["deleted 2 files, 3 B"]
    assert document(capsys, "ls", "lake:") == {"datastore": "lake", "files": []}
    assert main(["data", "rm", "lake:kept", "--yes"]) == 2
    assert "nothing lies at 'lake:kept'" in capsys.readouterr().err


def test_a_registered_dataset_is_named_before_its_files_are_deleted(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "a.csv").write_text("x\n1\n")
    said(capsys, "put", str(tmp_path / "a.csv"), "raw/")
    assert main(["dataset", "register", "sales", "--delimited", "raw/*.csv"]) == 0
    capsys.readouterr()
    assert main(["data", "rm", "raw"]) == 0
    assert "the registered dataset 'sales' reads some of these files" in capsys.readouterr().err
    assert document(capsys, "rm", "raw")["datasets"] == ["sales"]


def test_a_run_is_listed_downloaded_compared_and_checked(
    tmp_path: Path, capsys: Capture, store: DirectoryStore
) -> None:
    stored_run.store_run(store, {"prep": FILES}, folders=("empty",))
    stored_run.store_run(store, {"prep": {**FILES, "a.csv": b"9"}}, stored_run.LATER, folders=("empty",))
    first, later = stored_run.RUN[-6:], stored_run.LATER[-6:]
    assert said(capsys, "ls", f"run:{first}") == ["1 B  prep/out/a.csv", "2 B  prep/out/more/b.csv"]
    assert said(capsys, "get", f"run:{first}/prep/out", str(tmp_path / "got"))[0].startswith("2 files, 3 B → ")
    assert (tmp_path / "got" / "empty").is_dir()
    assert said(capsys, "diff", first, later, code=1) == ["prep: output out  differs in 1 file", "    ~ a.csv  1 B"]
    (found,) = document(capsys, "diff", first, later, "prep", code=1)["data"]
    assert found["files"] == [{"path": "a.csv", "before": 1, "after": 1}]
    assert said(capsys, "verify", first, "--quick")[-1].endswith("all as committed")
    store.put(stored_run.key_of("prep", "a.csv"), b"2")
    assert "prep/out/a.csv has other content" in said(capsys, "verify", first, code=1)
    assert {"what": "prep/out/a.csv", "problem": "has other content"} in document(capsys, "verify", first, code=1)[
        "findings"
    ]
    assert main(["data", "diff", first, first]) == 2
    assert "are the same run" in capsys.readouterr().err


def test_a_datastore_that_is_not_configured_is_named(capsys: Capture) -> None:
    assert main(["data", "ls", "lak:raw"]) == 2
    assert "there is no datastore 'lak'" in capsys.readouterr().err

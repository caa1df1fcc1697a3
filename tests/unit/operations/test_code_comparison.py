"""The differences between snapshots of code."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.data import packing, snapshot
from runner.operations import code_comparison
from runner.operations.code_comparison import FileChange, compare_code
from runner.operations.differences import Difference, source_differences
from tests.support.memory_store import MemoryStore


def kept(store: MemoryStore, folder: Path, files: dict[str, bytes], executable: str = "") -> str:
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
        (folder / path).chmod(0o755 if path == executable else 0o644)
    return packing.keep(store, snapshot.take(folder))


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


def by_path(changes: tuple[FileChange, ...]) -> dict[str, FileChange]:
    return {change.path: change for change in changes}


def test_files_that_differ_with_a_diff_of_text(store: MemoryStore, tmp_path: Path) -> None:
    old = {"same.py": b"x = 1\n", "train.py": b"a = 1\nb = 2\n", "gone.txt": b"bye\n", "model.bin": b"\0\1"}
    new = {"same.py": b"x = 1\n", "train.py": b"a = 1\nb = 3\n", "lib/new.py": b"y = 2\n", "model.bin": b"\0\2"}
    found = compare_code(store, kept(store, tmp_path / "old", old), kept(store, tmp_path / "new", new))
    assert found.note == ""
    known = by_path(found.files)
    assert [(path, change.kind) for path, change in known.items()] == [
        ("gone.txt", "removed"),
        ("lib/new.py", "added"),
        ("model.bin", "changed"),
        ("train.py", "changed"),
    ]
    assert known["train.py"].diff == (
        "--- a/train.py",
        "+++ b/train.py",
        "@@ -1,2 +1,2 @@",
        " a = 1",
        "-b = 2",
        "+b = 3",
    )
    assert (known["model.bin"].diff, known["model.bin"].note) == ((), "it is no text")
    assert known["lib/new.py"].diff[-1] == "+y = 2"
    assert known["gone.txt"].after is None
    assert known["gone.txt"].before is not None
    assert known["gone.txt"].before.bytes == 4


def test_a_permission_and_line_ends_are_differences_too(store: MemoryStore, tmp_path: Path) -> None:
    old = kept(store, tmp_path / "old", {"run.sh": b"#!/bin/sh\n", "dos.txt": b"a\nb\n"})
    new = kept(store, tmp_path / "new", {"run.sh": b"#!/bin/sh\n", "dos.txt": b"a\r\nb\r\n"}, "run.sh")
    known = by_path(compare_code(store, old, new).files)
    assert known["run.sh"].note == "only the permission to execute it differs"
    assert known["dos.txt"].note == "only line ends differ"
    told = [each for each in source_differences(store, old, new) if each.field == "source run.sh"]
    assert [(each.before.count("executable"), each.after.count("executable")) for each in told] == [(0, 1)]


def test_diffs_are_bounded(store: MemoryStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(code_comparison, "DIFF_LINES", 10)
    monkeypatch.setattr(code_comparison, "DIFF_BYTES", 500)
    monkeypatch.setattr(code_comparison, "ALL_LINES", 12)
    old = kept(store, tmp_path / "old", {"a.txt": b"", "b.txt": b"", "c.txt": b""})
    new = kept(store, tmp_path / "new", {"a.txt": b"x\n" * 30, "b.txt": b"y\n" * 30, "c.txt": b"z" * 501})
    known = by_path(compare_code(store, old, new).files)
    assert (len(known["a.txt"].diff), known["a.txt"].note) == (10, "the diff is longer than 10 lines")
    assert (len(known["b.txt"].diff), known["b.txt"].note) == (
        2,
        "the rest of the diff is left out: the diffs are long",
    )
    assert known["c.txt"].note == "it is larger than 0 KiB"


def test_a_secret_in_an_address_is_hidden(store: MemoryStore, tmp_path: Path) -> None:
    old = kept(store, tmp_path / "old", {"pip.conf": b"index-url = https://ann:hunter2@pypi.example/simple\n"})
    new = kept(store, tmp_path / "new", {"pip.conf": b"index-url = https://ann:hunter3@pypi.example/simple\n"})
    (change,) = compare_code(store, old, new).files
    assert "hunter" not in "".join(change.diff)


def test_a_snapshot_that_is_gone_is_told(store: MemoryStore, tmp_path: Path) -> None:
    here = kept(store, tmp_path / "old", {"a.txt": b"x"})
    assert compare_code(store, here, here).files == ()
    assert compare_code(store, here, "f" * 64).note == "a snapshot is no longer in the store, or is damaged"
    assert [each.field for each in source_differences(store, here, "f" * 64)] == ["source"]
    assert list(source_differences(store, here, "f" * 64)) == [
        Difference("source", "its earlier content is no longer there to compare", "")
    ]


def test_code_in_place_of_none(store: MemoryStore, tmp_path: Path) -> None:
    found = compare_code(store, "", kept(store, tmp_path, {"a.py": b"x\n"}), diffs=False)
    assert [(change.path, change.kind, change.diff) for change in found.files] == [("a.py", "added", ())]

from __future__ import annotations

import os
from pathlib import Path

import pytest

from runner.data import snapshot
from runner.data.packing import pack
from runner.data.snapshot import take
from runner.errors import BadInput


def make(folder: Path, **files: str) -> Path:
    """A folder of files; ``__`` in a name is a slash, and ``_dot_`` a dot."""
    for name, text in files.items():
        path = folder / name.replace("_dot_", ".").replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def paths(folder: Path) -> list[str]:
    return [file.path for file in take(folder).files]


def test_equal_content_has_one_digest_wherever_and_whenever(tmp_path: Path) -> None:
    one = make(tmp_path / "one", a_dot_py="a", deep__b_dot_py="b")
    other = make(tmp_path / "other", deep__b_dot_py="b", a_dot_py="a")
    os.utime(other / "a.py", (1, 1))
    (other / "empty").mkdir()
    make(other, __pycache____a_dot_pyc="x", _dot_git__HEAD="x", _dot_runner__store_dot_json="x", venv__x="x")
    make(other / "mine", pyvenv_dot_cfg="", lib__x_dot_py="x")
    assert take(one).digest == take(other).digest
    assert pack(take(one)) == pack(take(other))
    assert take(one).bytes == 2


def test_a_change_of_name_mode_or_content_changes_the_digest(tmp_path: Path) -> None:
    folder = make(tmp_path, a_dot_py="a")
    seen = {take(folder).digest}
    (folder / "a.py").chmod(0o755)
    seen.add(take(folder).digest)
    (folder / "a.py").write_text("b")
    seen.add(take(folder).digest)
    (folder / "a.py").rename(folder / "b.py")
    seen.add(take(folder).digest)
    assert len(seen) == 4


def test_ignore_rules(tmp_path: Path) -> None:
    folder = make(tmp_path, a_dot_py="", data__big="", data__keep="", notes_dot_txt="")
    everything = ["a.py", "data/big", "data/keep", "notes.txt"]
    assert paths(folder) == everything
    make(folder, _dot_gitignore="*.txt\n# a comment\n\ndata/*\n!data/keep\n")
    assert paths(folder) == [".gitignore", "a.py", "data/keep"]
    make(folder, _dot_amlignore="data/\n")
    assert paths(folder) == [".amlignore", ".gitignore", "a.py", "notes.txt"]


def test_links_within_the_folder_are_followed(tmp_path: Path) -> None:
    folder = make(tmp_path, a_dot_py="a", lib__b_dot_py="b")
    (folder / "c.py").symlink_to("a.py")
    (folder / "more").symlink_to("lib")
    (folder / "lib" / "up").symlink_to("..")
    (folder / "broken").symlink_to("nothing")
    assert paths(folder) == ["a.py", "c.py", "lib/b.py", "more/b.py"]


@pytest.mark.parametrize("outside", ["file.txt", "folder"])
def test_links_out_of_the_folder_are_refused_by_name(tmp_path: Path, outside: str) -> None:
    make(tmp_path, file_dot_txt="secret", folder__x="secret")
    folder = make(tmp_path / "code", a_dot_py="a")
    (folder / "out").symlink_to(tmp_path / outside)
    with pytest.raises(BadInput, match="the link out leads out of the source directory") as caught:
        take(folder)
    assert ".amlignore" in caught.value.problems[0].remedy
    make(folder, _dot_amlignore="out\n")
    assert paths(folder) == [".amlignore", "a.py"]


def test_a_name_that_is_no_text_is_refused(tmp_path: Path) -> None:
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.py")).touch()
    with pytest.raises(BadInput, match="is not UTF-8"):
        take(tmp_path)


def test_too_many_files_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshot, "MAX_FILES", 2)
    folder = make(tmp_path, a="", b="", c="")
    with pytest.raises(BadInput, match="3 files"):
        take(folder)
    monkeypatch.setenv("AML_SNAPSHOT_NO_FILE_LIMIT", "1")
    assert len(take(folder).files) == 3


def test_too_many_bytes_are_refused_naming_the_biggest_before_they_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make(tmp_path, small="x")
    for number in range(1, 7):
        with (folder / f"big{number}").open("wb") as file:
            file.truncate(number << 40)  # a hole: there is no such disk
    with pytest.raises(BadInput) as caught:
        take(folder)
    (problem,) = caught.value.problems
    assert "Biggest: big6 (6291456.0 MiB), big5" in problem.what
    assert "small" not in problem.what
    assert problem.where == str(folder)


@pytest.mark.parametrize(
    ("content", "what", "where"),
    [
        (b"*.csv\n!\n", "the pattern '!' cannot be read", ".amlignore:2"),
        (b"a\\\n", "the pattern 'a\\\\' cannot be read", ".amlignore:1"),
        (b"[z-a]\n", "the pattern '[z-a]' cannot be read", ".amlignore:1"),
        (b"\xff\n", ".amlignore cannot be read: it is not UTF-8 text", ".amlignore"),
    ],
)
def test_an_ignore_file_that_cannot_be_read_names_its_line(
    tmp_path: Path, content: bytes, what: str, where: str
) -> None:
    (tmp_path / ".amlignore").write_bytes(content)
    with pytest.raises(BadInput) as caught:
        take(tmp_path)
    (problem,) = caught.value.problems
    assert problem.what == what
    assert problem.where == str(tmp_path / where)


def test_an_ignore_file_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    make(tmp_path, a_dot_csv="", a_dot_py="")
    (tmp_path / ".amlignore").write_bytes(b"\xef\xbb\xbf*.csv\n")
    assert paths(tmp_path) == [".amlignore", "a.py"]


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("../beside.py", "does not lie in the source directory"),
        ("deep/../../beside.py", "does not lie in the source directory"),
        ("ABSOLUTE", "does not lie in the source directory"),
        ("absent.py", "does not exist"),
        ("ignored.py", "is left out of the snapshot by an ignore file"),
        ("quiet/run.py", "is left out of the snapshot by an ignore file"),
        (".git/run.py", "lies in a folder that no snapshot holds"),
        ("deep/../good.py", ""),
        ("deep/good.py", ""),
    ],
)
def test_a_script_that_its_snapshot_will_not_hold(tmp_path: Path, script: str, words: str) -> None:
    folder = tmp_path / "source"
    files = ["good.py", "deep/good.py", "ignored.py", "quiet/run.py", ".git/run.py", "../beside.py"]
    for name in files:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("")
    (folder / ".amlignore").write_text("ignored.py\nquiet/\n")
    given = str(folder / "good.py") if script == "ABSOLUTE" else script
    problem = snapshot.script_problem(folder, given)
    assert problem is not None if words else problem is None
    assert words in (problem.what if problem else "")
    held = {file.path for file in snapshot.take(folder).files}
    assert (os.path.normpath(given) in held) == (not words)

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from runner.backports import is_below, md5, without_prefix, without_suffix


@pytest.mark.parametrize(
    ("text", "part", "before", "after"),
    [("abcab", "ab", "cab", "abc"), ("abc", "x", "abc", "abc"), ("abc", "", "abc", "abc"), ("ab", "ab", "", "")],
)
def test_a_prefix_and_a_suffix_are_taken_off_once(text: str, part: str, before: str, after: str) -> None:
    assert (without_prefix(text, part), without_suffix(text, part)) == (before, after)


@pytest.mark.parametrize(
    ("path", "folder", "below"),
    [("/a/b", "/a", True), ("/a", "/a", True), ("/ab", "/a", False), ("/a", "/a/b", False), ("a/b", "/a", False)],
)
def test_a_path_lies_below_a_folder_of_whole_names(path: str, folder: str, below: bool) -> None:
    assert is_below(Path(path), Path(folder)) is below


def test_md5_is_the_standard_librarys() -> None:
    assert md5(b"abc").hexdigest() == hashlib.md5(b"abc").hexdigest()

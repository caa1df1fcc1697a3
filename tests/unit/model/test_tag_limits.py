from __future__ import annotations

import pytest

from runner.model.tag_limits import LONGEST, MOST, listed, tag_problems


@pytest.mark.parametrize(
    "tags", [{}, {"a": "b"}, {"a": "x" * (LONGEST - 1)}, {str(n): "x" * 6_000 for n in range(10)}, {"a": "\ud800"}]
)
def test_ordinary_tags_are_taken(tags: dict[str, str]) -> None:
    assert list(tag_problems(tags)) == []


@pytest.mark.parametrize(
    ("tags", "words"),
    [
        ({"a": "x" * LONGEST}, ["the tag 'a' has"]),
        ({"a": "é" * (LONGEST // 2)}, ["the tag 'a' has"]),
        ({"n" * 9_000: ""}, ["the tag 'nnn"]),
        ({str(n): "x" * 7_000 for n in range(10)}, ["the tags have 70010 bytes"]),
        ({"a": "x" * MOST, "b": ""}, ["the tag 'a'", "the tags have"]),
    ],
)
def test_long_tags_are_refused(tags: dict[str, str], words: list[str]) -> None:
    found = [problem.what for problem in tag_problems(tags)]
    assert len(found) == len(words)
    assert all(what.startswith(word) for what, word in zip(found, words, strict=True))


def test_a_list_of_names_fits_into_a_tag() -> None:
    assert listed(["a", "b"]) == "a, b"
    assert listed([]) == ""
    long = listed(["é" * 500] * 100)
    assert long.endswith(", and 96 more")
    assert not list(tag_problems({"changed_files": long}))

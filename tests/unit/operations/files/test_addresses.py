"""What the words of a command line mean as addresses of files."""

from __future__ import annotations

import pytest

from runner.errors import BadInput
from runner.operations.files.addresses import DatastoreAddress, RunAddress, has_glob, parse


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("", DatastoreAddress("lake", "", below=True)),
        ("/", DatastoreAddress("lake", "", below=True)),
        ("raw/a.csv", DatastoreAddress("lake", "raw/a.csv")),
        ("/raw/", DatastoreAddress("lake", "raw", below=True)),
        ("other:raw/*.csv", DatastoreAddress("other", "raw/*.csv")),
        ("other:", DatastoreAddress("other", "", below=True)),
        ("lake:12:30.csv", DatastoreAddress("lake", "12:30.csv")),
        ("raw/12:30.csv", DatastoreAddress("lake", "raw/12:30.csv")),
        ("my-lake:raw", DatastoreAddress("lake", "my-lake:raw")),
        ("run:latest", RunAddress("latest", "")),
        ("run:abc/train/model/", RunAddress("abc", "train/model")),
        ("run:abc/*/model/**", RunAddress("abc", "*/model/**")),
    ],
)
def test_every_form_of_an_address(text: str, address: object) -> None:
    assert parse(text, "lake") == address


@pytest.mark.parametrize("text", ["../x", "a//b", "a/../../x", "./a", "lake:a/./b", "run:latest/../x"])
def test_what_is_no_key_is_told_as_such(text: str) -> None:
    with pytest.raises(BadInput, match="is no place in a datastore"):
        parse(text, "lake")


@pytest.mark.parametrize("text", ["run:", "run:/train"])
def test_an_address_of_a_run_names_the_run(text: str) -> None:
    with pytest.raises(BadInput, match=r"names no run.*\n.*run:RUN/STEP"):
        parse(text, "lake")


def test_brackets_are_no_pattern() -> None:
    assert [text for text in ("a*", "a?", "a[1]", "**/b", "a") if has_glob(text)] == ["a*", "a?", "**/b"]

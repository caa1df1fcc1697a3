"""Which files a path or a glob chooses, and the space that they use."""

from __future__ import annotations

import pytest

from runner.operations.files.selection import FoundFile, FoundFiles, chosen
from runner.operations.files.usage import Usage, usage

SIZES = {"a": 1, "data/2020/x.csv": 10, "data/2020/y.txt": 20, "data/2021/deep/z.csv": 40, "data2/w.csv": 80}
FILES = [FoundFile(path=path, datastore="lake", key=path, size=size) for path, size in SIZES.items()]


def paths(found: FoundFiles) -> list[str]:
    return [found.below(file.path) for file in found.files]


@pytest.mark.parametrize(
    ("path", "below"),
    [
        ("", list(SIZES)),
        ("a", ["a"]),
        ("data", ["2020/x.csv", "2020/y.txt", "2021/deep/z.csv"]),
        ("data/2020/x.csv", ["x.csv"]),
        ("data/*/*.csv", ["2020/x.csv"]),
        ("data/**/*.csv", ["2020/x.csv", "2021/deep/z.csv"]),
        ("data?/*", ["data2/w.csv"]),
        ("data/2020/*", ["x.csv", "y.txt"]),
        ("**/z.csv", ["data/2021/deep/z.csv"]),
        ("dat", []),
        ("data/none", []),
    ],
)
def test_paths_and_globs(path: str, below: list[str]) -> None:
    assert paths(chosen(path, FILES)) == below


def test_a_lone_file_and_a_glob_that_finds_one() -> None:
    assert [chosen(path, FILES).lone for path in ("a", "data2", "data2/*")] == [True, False, False]
    assert [chosen(path, FILES).name for path in ("data/2020", "a", "data/*", "")] == ["2020", "a", "", ""]


def test_empty_folders_come_along_unless_a_glob_chooses() -> None:
    folders = ("data/none", "data2", "else")
    assert chosen("data", FILES, folders).folders == ("data/none",)
    assert chosen("", FILES, folders).folders == ("data/none", "data2", "else")
    assert chosen("data*/**", FILES, folders).folders == ()


@pytest.mark.parametrize(
    ("path", "depth", "used"),
    [
        ("", 1, [Usage("data2/", 1, 80), Usage("data/", 3, 70), Usage("a", 1, 1)]),
        ("data", 1, [Usage("data/2021/", 1, 40), Usage("data/2020/", 2, 30)]),
        ("data/*/*", 2, [Usage("data/2020/y.txt", 1, 20), Usage("data/2020/x.csv", 1, 10)]),
        ("data/2020/x.csv", 1, [Usage("data/2020/x.csv", 1, 10)]),
        ("none", 1, []),
    ],
)
def test_the_space_of_folders_the_largest_first(path: str, depth: int, used: list[Usage]) -> None:
    assert list(usage(chosen(path, FILES), depth)) == used

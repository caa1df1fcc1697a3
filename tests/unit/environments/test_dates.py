from __future__ import annotations

import pytest

from runner.environments.azureml_packages import Brought
from runner.environments.dates import Limit, current_python, limit
from runner.model.times import is_date


def pin(release: str, date: str, *, pinned: bool = True) -> Brought:
    return Brought(requirement="azureml-core", name="azureml-core", release=release, date=date, pinned=pinned)


OLD, NEW = pin("1.27.0", "2021-04-19"), pin("1.30.0", "2021-06-07")
OPEN = pin("1.62.0", "2026-02-25", pinned=False)


def test_a_stated_date_precedes_all_others() -> None:
    assert limit("2022-02-02", (3, 6), [OLD]) == Limit("2022-02-02")


def test_the_newest_pinned_release_of_azureml_gives_the_date() -> None:
    assert limit("", (3, 6), [OLD, NEW, OPEN]) == Limit("2021-06-07", "the release of azureml-core 1.30.0")


@pytest.mark.parametrize(
    ("python", "date"),
    [
        ((3, 5), "2020-09-30"),
        ((2, 7), "2020-09-30"),
        ((3, 6), "2021-12-31"),
        ((3, 7), "2023-06-30"),
        ((3, 8), "2024-10-31"),
        ((3, 9), "2025-10-31"),
        ((3, 10), ""),
        (None, ""),
    ],
)
def test_an_old_python_gives_the_end_of_its_support(python: tuple[int, int] | None, date: str) -> None:
    assert limit("", python, [OPEN]).date == date


@pytest.mark.parametrize(
    ("date", "python"),
    [
        ("2018-01-01", (3, 8)),
        ("2021-10-04", (3, 8)),
        ("2021-10-05", (3, 9)),
        ("2022-12-01", (3, 10)),
        ("2023-10-24", (3, 11)),
        ("2030-01-01", (3, 11)),
    ],
)
def test_the_python_of_a_date_had_been_released_for_a_year(date: str, python: tuple[int, int]) -> None:
    assert current_python(date) == python


@pytest.mark.parametrize("text", ["2021-06-01", "2024-02-29"])
def test_dates_are_read(text: str) -> None:
    assert is_date(text)


@pytest.mark.parametrize(
    "text", ["", "2021-6-1", "20210601", "2021-13-01", "2023-02-29", "yesterday", "2021-06-01T00:00"]
)
def test_all_else_is_no_date(text: str) -> None:
    assert not is_date(text)

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.model.names import (
    SLUG_LIMIT,
    attempt_folder,
    inverted_time,
    is_run_id,
    job_name,
    new_run_id,
    retry_command,
    run_time,
    short,
    slug,
    step_run_id,
)
from tests.support.builders import T0

LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
"""RFC 1123, a DNS label of at most 63 characters."""
LABEL_VALUE = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
TIMES = st.integers(0, 250 * 10**15).map(lambda us: EPOCH + timedelta(microseconds=us))
ENTROPY = st.binary(min_size=10, max_size=10)
WORDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


@given(WORDS)
def test_a_slug_is_a_label(text: str) -> None:
    assert LABEL.fullmatch(slug(text))
    assert len(slug(text)) <= SLUG_LIMIT
    assert slug(slug(text)) == slug(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Prepare Data", "prepare-data"),
        ("--a__b--", "a-b"),
        ("Ünïcode", "n-code"),
        ("日本", "step"),
        ("", "step"),
        ("x" * 40, "x" * 30),
        ("a" * 29 + " b", "a" * 29),
    ],
)
def test_slugs(text: str, expected: str) -> None:
    assert slug(text) == expected


@given(WORDS, WORDS, WORDS, st.integers(1, 10**6))
def test_a_job_name_is_a_short_label(store: str, run: str, key: str, attempt: int) -> None:
    name = job_name(store, run, key, attempt)
    assert LABEL.fullmatch(name)
    assert len(name) <= 41


@given(st.sets(st.tuples(WORDS, WORDS, WORDS, st.integers(1, 50)), max_size=20))
def test_job_names_tell_attempts_apart(attempts: set[tuple[str, str, str, int]]) -> None:
    assert len({job_name(*attempt) for attempt in attempts}) == len(attempts)


@given(TIMES, TIMES, ENTROPY, ENTROPY)
def test_run_ids_sort_by_time(one: datetime, other: datetime, first: bytes, second: bytes) -> None:
    ids = new_run_id(one, first), new_run_id(other, second)
    assert run_time(ids[0]) == one.replace(microsecond=one.microsecond // 1000 * 1000)
    assert all(map(is_run_id, ids))
    assert all(map(LABEL_VALUE.fullmatch, ids))
    if run_time(ids[0]) < run_time(ids[1]):
        assert ids[0] < ids[1]
        assert inverted_time(ids[0]) > inverted_time(ids[1])


@given(TIMES, st.sets(ENTROPY, min_size=2, max_size=8))
def test_run_ids_of_one_instant_differ(at: datetime, entropies: set[bytes]) -> None:
    assert len({new_run_id(at, entropy) for entropy in entropies}) == len(entropies)


def test_a_run_id_is_said_in_utc() -> None:
    east = T0.astimezone(timezone(timedelta(hours=5)))
    assert new_run_id(east, bytes(10)) == "20260102t030405678z-aaaaaaaaaaaaaaaa"


@pytest.mark.parametrize(("at", "entropy"), [(T0.replace(tzinfo=None), bytes(10)), (T0, bytes(9)), (T0, bytes(11))])
def test_what_makes_no_run_id(at: datetime, entropy: bytes) -> None:
    with pytest.raises(ValueError, match="aware time and 10 bytes"):
        new_run_id(at, entropy)


@pytest.mark.parametrize(
    "text", ["", "latest", "20260102t030405678z-aaaaaaaaaaaaaaa", "20260102t030405678z-AAAAAAAAAAAAAAAA"]
)
def test_what_is_no_run_id(text: str) -> None:
    assert not is_run_id(text)


def test_attempts_write_to_folders_of_their_own() -> None:
    step = step_run_id("run", "key")
    assert [attempt_folder(step, n) for n in (1, 2)] == ["azureml/run.key", "azureml/run.key.2"]


def test_the_end_of_an_id_names_the_run() -> None:
    assert short("20261122t084637123z-abcdefghijklmnop") == "klmnop"
    assert retry_command("20261122t084637123z-abcdefghijklmnop") == "runner retry klmnop --failed"

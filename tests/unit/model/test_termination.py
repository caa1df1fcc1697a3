from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.model.record import Failure
from runner.model.termination import LIMIT, from_message, to_message
from tests.support import builders as b
from tests.support.examples import examples

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=3000)


def test_a_short_record_is_told_whole() -> None:
    record = b.record(artifacts=("outputs/m",), warnings=("w",))
    read = from_message(to_message(record))
    assert read is not None
    assert (read.record, read.whole) == (record, True)


@settings(deadline=None, max_examples=examples(50))
@given(TEXT, TEXT, TEXT)
def test_no_message_is_over_the_limit_and_each_says_what_it_was(reason: str, tail: str, host: str) -> None:
    record = b.record(
        failure=Failure.USER, exit_code=3, reason=reason, tail=tail, host=host, artifacts=("x" * 255,) * 30, remedy=tail
    )
    text = to_message(record)
    assert len(text.encode()) <= LIMIT
    read = from_message(text)
    assert read is not None
    assert not read.whole
    assert (read.record.failure, read.record.exit_code, read.record.ended) == (Failure.USER, 3, record.ended)
    assert tail.endswith(read.record.tail)
    assert reason.startswith(read.record.reason)


def test_as_much_of_the_tail_as_fits_is_told() -> None:
    for letter in ("x", "é", "😀", "\n"):
        read = from_message(to_message(b.record(failure=Failure.USER, tail=letter * 5000)))
        assert read is not None
        assert len(read.record.tail) > 200


@pytest.mark.parametrize(
    "text",
    ["", "Error", "[" * 4096, '{"a":' * 800, "[]", "7", "null", "{}", '{"whole": true}', '{"whole": true, "x": 1}'],
)
def test_other_messages_say_nothing(text: str) -> None:
    assert from_message(text) is None

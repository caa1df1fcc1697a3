from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.server.problems import Refusal
from runner.server.ranges import Span, requested


@pytest.mark.parametrize(
    ("header", "span"),
    [
        ("bytes=0-0", Span(0, 1)),
        ("bytes=0-9", Span(0, 10)),
        ("bytes=0-999", Span(0, 10)),
        ("bytes=3-", Span(3, 10)),
        ("bytes=9-9", Span(9, 10)),
        ("bytes=-3", Span(7, 10)),
        ("bytes=-999", Span(0, 10)),
        ("Bytes=2-4", Span(2, 5)),
        ("", None),
        ("bytes=", None),
        ("bytes=-", None),
        ("bytes=5-3", None),
        ("bytes=0-1,3-4", None),
        ("lines=0-1", None),
        ("bytes=a-b", None),
        ("bytes=+1-2", None),
        ("bytes=\u0661-2", None),
        (f"bytes=0-{'9' * 5000}", None),
        ("bytes = 0-1", None),
    ],
)
def test_one_part_or_the_whole(header: str, span: Span | None) -> None:
    assert requested(header, 10) == span


@pytest.mark.parametrize(
    ("header", "size"), [("bytes=10-", 10), ("bytes=10-20", 10), ("bytes=-0", 10), ("bytes=0-", 0), ("bytes=-5", 0)]
)
def test_a_part_that_does_not_exist_is_refused_with_the_size(header: str, size: int) -> None:
    with pytest.raises(Refusal) as refused:
        requested(header, size)
    assert (refused.value.status, refused.value.headers) == (416, {"Content-Range": f"bytes */{size}"})


@given(st.text(), st.integers(0, 100))
def test_every_text_is_a_part_of_the_file_the_whole_or_refused(text: str, size: int) -> None:
    for header in (text, f"bytes={text}"):
        with suppress(Refusal):
            span = requested(header, size)
            assert span is None or 0 <= span.start < span.end <= size

"""Part arithmetic: parts cover a file once, within S3's limits."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from runner.storage.s3 import multipart

MIB = 1 << 20
LARGEST = 5 << 40
"""Bytes of the largest object of S3."""


@given(st.one_of(st.integers(1, LARGEST), st.integers(0, 60).map(lambda n: max(1, n * multipart.PART + n % 3 - 1))))
def test_parts_cover_a_file_within_the_limits(size: int) -> None:
    parts = multipart.cut(Path("file"), size)
    assert len(parts) <= 10_000
    assert parts[0].offset == 0
    assert parts[-1].offset + parts[-1].length == size
    assert [part.offset for part in parts[1:]] == [part.offset + part.length for part in parts[:-1]]
    assert all(5 * MIB <= part.length <= 5 << 30 for part in parts[:-1])
    assert 0 < parts[-1].length <= parts[0].length

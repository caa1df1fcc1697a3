from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.storage.keys import check_key, check_prefix


@pytest.mark.parametrize(
    "key", ["a", "a.b/..c", ".tmpx/a", "a/.tmp", "x" * 255, "a/.hidden", "a..b", "/".join(["é" * 100] * 5)]
)
def test_keys(key: str) -> None:
    assert check_key(key) == key


@pytest.mark.parametrize("key", ["a/" * 600 + "a", "é" * 128, "x" * 256, "a/" + "x" * 256])
def test_too_long_for_some_store(key: str) -> None:
    with pytest.raises(ValueError, match="too long"):
        check_key(key)


@pytest.mark.parametrize("prefix", ["", "a", "a/", "a/..", "..", ".tm", "a/."])
def test_prefixes(prefix: str) -> None:
    assert check_prefix(prefix) == prefix


@given(st.text(st.sampled_from("a./\0é"), max_size=8))
def test_a_key_is_good_when_its_segments_are(key: str) -> None:
    good = "\0" not in key and all(part not in ("", ".", "..") for part in key.split("/"))
    try:
        check_key(key)
    except ValueError:
        assert not good
    else:
        assert good

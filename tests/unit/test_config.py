from __future__ import annotations

import pytest

from runner.config import BucketConfig, vantages


@pytest.mark.parametrize(
    ("written", "meant"), [("", ""), ("/", ""), ("team", "team/"), ("team/", "team/"), ("/team/a/", "team/a/")]
)
def test_a_prefix_is_a_folder_however_it_is_written(written: str, meant: str) -> None:
    near, far = vantages(BucketConfig("bucket", "http://here", "http://there", written), "test")
    assert (near.prefix, far.prefix) == (meant, meant)
    assert (near.endpoint, far.endpoint) == ("http://here", "http://there")

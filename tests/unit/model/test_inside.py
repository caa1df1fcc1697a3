"""Names from a store that would lead out of a local folder."""

from __future__ import annotations

import pytest

from runner.errors import BadInput
from runner.model.inside import check_inside, is_inside


@pytest.mark.parametrize("path", ["a", "a/b", "...", "a..", ".a/b.", "a b/é", "a\\..\\b"])
def test_a_path_below_the_folder(path: str) -> None:
    assert is_inside(path)
    check_inside([path])


@pytest.mark.parametrize("path", ["", "/", "/etc/x", "a//b", "a/", ".", "./a", "a/.", "..", "../a", "a/../b", "a\0b"])
def test_a_path_that_may_leave_it(path: str) -> None:
    assert not is_inside(path)
    with pytest.raises(BadInput, match="invalid as paths of files"):
        check_inside(["fine", path])


def test_all_are_told_up_to_a_number() -> None:
    with pytest.raises(BadInput, match=r"machine: '/0', '/1', '/2', '/3', '/4', and 2 more"):
        check_inside(f"/{number}" for number in range(7))

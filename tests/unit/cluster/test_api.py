from __future__ import annotations

import pytest

from runner.cluster.api import refusal
from runner.errors import TargetDenied, TargetError, TargetUnreachable


@pytest.mark.parametrize(
    ("status", "error"),
    [(401, TargetDenied), (403, TargetDenied), (409, TargetError), (429, TargetUnreachable), (503, TargetUnreachable)],
)
def test_refusals_say_whose_move_is_next(status: int, error: type[TargetError]) -> None:
    made = refusal(status, b'{"message": "because"}', "GET /x")
    assert type(made) is error
    assert "GET /x" in str(made)
    assert "because" in str(made)


@pytest.mark.parametrize("data", [b"", b"plain", b"[]", b"\xff"])
def test_refusals_in_other_words_are_quoted(data: bytes) -> None:
    assert isinstance(refusal(500, data, "GET /x"), TargetUnreachable)

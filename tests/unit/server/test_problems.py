from __future__ import annotations

import pytest

from runner.errors import (
    BadInput,
    EnvironmentFailed,
    ObjectMissing,
    RunnerError,
    StoreDenied,
    StoreUnreachable,
    TargetDenied,
    TargetUnreachable,
)
from runner.server.problems import refusal_of

INSIDE = "/srv/team/store: https://minio.internal:9000/bucket"


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (StoreUnreachable, 503),
        (TargetUnreachable, 503),
        (EnvironmentFailed, 503),
        (StoreDenied, 500),
        (ObjectMissing, 500),
        (TargetDenied, 500),
        (RunnerError, 500),
    ],
)
def test_addresses_and_files_of_the_server_are_not_for_clients(kind: type[RunnerError], status: int) -> None:
    refusal = refusal_of(kind(INSIDE))
    assert refusal.status == status
    assert refusal.detail
    assert "internal" not in str(refusal.document())


def test_the_words_about_the_input_are_for_clients() -> None:
    refusal = refusal_of(BadInput("no such parameter", "body", "correct it"))
    assert (refusal.status, refusal.detail, refusal.remedy) == (400, "no such parameter", "correct it")

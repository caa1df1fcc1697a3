"""The end of a pool's program that is nobody's failure."""

from __future__ import annotations

import pytest

from runner.model.workers import WorkerKind, Workers, lost_program

POOL, GANG = Workers(kind=WorkerKind.POOL), Workers(kind=WorkerKind.GANG)


@pytest.mark.parametrize(
    ("workers", "code", "lost"),
    [(POOL, 137, True), (POOL, 1, False), (POOL, 139, False), (GANG, 137, False), (None, 137, False)],
)
def test_a_killed_program_of_a_pool_is_lost(workers: Workers | None, code: int, lost: bool) -> None:
    assert bool(lost_program(workers, code)) == lost
    assert not lost or "SIGKILL" in lost_program(workers, code)

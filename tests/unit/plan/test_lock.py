from __future__ import annotations

import pytest

from runner.plan.lock import lock, sources
from tests.support import builders as b

DRAFT = b.plan(
    b.step("a", source="/x", snapshot=""),
    b.step("b", source="/y", snapshot=""),
    b.step("c", source="/x", snapshot=""),
    b.step("d", snapshot="already"),
)


def test_each_source_is_named_once_in_order() -> None:
    assert sources(DRAFT) == ("/x", "/y")


def test_folders_become_snapshots() -> None:
    locked = lock(DRAFT, {"/x": "dx", "/y": "dy"})
    assert [(step.source, step.snapshot) for step in locked.steps] == [
        ("", "dx"), ("", "dy"), ("", "dx"), ("", "already"),
    ]  # fmt: skip
    assert sources(locked) == ()
    assert lock(locked, {}) == locked
    assert locked.digest != DRAFT.digest


def test_every_folder_must_have_one() -> None:
    with pytest.raises(KeyError):
        lock(DRAFT, {"/x": "dx"})

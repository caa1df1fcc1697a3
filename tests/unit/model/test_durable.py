from __future__ import annotations

import pytest

from runner.model.durable import must_survive
from runner.model.task import TaskId, manifest_key, snapshot_key
from runner.runs.head import head_key
from runner.runs.journal import entry_key
from runner.runs.plans import plan_key
from runner.runs.records import reuse_key
from runner.runs.store_format import STORE_KEY


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        (entry_key("r", 1), True),
        (plan_key("ab"), True),
        (STORE_KEY, True),
        ("index/0-r", True),
        ("datasets/names/a/1.json", True),
        (TaskId("r", "step").record, False),
        (TaskId("r", "step").commit, False),
        (TaskId("r", "step").assignment, False),
        (f"{TaskId('r', 'step').logs}00000001.txt", False),
        (head_key("r"), False),
        (reuse_key("ab"), False),
        (manifest_key("ab"), False),
        (snapshot_key("ab"), False),
        ("runs/r", False),
    ],
)
def test_journals_and_registries_must_survive_and_what_is_made_again_need_not(key: str, *, expected: bool) -> None:
    assert must_survive(key) is expected

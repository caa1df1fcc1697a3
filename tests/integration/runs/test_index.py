from __future__ import annotations

import pytest

from runner.model import events as e
from runner.runs import journal, plans
from tests.support import builders as b
from tests.support.memory_store import MemoryStore


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


def test_a_run_is_replayed_from_its_journal(store: MemoryStore) -> None:
    plan = b.plan(b.step("a"))
    plans.save(store, plan)
    assert plans.replay(store, b.RUN) is None
    writer = journal.Writer(store, b.RUN, "c", 0)
    writer.append([e.ControllerStarted("c", "host", 1)], b.at(0))
    assert plans.replay(store, b.RUN) is None
    writer.append([e.RunSubmitted(b.submission(plan)), b.started("a")], b.at(1))
    found = plans.replay(store, b.RUN)
    assert found is not None
    assert (found[0], b.statuses(found[1]), found[1].number) == (plan, {"a": "queued"}, 2)

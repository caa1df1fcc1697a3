"""The report that is written at the end of each run."""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from datetime import timedelta

import pytest

from runner.config.after_run import REPORT, AfterRunConfig
from runner.errors import BadInput
from runner.operations import after_run
from runner.operations.ended_run import EndedRun
from runner.operations.stored_reports import kept
from runner.pages.report import is_report
from runner.wiring import after_run_checks
from runner.wiring.after_run_process import ACTIONS
from tests.support import builders as b
from tests.support.memory_store import MemoryStore
from tests.support.stored_run import RUN, store_run


def no_secret(name: str) -> str:
    raise BadInput(f"there is no secret {name}")


def test_it_lies_in_the_store_and_may_be_made_again() -> None:
    store = MemoryStore()
    view = store_run(store, {"a": {"x.csv": b"x\n1\n"}})
    ended = EndedRun(
        store=store,
        view=view,
        datastore=lambda _: store,
        settings=AfterRunConfig(report=True),
        secret=no_secret,
        workspace="w",
    )
    assert ACTIONS[REPORT](ended) == f"runs/{RUN}/_after/report.html"
    assert ACTIONS[REPORT](ended) == f"runs/{RUN}/_after/report.html"
    found = kept(store, RUN)
    assert found is not None
    assert is_report(found)
    assert b"x.csv" in found


def test_a_missing_package_is_told_before_anything_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    assert list(after_run_checks.package_problems(REPORT)) == []
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    (problem,) = after_run_checks.package_problems(REPORT)
    assert problem.remedy == "pip install 'kube-runner[web]'"


def test_what_a_controller_left_is_told_with_a_remedy() -> None:
    until = b.at(300)
    begun = after_run.Outcome(name=REPORT, state=after_run.BEGUN, time=b.T0, until=until)
    assert after_run.seen(begun, RUN, b.at(310)) == begun
    left = after_run.seen(begun, RUN, b.at(331))
    assert after_run.line(left) == "report was not done: the controller that had begun it is gone"
    assert left.remedy.endswith(f"runner resume {RUN[-6:]}")
    done = after_run.Outcome(name=REPORT, state=after_run.DONE, time=b.T0, until=until)
    assert after_run.seen(done, RUN, b.at(9999)) == done
    store = MemoryStore()
    after_run.write(store, RUN, replace(begun, until=store.now() - timedelta(hours=1)))
    (found,) = after_run.outcomes(store, RUN)
    assert found.state == after_run.LEFT
    stored = after_run.read(store, RUN, REPORT)
    assert stored is not None
    assert stored.state == after_run.BEGUN

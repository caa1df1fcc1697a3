"""The report that is written at the end of each run."""

from __future__ import annotations

import importlib.util

import pytest

from runner.config.after_run import REPORT, AfterRunConfig
from runner.errors import BadInput
from runner.operations.ended_run import EndedRun
from runner.operations.stored_reports import kept
from runner.pages.report import is_report
from runner.wiring import after_run_checks
from runner.wiring.after_run_process import ACTIONS
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

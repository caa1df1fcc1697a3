from __future__ import annotations

from dataclasses import replace

import pytest

from runner.model.run_request import RunRequest
from tests.support.builders import RUN

REQUEST = RunRequest(pipeline="p", experiment="e", tags={"a": "b"})


@pytest.mark.parametrize("parent", ["", RUN, f"{RUN}.train"])
def test_what_the_sdk_asks_for_is_taken(parent: str) -> None:
    assert not list(replace(REQUEST, parent=parent).problems())


@pytest.mark.parametrize(
    ("made", "where"),
    [
        (replace(REQUEST, experiment="a/../b\n"), "experiment"),
        (replace(REQUEST, experiment="e\n"), "experiment"),
        (replace(REQUEST, experiment=""), "experiment"),
        (replace(REQUEST, parent="../../x"), "parent_run_id"),
        (replace(REQUEST, parent=f"{RUN}./../y"), "parent_run_id"),
        (replace(REQUEST, parent=f"{RUN}."), "parent_run_id"),
        (replace(REQUEST, parent=f"{RUN}.."), "parent_run_id"),
        (replace(REQUEST, kind=".."), "kind"),
        (replace(REQUEST, source="Schedule"), "source"),
        (replace(REQUEST, tags={"a": "x" * 900_000}), "tags"),
    ],
)
def test_what_a_step_forges_is_refused(made: RunRequest, where: str) -> None:
    assert {problem.where for problem in made.problems()} == {where}
    assert all(problem.remedy for problem in made.problems())

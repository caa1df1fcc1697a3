"""Experiments and the lists of their runs."""

from __future__ import annotations

import pytest

from runner.sdk import Experiment, Pipeline, PythonScriptStep, Run, Workspace
from runner.sdk.base.exceptions import UserErrorException
from runner.sdk.runs.pipeline_run import PipelineRun


def submitted(ws: Workspace, **tags: object) -> Run:
    return Experiment(ws, "e").submit(Pipeline(ws, [PythonScriptStep("a.py", name="a")]), tags=tags)


def test_tags_from_outside_are_beside_those_of_the_submission(ws: Workspace) -> None:
    run = submitted(ws, a=1, b=2)
    run.tag("c", 3)
    run.set_tags({"a": "changed"})
    run.remove_tags(["b"])
    run.log("score", 0.5)
    run.add_properties({"mine": "x"})
    seen = Run.get(ws, run.id)
    assert isinstance(seen, PipelineRun)
    assert seen.get_tags() == {"a": "changed", "c": "3"}
    assert seen.get_metrics() == {"score": 0.5}
    assert seen.get_properties()["mine"] == "x"
    with pytest.raises(UserErrorException, match="cannot be changed"):
        seen.add_properties({"runType": "other"})

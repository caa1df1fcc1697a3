"""Experiments and the lists of their runs."""

from __future__ import annotations

import pytest

from runner.model import events as e
from runner.sdk import Experiment, Pipeline, PythonScriptStep, Run, ScriptRunConfig, Workspace
from runner.sdk.base.exceptions import UserErrorException
from runner.sdk.runs.pipeline_run import PipelineRun
from tests.support.builders import at, started
from tests.support.fake_session import FakeSession


def submitted(ws: Workspace, **tags: object) -> Run:
    return Experiment(ws, "e").submit(Pipeline(ws, [PythonScriptStep("a.py", name="a")]), tags=tags)


def logged(ws: Workspace, experiment: str = "e") -> Run:
    return Experiment(ws, experiment).start_logging(snapshot_directory=None)


def ids(runs: object) -> list[str]:
    return [run.id for run in runs]  # type: ignore[attr-defined]  # an iterator of runs


def test_all_kinds_of_runs_newest_first(ws: Workspace) -> None:
    old, new = submitted(ws), submitted(ws)
    interactive = logged(ws)
    logged(ws, "other")
    assert ids(Experiment(ws, "e").get_runs()) == [interactive.id, new.id, old.id]
    assert [run.number for run in (old, new, interactive)] == [1, 2, 3]


def test_children_are_listed_when_asked_for(ws: Workspace) -> None:
    top = logged(ws)
    child = top.child_run()
    below = top.submit_child(ScriptRunConfig(".", "a.py"))
    pipeline = submitted(ws)
    experiment = Experiment(ws, "e")
    assert set(ids(experiment.get_runs())) == {pipeline.id, top.id}
    listed = ids(experiment.get_runs(include_children=True))
    assert sorted(listed) == sorted([pipeline.id, f"{pipeline.id}.a-1", top.id, child.id, below.id])


def test_filters(ws: Workspace, session: FakeSession) -> None:
    tagged, plain = submitted(ws, color="red"), submitted(ws)
    interactive = logged(ws)
    interactive.add_properties({"p": "1"})
    plain.tag("late")
    session.tell(tagged.id, e.StepReused("a-1", "x.a-1"))
    session.end(tagged.id)
    experiment = Experiment(ws, "e")
    assert ids(experiment.get_runs(tags={"color": "red"})) == [tagged.id]
    assert ids(experiment.get_runs(tags="late")) == [plain.id]
    assert ids(experiment.get_runs(properties={"p": 1})) == [interactive.id]
    assert set(ids(experiment.get_runs(type="azureml.PipelineRun"))) == {tagged.id, plain.id}
    assert ids(Run.list(experiment, status="Completed")) == [tagged.id]
    assert ids(Run.list(experiment, status="Finished")) == [tagged.id]
    with pytest.raises(TypeError):
        ids(experiment.get_runs(tags=3))


def test_a_steps_run_can_be_told_of_from_outside(ws: Workspace, session: FakeSession) -> None:
    run = submitted(ws)
    assert isinstance(run, PipelineRun)
    session.tell(run.id, started("a-1"), e.AttemptRunning("a-1", at(1)))
    (step,) = run.find_step_run("a")
    step.tag("seen")
    step.display_name = "The step"
    step.upload_file("notes.txt", "a.py")
    (again,) = run.find_step_run("a")
    assert (again.tags, again.display_name) == ({"seen": ""}, "The step")
    assert again.get_file_names() == ["notes.txt", "user_logs/std_log.txt"]
    again.download_file("notes.txt", "copy.py")
    assert ids(run.get_children(tags="seen")) == [step.id]


def test_experiments_are_those_with_runs(ws: Workspace) -> None:
    submitted(ws)
    logged(ws, "other")
    assert list(ws.experiments) == ["e", "other"]
    assert [experiment.name for experiment in Experiment.list(ws)] == ["e", "other"]
    other = ws.experiments["other"]
    other.archive()
    assert [experiment.name for experiment in Experiment.list(ws)] == ["e"]
    assert [experiment.name for experiment in Experiment.list(ws, view_type="ArchivedOnly")] == ["other"]
    assert len(Experiment.list(ws, view_type="All")) == 2
    logged(ws, "other")
    assert other.archived_time is None
    with pytest.raises(UserErrorException, match="view_type"):
        Experiment.list(ws, view_type="Some")


def test_experiments_have_tags_and_properties(ws: Workspace) -> None:
    experiment = Experiment(ws, "e")
    experiment.set_tags({"a": 1})
    experiment.tag("mark")
    experiment.remove_tags("a")
    experiment.add_properties({"p": 1})
    again = Experiment(ws, "e")
    assert again == experiment
    assert (again.tags, again.properties) == ({"mark": ""}, {"p": "1"})
    with pytest.raises(UserErrorException, match="cannot be changed"):
        again.add_properties({"p": 2})
    logged(ws)
    assert [found.name for found in Experiment.list(ws, tags="mark")] == ["e"]
    with pytest.raises(UserErrorException, match="has runs"):
        Experiment.delete(ws, "e")
    Experiment(ws, "empty").tag("x")
    Experiment.delete(ws, "empty")
    assert Experiment(ws, "empty").tags == {}

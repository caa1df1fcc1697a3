"""What is checked when a pipeline is submitted: parameters, snapshots; and what Pipeline refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.data import snapshot
from runner.model.data import DatasetDefinition, DatastorePath
from runner.sdk import (
    DataPath,
    DataPathComputeBinding,
    Dataset,
    DatasetConsumptionConfig,
    Datastore,
    Experiment,
    Pipeline,
    PipelineParameter,
    PythonScriptStep,
    StepSequence,
    Workspace,
)
from runner.sdk.base.exceptions import PipelineInvalid, SnapshotException
from tests.support.fake_session import FakeSession


def test_an_unknown_parameter_is_named(ws: Workspace, session: FakeSession) -> None:
    pipeline = Pipeline(ws, PythonScriptStep("a.py", arguments=[PipelineParameter("n", 1)]))
    with pytest.raises(PipelineInvalid, match=r"no parameter 'm' \(its parameters: n\)"):
        pipeline.submit("e", pipeline_parameters={"m": 1})
    assert not session.requests


@pytest.mark.parametrize(
    ("default", "value"), [(1, "x"), (1, 1.5), (1, True), ("x", 1), (1.0, "x"), (True, 1), (1, [1])]
)
def test_a_value_of_another_type_is_refused(
    ws: Workspace, session: FakeSession, default: object, value: object
) -> None:
    pipeline = Pipeline(ws, PythonScriptStep("a.py", arguments=[PipelineParameter("p", default)]))
    with pytest.raises(PipelineInvalid, match="parameter 'p' is a"):
        pipeline.submit("e", pipeline_parameters={"p": value})


@pytest.mark.parametrize(("default", "value"), [(None, 1), ("", "x"), ("x", ""), (1, None), (1.0, 2), (False, True)])
def test_good_values(ws: Workspace, session: FakeSession, default: object, value: object) -> None:
    pipeline = Pipeline(ws, PythonScriptStep("a.py", arguments=[PipelineParameter("p", default)]))
    pipeline.submit("e", pipeline_parameters={"p": value})
    assert session.requests[-1].parameters == {"p": value}


def test_a_dataset_parameter_is_bound_at_submit(ws: Workspace, session: FakeSession) -> None:
    store = Datastore(ws)
    one, two = (Dataset.File.from_files((store, name), validate=False) for name in ("one", "two"))
    parameter = PipelineParameter("files", one)
    given = DatasetConsumptionConfig("given", parameter).as_mount()
    pipeline = Pipeline(ws, PythonScriptStep("a.py", arguments=["--in", given], inputs=[given]))
    run = pipeline.submit("e", pipeline_parameters={"files": two})
    source = session.views[run.id].plan.steps[0].inputs[0].source
    assert isinstance(source, DatasetDefinition)
    assert source.paths == (DatastorePath("workspaceblobstore", "two"),)


def test_data_of_another_kind_is_a_type_error_and_the_next_submit_is_good(ws: Workspace, session: FakeSession) -> None:
    store = Datastore(ws)
    pair = (PipelineParameter("where", DataPath(store, "one")), DataPathComputeBinding())
    pipeline = Pipeline(ws, PythonScriptStep("a.py", arguments=[pair], inputs=[pair]))
    for wrong in ("text", Dataset.File.from_files((store, "x"), validate=False)):
        with pytest.raises(TypeError, match="'where' stands for a DataPath") as caught:
            pipeline.submit("e", pipeline_parameters={"where": wrong})
        assert isinstance(caught.value, PipelineInvalid)
    pipeline.submit("e", pipeline_parameters={"where": store.path("two")})
    assert len(session.requests) == 1


def test_rows_are_no_files(ws: Workspace, session: FakeSession) -> None:
    store = Datastore(ws)
    files = PipelineParameter("files", Dataset.File.from_files((store, "x"), validate=False))
    given = DatasetConsumptionConfig("given", files).as_mount()
    rows = Dataset.Tabular.from_delimited_files((store, "x.csv"), validate=False)
    with pytest.raises(TypeError, match="'files' stands for a FileDataset, not a TabularDataset"):
        Pipeline(ws, PythonScriptStep("a.py", inputs=[given])).submit("e", pipeline_parameters={"files": rows})


def test_a_parameter_alone_is_no_input(ws: Workspace) -> None:
    with pytest.raises(PipelineInvalid, match="DataPathComputeBinding"):
        Pipeline(ws, PythonScriptStep("a.py", inputs=[PipelineParameter("p", DataPath(Datastore(ws), "x"))]))


def test_unknown_words_at_submit(ws: Workspace, session: FakeSession) -> None:
    pipeline = Pipeline(ws, PythonScriptStep("a.py"))
    Experiment(ws, "e").submit(pipeline, no_such_word=1)
    with pytest.raises(ValueError, match="no_such_word"):
        pipeline.submit("e", no_such_word=1)


def test_steps_may_be_part_of_several_pipelines(ws: Workspace, session: FakeSession) -> None:
    a, b = (PythonScriptStep("a.py", name=name) for name in "ab")
    sequence, loose = Pipeline(ws, StepSequence([a, b])), Pipeline(ws, [a, b])
    assert [step.after for step in sequence.plan.steps] == [(), ("a-1",)]
    assert [step.after for step in loose.plan.steps] == [(), ()]
    assert Pipeline(ws, StepSequence([b, a])).plan.by_key["a-1"].after == ("b-1",)


def test_a_large_snapshot_is_shown(
    ws: Workspace, session: FakeSession, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pipeline = Pipeline(ws, PythonScriptStep("a.py"))
    pipeline.submit("e")
    assert "snapshot" not in capsys.readouterr().err
    with (tmp_path / "big.bin").open("wb") as file:
        file.truncate(snapshot.NOTABLE_BYTES)
    pipeline.submit("e")
    said = capsys.readouterr().err
    assert "is large: 3 files, 10.0 MiB; biggest: big.bin (10.0 MiB)" in said
    assert ".amlignore" in said


def test_a_snapshot_over_the_limits_names_the_biggest(ws: Workspace, session: FakeSession, tmp_path: Path) -> None:
    with (tmp_path / "big.bin").open("wb") as file:
        file.truncate(snapshot.MAX_BYTES)
    with pytest.raises(SnapshotException, match=r"Biggest: big.bin \(300.0 MiB\)") as caught:
        Pipeline(ws, PythonScriptStep("a.py")).submit("e")
    assert ".amlignore" in caught.value.problems[0].remedy
    assert not session.requests
    (tmp_path / ".amlignore").write_text("*.bin\n")
    Pipeline(ws, PythonScriptStep("a.py")).submit("e")


def test_a_script_left_out_of_the_snapshot_is_found(ws: Workspace, session: FakeSession, tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / ".gitignore").write_text("b.py\n")
    steps = [PythonScriptStep("a.py"), PythonScriptStep("./b.py"), PythonScriptStep("../a.py", source_directory="src")]
    with pytest.raises(SnapshotException) as caught:
        Pipeline(ws, steps).submit("e")
    assert [problem.what.split()[2] for problem in caught.value.problems] == ["./b.py", "../a.py"]

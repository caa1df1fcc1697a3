"""Lowering of a v1 pipeline to a plan."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from runner.errors import BadInput
from runner.model.data import DatastorePath, Mode
from runner.model.step import InputPath, Interpreter, OutputOf, OutputPath, ParameterValue
from runner.model.transforms import KeepColumns
from runner.sdk import (
    CommandStep,
    DataPath,
    DataPathComputeBinding,
    Dataset,
    Datastore,
    OutputFileDatasetConfig,
    Pipeline,
    PipelineData,
    PipelineParameter,
    PythonScriptStep,
    StepSequence,
    Workspace,
)
from runner.sdk.base.exceptions import PipelineInvalid
from tests.support.fake_session import FakeSession


def problems_of(ws: Workspace, *steps: object) -> list[str]:
    with pytest.raises(PipelineInvalid) as caught:
        Pipeline(ws, list(steps))
    assert isinstance(caught.value, ValueError)
    assert isinstance(caught.value, BadInput)
    assert all(problem.where for problem in caught.value.problems)
    return [problem.what for problem in caught.value.problems]


def test_the_dependency_comes_from_the_data_alone(ws: Workspace) -> None:
    data = PipelineData("prepped")
    first = PythonScriptStep("a.py", name="Data prep", arguments=["--out", data], outputs=[data])
    second = PythonScriptStep("b.py", arguments=["--in", data, 3, 1.5, True], inputs=[data])
    plan = Pipeline(ws, [second, first]).plan
    assert plan == Pipeline(ws, [first, second]).plan
    assert [step.key for step in plan.steps] == ["data-prep-1", "b-py-1"]
    assert plan.steps[0].command == (Interpreter(), "a.py", "--out", OutputPath("prepped"))
    assert plan.steps[1].command == (Interpreter(), "b.py", "--in", InputPath("prepped"), "3", "1.5", "True")
    assert plan.steps[1].inputs[0].source == OutputOf("data-prep-1", "prepped")
    assert plan.steps[0].source == str(Path.cwd())


def test_every_problem_is_found_at_once_with_its_place(ws: Workspace) -> None:
    lost, twice, orphan = PipelineData("lost"), PipelineData("twice"), PipelineData("orphan")
    found = problems_of(
        ws,
        PythonScriptStep("missing.py", name="one", arguments=[lost], outputs=[twice]),
        PythonScriptStep("a.py", name="two", source_directory="nowhere", outputs=[twice]),
        PythonScriptStep("a.py", name="three", inputs=[orphan], outputs=[PipelineData("a-b")]),
    )
    text = "\n".join(found)
    for part in (
        "there is no script",
        "there is no source directory",
        "'lost' is in arguments but neither in inputs nor in outputs",
        "'twice' is an output of two steps",
        "no step writes its input 'orphan'",
        "'a-b' is no valid output name",
    ):
        assert part in text
    assert len(found) == 6


def test_a_problem_names_the_users_line(ws: Workspace) -> None:
    step = PythonScriptStep("missing.py")
    with pytest.raises(PipelineInvalid) as caught:
        Pipeline(ws, step)
    place = caught.value.problems[0].where
    assert place == step.where
    assert Path(place.rpartition(":")[0]).name == "test_lowering.py"


def test_a_cycle_is_found_and_shown(ws: Workspace) -> None:
    one, two = PipelineData("one"), PipelineData("two")
    found = problems_of(
        ws,
        PythonScriptStep("a.py", name="A", inputs=[two], outputs=[one]),
        PythonScriptStep("b.py", name="B", inputs=[one], outputs=[two]),
    )
    assert len(found) == 1
    assert "cycle" in found[0]
    assert "'A'" in found[0]
    assert "'B'" in found[0]


def test_run_after_and_step_sequence_make_an_order(ws: Workspace) -> None:
    a, b, c, d = (PythonScriptStep("a.py", name=name) for name in "abcd")
    d.run_after(c)
    plan = Pipeline(ws, StepSequence([a, [b, c]])).plan
    assert {step.key: step.after for step in plan.steps} == {"a-1": (), "b-1": ("a-1",), "c-1": ("a-1",)}
    assert [step.key for step in Pipeline(ws, [d]).plan.steps] == ["c-1", "d-1"]


def test_naming_the_last_step_pulls_in_its_producers(ws: Workspace) -> None:
    data = PipelineData("data")
    PythonScriptStep("a.py", name="stale", outputs=[data])
    PythonScriptStep("a.py", name="first", outputs=[data])
    last = PythonScriptStep("b.py", name="last", inputs=[data])
    assert [step.name for step in Pipeline(ws, [last]).plan.steps] == ["first", "last"]
    with pytest.raises(ValueError, match="not in steps"):
        Pipeline(ws, [last], resolve_closure=False)


def test_what_may_stand_in_steps(ws: Workspace) -> None:
    step = PythonScriptStep("a.py")
    assert len(Pipeline(ws, step).plan.steps) == 1
    with pytest.raises(NotImplementedError, match="tuple"):
        Pipeline(ws, (step,))
    with pytest.raises(ValueError, match="no pipeline step"):
        Pipeline(ws, ["a.py"])


def test_the_callers_lists_are_not_rewritten(ws: Workspace) -> None:
    out = OutputFileDatasetConfig("out")
    data = PipelineData("data")
    inputs: list[object] = []
    arguments, outputs = ["--out", out, data], [data]
    for name in ("one", "two"):
        made = PythonScriptStep("a.py", name=name, arguments=arguments, inputs=inputs, outputs=outputs)
        Pipeline(ws, made)
        assert [spec.name for spec in Pipeline(ws, made).plan.steps[-1].outputs] == ["data", "out"]
    assert (arguments, inputs, outputs) == (["--out", out, data], [], [data])


def test_two_steps_may_share_a_name(ws: Workspace) -> None:
    plan = Pipeline(ws, [PythonScriptStep("a.py", name="Same!"), PythonScriptStep("b.py", name="same")]).plan
    assert [step.key for step in plan.steps] == ["same-1", "same-2"]


def test_a_name_used_as_input_and_output_renames_the_input(ws: Workspace) -> None:
    before, after = PipelineData("data"), PipelineData("data")
    first = PythonScriptStep("a.py", outputs=[before])
    second = PythonScriptStep("b.py", arguments=[before, after], inputs=[before], outputs=[after])
    spec = Pipeline(ws, [first, second]).plan.steps[1]
    assert spec.inputs[0].name == "INPUT_data"
    assert spec.command[2:] == (InputPath("INPUT_data"), OutputPath("data"))


def test_joining_a_placeholder_is_refused_with_the_reason(ws: Workspace) -> None:
    data = PipelineData("data")
    with pytest.raises(TypeError, match="join there"):
        os.path.join(data, "x.csv")  # noqa: PTH118 - this is the mistake
    found = problems_of(ws, PythonScriptStep("a.py", arguments=[f"{data}/x.csv"], outputs=[data]))
    assert "joined into the text" in found[0]


def test_a_placeholder_as_text_is_still_a_placeholder(ws: Workspace) -> None:
    data = PipelineData("data")
    plan = Pipeline(ws, PythonScriptStep("a.py", arguments=["--out", str(data)], outputs=[data])).plan
    assert plan.steps[0].command[-1] == OutputPath("data")


def test_every_part_of_an_output_reaches_the_plan(ws: Workspace, session: FakeSession) -> None:
    data = PipelineData(
        "name",
        datastore=Datastore(ws),
        output_name="shown",
        output_mode="upload",
        output_path_on_compute="/data",
        is_directory=True,
        pipeline_output_name="whole",
    )
    spec = Pipeline(ws, PythonScriptStep("a.py", arguments=[data], outputs=[data])).plan.steps[0]
    output = spec.outputs[0]
    assert (output.name, output.mode, output.path_on_compute) == ("shown", Mode.UPLOAD, "/data")
    assert (output.folder, output.pipeline_output_name) == (True, "whole")
    assert spec.command[-1] == OutputPath("shown")


def test_inputs_have_modes_and_paths(ws: Workspace) -> None:
    data = PipelineData("data")
    first = PythonScriptStep("a.py", outputs=[data])
    download = data.as_download("other", path_on_compute="/in")
    second = PythonScriptStep("b.py", arguments=[download], inputs=[download])
    spec = Pipeline(ws, [first, second]).plan.steps[1].inputs[0]
    assert (spec.name, spec.mode, spec.path_on_compute) == ("other", Mode.DOWNLOAD, "/in")


def test_data_references_are_places(ws: Workspace) -> None:
    reference = Datastore(ws).path("raw/x", data_reference_name="raw").as_download("/x")
    spec = Pipeline(ws, PythonScriptStep("a.py", arguments=[reference], inputs=[reference])).plan.steps[0]
    assert spec.inputs[0].source == DatastorePath("workspaceblobstore", "raw/x")
    assert (spec.inputs[0].mode, spec.command[-1]) == (Mode.DOWNLOAD, InputPath("raw"))


def test_parameters_stay_unbound(ws: Workspace) -> None:
    rate = PipelineParameter("rate", 0.5)
    step = PythonScriptStep("a.py", arguments=[rate, "parameter:k"], params={"k": "v", "seed": 3})
    spec = Pipeline(ws, step).plan
    assert spec.parameters == {"rate": 0.5}
    assert spec.steps[0].command[2:] == (ParameterValue("rate"), "v")
    assert spec.steps[0].parameters == {"rate": "rate"}
    assert spec.steps[0].variables == {"AML_PARAMETER_k": "v", "AML_PARAMETER_seed": "3"}


def test_two_defaults_of_one_parameter_are_refused(ws: Workspace) -> None:
    found = problems_of(
        ws,
        PythonScriptStep("a.py", arguments=[PipelineParameter("p", 1)]),
        PythonScriptStep("b.py", arguments=[PipelineParameter("p", 2)]),
    )
    assert "two defaults" in found[0]


@pytest.mark.parametrize("default", [None, "", 0, False, 1.5])
def test_empty_defaults_are_good(default: object) -> None:
    assert PipelineParameter("p", default).scalar


def test_a_list_is_no_default() -> None:
    with pytest.raises(ValueError, match="list"):
        PipelineParameter("p", [1])


def test_a_data_path_parameter_is_bound_when_submitted(ws: Workspace, session: FakeSession) -> None:
    store = Datastore(ws)
    parameter = PipelineParameter("source", DataPath(store, "one"))
    pair = (parameter, DataPathComputeBinding(mode="download"))
    pipeline = Pipeline(ws, PythonScriptStep("a.py", arguments=["--in", pair], inputs=[pair]))
    assert pipeline.plan.steps[0].inputs[0].source == DatastorePath("workspaceblobstore", "one")
    assert pipeline.plan.steps[0].command[-1] == InputPath("source")
    run = pipeline.submit("e", pipeline_parameters={"source": DataPath(store, "two")})
    assert session.views[run.id].plan.steps[0].inputs[0].source == DatastorePath("workspaceblobstore", "two")


def test_a_data_path_parameter_may_have_any_name(ws: Workspace) -> None:
    pair = (PipelineParameter("my-data path", DataPath(Datastore(ws), "one")), DataPathComputeBinding())
    spec = Pipeline(ws, PythonScriptStep("a.py", arguments=[pair], inputs=[pair])).plan.steps[0]
    assert (spec.inputs[0].name, spec.command[-1]) == ("my_data_path", InputPath("my_data_path"))


def test_parameters_are_checked_at_submit(ws: Workspace, session: FakeSession) -> None:
    pipeline = Pipeline(
        ws, PythonScriptStep("a.py", arguments=[PipelineParameter("n", 1), PipelineParameter("f", 1.0)])
    )
    with pytest.raises(PipelineInvalid) as caught:
        pipeline.submit("e", pipeline_parameters={"m": 1, "n": "two"})
    assert len(caught.value.problems) == 2
    pipeline.submit("e", pipeline_parameters={"n": 5, "f": 2})
    assert session.requests[-1].parameters == {"n": 5, "f": 2}
    with pytest.raises(ValueError, match="no_such"):
        pipeline.submit("e", no_such=1)


def test_datasets_and_output_configurations_in_arguments_count_by_themselves(ws: Workspace) -> None:
    store = Datastore(ws)
    files = Dataset.File.from_files((store, "raw"), validate=False)
    out = OutputFileDatasetConfig("out")
    first = PythonScriptStep("a.py", arguments=[files.as_named_input("raw").as_mount(), out])
    second = PythonScriptStep("b.py", arguments=[out.as_input(), out.as_input("again").as_download()])
    plan = Pipeline(ws, [first, second]).plan
    assert [spec.name for spec in plan.steps[0].inputs] == ["raw"]
    assert [spec.name for spec in plan.steps[0].outputs] == ["out"]
    assert plan.steps[0].command[2:] == (InputPath("raw"), OutputPath("out"))
    assert plan.steps[1].command[2:] == (InputPath("out"), InputPath("again"))
    assert {spec.source for spec in plan.steps[1].inputs} == {OutputOf("a-py-1", "out")}


def test_an_output_configuration_in_inputs_is_read(ws: Workspace) -> None:
    out = OutputFileDatasetConfig("out").as_upload()
    first = PythonScriptStep("a.py", arguments=[out])
    second = PythonScriptStep("b.py", arguments=[out], inputs=[out])
    plan = Pipeline(ws, [first, second]).plan
    assert plan.steps[1].command[2:] == (InputPath("out"),)
    assert plan.steps[1].outputs == ()
    assert plan.steps[0].outputs[0].mode is Mode.UPLOAD


def test_another_steps_output_as_rows(ws: Workspace) -> None:
    data = PipelineData("data")
    rows = data.as_dataset().parse_delimited_files(separator=";").keep_columns(["a"])
    first = PythonScriptStep("a.py", outputs=[data.as_dataset()])
    second = PythonScriptStep("b.py", inputs=[rows])
    spec = Pipeline(ws, [first, second]).plan.steps[1].inputs[0]
    assert (spec.name, spec.mode, spec.source) == ("data", Mode.DIRECT, OutputOf("a-py-1", "data"))
    assert spec.view is not None
    assert spec.view.options["separator"] == ";"
    assert spec.view.transforms == (KeepColumns(("a",)),)


def test_raw_inputs_are_refused_with_advice(ws: Workspace) -> None:
    dataset = Dataset.File.from_files((Datastore(ws), "raw"), validate=False)
    with pytest.raises(PipelineInvalid, match="as_named_input"):
        Pipeline(ws, PythonScriptStep("a.py", inputs=[dataset]))
    assert "cannot be an input" in problems_of(ws, PythonScriptStep("a.py", inputs=["raw"]))[0]


def test_unknown_compute_targets_are_found_where_targets_are_configured(ws: Workspace, session: FakeSession) -> None:
    step = PythonScriptStep("a.py", compute_target="aml-cluster")
    assert Pipeline(ws, step).plan.steps[0].compute == "aml-cluster"
    session.targets = ("kind", "local")
    assert "there is no compute target 'aml-cluster' (known: kind, local)" in problems_of(ws, step)[0]


def test_duplicate_names_inside_a_step(ws: Workspace) -> None:
    one, two = PipelineData("same", pipeline_output_name="p"), PipelineData("same")
    assert "two outputs are named 'same'" in problems_of(ws, PythonScriptStep("a.py", outputs=[one, two]))[0]
    other = PipelineData("other", pipeline_output_name="p")
    assert "pipeline_output_name 'p'" in problems_of(ws, PythonScriptStep("a.py", outputs=[one, other]))[0]


def test_a_command_is_the_shells_and_paths_are_never_parsed(ws: Workspace) -> None:
    data = PipelineData("data")
    step = CommandStep(["python a.py", "--out", data, "&&", "echo", "$HOME", "two words"], outputs=[data])
    spec = Pipeline(ws, step).plan.steps[0]
    assert spec.name == "CommandStep_python"
    assert spec.command == (
        "/bin/sh", "-c", 'python a.py --out "${1}" && echo $HOME "${2}"', "sh", OutputPath("data"), "two words",
    )  # fmt: skip
    with pytest.raises(ValueError, match="required"):
        CommandStep()
    with pytest.raises(ValueError, match="no directory"):
        CommandStep("ls", source_directory="nowhere")


def test_validate_prints_and_finds_nothing(ws: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    assert Pipeline(ws, PythonScriptStep("a.py")).validate() == []
    assert "Step a.py is ready to be created" in capsys.readouterr().out


def test_the_parts_of_a_split_are_two_inputs(ws: Workspace) -> None:
    rows = OutputFileDatasetConfig("rows")
    make = PythonScriptStep("a.py", arguments=["--out", rows])
    train, test = rows.read_delimited_files().random_split(0.8, seed=1)
    step = PythonScriptStep("b.py", arguments=["--train", train.as_input(), "--test", test.as_input()])
    (_, spec) = Pipeline(ws, [make, step]).plan.steps
    assert len({given.name for given in spec.inputs}) == 2
    assert [given.view for given in spec.inputs if given.view] == [
        train.as_input().consumed().view,
        test.as_input().consumed().view,
    ]
    assert train.as_input().name == rows.read_delimited_files().random_split(0.8, seed=1)[0].as_input().name


def test_other_rows_under_one_name_are_refused(ws: Workspace) -> None:
    data = PipelineData("rows", is_directory=True)
    make = PythonScriptStep("a.py", outputs=[data], arguments=[data])
    train, test = data.as_dataset().parse_delimited_files().random_split(0.8, seed=1)
    listed = PythonScriptStep("b.py", inputs=[train, test])
    assert problems_of(ws, make, listed) == ["step 'b.py': two inputs are named 'rows'"]
    implicit = PythonScriptStep("b.py", arguments=[train, test])
    assert problems_of(ws, make, implicit) == ["step 'b.py': two inputs are named 'rows'"]
    named = PythonScriptStep("b.py", arguments=[train.as_named_input("train"), test.as_named_input("test")])
    assert [given.name for given in Pipeline(ws, [make, named]).plan.steps[1].inputs] == ["train", "test"]


def test_a_default_of_another_type_is_another_default(ws: Workspace) -> None:
    one, true = PipelineParameter("x", 1), PipelineParameter("x", default_value=True)
    steps = PythonScriptStep("a.py", arguments=[one]), PythonScriptStep("b.py", arguments=[true])
    assert "two defaults" in problems_of(ws, *steps)[0]
    both = PythonScriptStep("a.py", arguments=[one, true])
    assert "two defaults" in problems_of(ws, both)[0]


@pytest.mark.parametrize("other", [None, "a.py", [None]])
def test_run_after_takes_steps_alone(other: object) -> None:
    with pytest.raises(ValueError, match="run_after takes a step"):
        PythonScriptStep("a.py").run_after(other)  # type: ignore[arg-type]  # the fault under test

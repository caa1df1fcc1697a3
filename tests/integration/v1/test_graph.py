"""Building a v1 pipeline graph, and its errors."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from azureml.core import Dataset, Experiment
from azureml.data import OutputFileDatasetConfig
from azureml.data.datapath import DataPath, DataPathComputeBinding
from azureml.data.dataset_consumption_config import DatasetConsumptionConfig
from azureml.pipeline.core import Pipeline, PipelineData, PipelineParameter, StepSequence
from azureml.pipeline.steps import PythonScriptStep

from runner.model.step import OutputOf, OutputPath
from tests.support.fake_session import FakeSession


def step(name: str = "a", script: str = "a.py", **options: Any) -> Any:
    return PythonScriptStep(script, name=name, **options)


def planned(ws: Any, *steps: Any) -> dict[str, Any]:
    """The steps of the pipeline's plan by their names."""
    return {spec.name: spec for spec in Pipeline(ws, list(steps)).plan.steps}


def needs(ws: Any, steps: Any) -> dict[str, set[str]]:
    """Whom each step follows, by key."""
    return {spec.key: set(spec.needs) for spec in Pipeline(ws, steps).plan.steps}


def files(ws: Any, path: str = "raw") -> Any:
    return Dataset.File.from_files((ws.get_default_datastore(), path), validate=False)


# What may stand in steps, and the order among them


def test_steps_data_lists_and_sequences_may_be_in_steps(ws: Any) -> None:
    data = PipelineData("data")
    first = step("first", outputs=[data])
    assert list(needs(ws, [data, [step("x")], StepSequence([step("y")])])) == ["first-1", "x-1", "y-1"]
    assert first.name == "first"
    for wrong in ("a.py", 1, files(ws)):
        with pytest.raises(ValueError, match="no pipeline step"):
            Pipeline(ws, [wrong])


def test_a_single_step_is_fine(ws: Any) -> None:
    assert list(needs(ws, step())) == ["a-1"]


def test_a_tuple_of_steps_is_a_not_implemented_error(ws: Any) -> None:
    with pytest.raises(NotImplementedError):
        Pipeline(ws, (step(),))


def test_a_sequence_orders_and_a_list_in_it_is_parallel(ws: Any) -> None:
    a, b, c = step("a"), step("b"), step("c")
    assert needs(ws, StepSequence([a, [b, c]])) == {"a-1": set(), "b-1": {"a-1"}, "c-1": {"a-1"}}


def test_the_last_step_pulls_in_producers_and_run_after_ancestors(ws: Any) -> None:
    data = PipelineData("data")
    earlier, producer = step("earlier"), step("producer", outputs=[data])
    producer.run_after(earlier)
    last = step("last", inputs=[data])
    assert needs(ws, [last]) == {"earlier-1": set(), "producer-1": {"earlier-1"}, "last-1": {"producer-1"}}


def test_without_closure_a_missing_ancestor_is_a_value_error_that_names_it(ws: Any) -> None:
    data = PipelineData("data")
    step("producer", outputs=[data])
    with pytest.raises(ValueError, match="producer"):
        Pipeline(ws, [step("last", inputs=[data])], resolve_closure=False)


def test_two_steps_may_share_a_name(ws: Any) -> None:
    assert list(needs(ws, [step("same"), step("same")])) == ["same-1", "same-2"]


# What is found wrong, and when


def test_a_missing_script_is_found_at_the_pipeline_with_step_and_absolute_path(ws: Any) -> None:
    lost = step("lost", "missing.py", source_directory=".")
    with pytest.raises(ValueError, match="lost") as caught:
        Pipeline(ws, [lost])
    assert str(Path.cwd() / "missing.py") in str(caught.value)


def test_a_step_without_compute_target_builds(ws: Any) -> None:
    assert planned(ws, step())["a"].compute == ""


def test_data_in_arguments_alone_is_a_value_error(ws: Any) -> None:
    with pytest.raises(ValueError, match="neither in inputs nor in outputs"):
        Pipeline(ws, [step(arguments=[PipelineData("data")])])


def test_an_input_without_producer_is_a_value_error_at_the_pipeline(ws: Any) -> None:
    reader = step(inputs=[PipelineData("orphan")])
    with pytest.raises(ValueError, match="orphan"):
        Pipeline(ws, [reader])


def test_one_data_in_two_steps_outputs_is_a_value_error_at_the_pipeline(ws: Any) -> None:
    data = PipelineData("twice")
    both = [step("one", outputs=[data]), step("two", outputs=[data])]
    with pytest.raises(ValueError, match="twice"):
        Pipeline(ws, both)


def test_two_outputs_of_a_step_with_one_name_are_a_value_error(ws: Any) -> None:
    with pytest.raises(ValueError, match="same"):
        Pipeline(ws, [step(outputs=[PipelineData("same"), PipelineData("same")])])


def test_a_pipeline_output_name_given_twice_is_a_value_error(ws: Any) -> None:
    one, two = (PipelineData(name, pipeline_output_name="whole") for name in ("one", "two"))
    with pytest.raises(ValueError, match="whole"):
        Pipeline(ws, [step("a", outputs=[one]), step("b", outputs=[two])])


@pytest.mark.parametrize("name", ["a-b", "a b", "a.b", "ä!"])
def test_a_name_beyond_letters_digits_and_underscore_is_a_value_error(ws: Any, name: str) -> None:
    with pytest.raises(ValueError, match="name"):
        Pipeline(ws, [step(outputs=[PipelineData(name)])])


def test_text_as_input_is_a_value_error(ws: Any) -> None:
    with pytest.raises(ValueError, match="cannot be an input"):
        Pipeline(ws, [step(inputs=["raw"])])


def test_a_bare_dataset_as_input_is_a_value_error_that_says_as_named_input(ws: Any) -> None:
    with pytest.raises(ValueError, match="as_named_input"):
        Pipeline(ws, [step(inputs=[files(ws)])])


def test_everything_wrong_is_told_at_once(ws: Any) -> None:
    lost = step("lost", "missing.py")
    with pytest.raises(ValueError, match=r"(?s)missing.*orphan|orphan.*missing"):
        Pipeline(ws, [lost, step("reader", inputs=[PipelineData("orphan")])])


def test_an_input_named_as_an_output_becomes_input_underscore_name(ws: Any) -> None:
    before, after = PipelineData("data"), PipelineData("data")
    changed = step("change", inputs=[before], outputs=[after], arguments=[before, after])
    spec = planned(ws, step("make", outputs=[before]), changed)["change"]
    assert ([i.name for i in spec.inputs], [o.name for o in spec.outputs]) == (["INPUT_data"], ["data"])


def test_a_cycle_is_found_at_the_pipeline_and_shown(ws: Any) -> None:
    one, two = PipelineData("one"), PipelineData("two")
    round_trip = [step("A", inputs=[two], outputs=[one]), step("B", inputs=[one], outputs=[two])]
    with pytest.raises(ValueError, match=r"cycle.*'A'.*'B'|cycle.*'B'.*'A'"):
        Pipeline(ws, round_trip)


def test_validate_of_a_good_pipeline_is_empty_and_prints_a_line_per_step(
    ws: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert Pipeline(ws, [step("one"), step("two")]).validate() == []
    lines = [line for line in capsys.readouterr().out.splitlines() if "ready to be created" in line]
    assert ["one" in lines[0], "two" in lines[1]] == [True, True]


# Parameters


def test_two_defaults_of_one_parameter_in_a_step_are_an_exception(ws: Any) -> None:
    with pytest.raises(Exception, match="two defaults"):
        Pipeline(ws, [step(arguments=[PipelineParameter("p", 1), PipelineParameter("p", 2)])])


def test_two_defaults_of_one_parameter_across_steps_are_an_exception(ws: Any) -> None:
    one, two = (step(name, arguments=[PipelineParameter("p", name)]) for name in "ab")
    with pytest.raises(Exception, match="two defaults"):
        Pipeline(ws, [one, two])


def test_an_unknown_parameter_is_an_exception_at_submit(ws: Any, session: FakeSession) -> None:
    pipeline = Pipeline(ws, [step(arguments=[PipelineParameter("p", 1)])])
    with pytest.raises(Exception, match="no parameter 'q'"):
        Experiment(ws, "e").submit(pipeline, pipeline_parameters={"q": 1})
    assert session.requests == []


def test_a_value_of_the_wrong_type_is_refused_at_submit(ws: Any, session: FakeSession) -> None:
    pipeline = Pipeline(ws, [step(arguments=[PipelineParameter("p", 1)])])
    with pytest.raises(ValueError, match="'p' is a int"):
        Experiment(ws, "e").submit(pipeline, pipeline_parameters={"p": "many"})
    assert session.requests == []


def test_an_integer_is_good_where_the_default_is_a_float(ws: Any, session: FakeSession) -> None:
    pipeline = Pipeline(ws, [step(arguments=[PipelineParameter("rate", 0.5)])])
    Experiment(ws, "e").submit(pipeline, pipeline_parameters={"rate": 1})
    assert session.requests[-1].parameters == {"rate": 1}


def test_a_parameter_for_a_dataset_takes_no_plain_value(ws: Any) -> None:
    parameter = PipelineParameter("source", files(ws))
    read = DatasetConsumptionConfig("raw", parameter).as_mount()
    pipeline = Pipeline(ws, [step(arguments=[read], inputs=[read])])
    with pytest.raises((TypeError, ValueError), match="source"):
        Experiment(ws, "e").submit(pipeline, pipeline_parameters={"source": 3})


@pytest.mark.parametrize("default", [None, ""])
def test_none_and_empty_text_are_good_defaults(ws: Any, default: object) -> None:
    assert Pipeline(ws, [step(arguments=[PipelineParameter("p", default)])]).plan.parameters == {"p": default}


def test_a_list_is_no_default() -> None:
    with pytest.raises(ValueError, match="list"):
        PipelineParameter("p", [1, 2])


def test_experiment_submit_ignores_unknown_keywords(ws: Any, session: FakeSession) -> None:
    Experiment(ws, "e").submit(Pipeline(ws, [step()]), no_such_keyword=True)
    assert len(session.requests) == 1


def test_pipeline_submit_refuses_unknown_keywords(ws: Any, session: FakeSession) -> None:
    with pytest.raises(ValueError, match="no_such_keyword"):
        Pipeline(ws, [step()]).submit("e", no_such_keyword=True)
    assert session.requests == []


# Lists, placeholders and implicit inputs and outputs


def test_callers_lists_stay_as_they_are(ws: Any) -> None:
    out, read = OutputFileDatasetConfig("out"), files(ws).as_named_input("raw").as_mount()
    arguments, inputs, outputs = ["--out", out, read], list[Any](), list[Any]()
    Pipeline(ws, [step(arguments=arguments, inputs=inputs, outputs=outputs)])
    assert (arguments, inputs, outputs) == (["--out", out, read], [], [])


def test_a_reused_arguments_list_keeps_its_outputs(ws: Any) -> None:
    out = OutputFileDatasetConfig("out")
    arguments = ["--out", out]
    for name in ("one", "two"):
        spec = planned(ws, step(name, arguments=arguments))[name]
        assert [made.name for made in spec.outputs] == ["out"]
        assert spec.command[-1] == OutputPath("out")


def test_a_parameter_and_its_binding_as_a_tuple_work_in_arguments_and_inputs(ws: Any) -> None:
    parameter = PipelineParameter("source", DataPath(ws.get_default_datastore(), "raw"))
    pair = (parameter, DataPathComputeBinding(mode="mount"))
    spec = planned(ws, step(arguments=["--in", pair], inputs=[pair]))["a"]
    assert [read.name for read in spec.inputs] == ["source"]


def test_a_dataset_in_arguments_alone_is_an_input(ws: Any) -> None:
    spec = planned(ws, step(arguments=[files(ws).as_named_input("raw").as_mount()]))["a"]
    assert [read.name for read in spec.inputs] == ["raw"]


def test_an_output_configuration_in_arguments_alone_is_an_output(ws: Any) -> None:
    spec = planned(ws, step(arguments=[OutputFileDatasetConfig("out")]))["a"]
    assert [made.name for made in spec.outputs] == ["out"]


def test_another_steps_data_as_dataset_in_arguments_alone_is_an_input(ws: Any) -> None:
    data = PipelineData("data")
    read = data.as_dataset().as_named_input("seen").as_mount()
    spec = planned(ws, step("make", outputs=[data.as_dataset()]), step("use", arguments=[read]))["use"]
    assert [(found.name, found.source) for found in spec.inputs] == [("seen", OutputOf("make-1", "data"))]


def test_a_data_reference_in_arguments_alone_is_no_input(ws: Any) -> None:
    reference = ws.get_default_datastore().path("raw", data_reference_name="raw")
    with pytest.raises(ValueError, match="neither in inputs nor in outputs"):
        Pipeline(ws, [step(arguments=[reference])])


def test_an_output_configuration_in_arguments_and_inputs_is_an_input(ws: Any) -> None:
    out = OutputFileDatasetConfig("out")
    spec = planned(ws, step("make", arguments=[out]), step("use", arguments=[out], inputs=[out]))["use"]
    assert ([read.name for read in spec.inputs], list(spec.outputs)) == (["out"], [])


@pytest.mark.parametrize("copied", ["as_upload", "as_mount", "register_on_complete", "read_delimited_files"])
def test_copies_of_an_output_configuration_share_one_producer(ws: Any, copied: str) -> None:
    out = OutputFileDatasetConfig("out")
    copy = getattr(out, copied)(*(["kept"] if copied == "register_on_complete" else []))
    assert copy is not out
    spec = planned(ws, step("make", arguments=[copy]), step("use", arguments=[out.as_input("seen")]))["use"]
    assert spec.inputs[0].source == OutputOf("make-1", "out")


def test_registering_a_copy_and_consuming_the_original_link(ws: Any) -> None:
    out = OutputFileDatasetConfig("out")
    specs = planned(
        ws, step("make", arguments=[out.register_on_complete("kept")]), step("use", arguments=[out.as_input()])
    )
    assert [made.name for made in specs["make"].outputs[0].register] == ["kept"]
    assert specs["use"].needs == {"make-1"}


def test_consuming_as_dataset_of_what_nobody_puts_out_is_a_value_error(ws: Any) -> None:
    data = PipelineData("data")
    with pytest.raises(ValueError, match="data"):
        Pipeline(ws, [step(inputs=[data.as_dataset()])])


def test_joining_a_placeholder_is_refused_with_the_reason(ws: Any) -> None:
    with pytest.raises(TypeError, match=r"the script|step's process"):
        os.path.join(PipelineData("data"), "part.csv")  # noqa: PTH118 - this is the mistake
    text = f"{OutputFileDatasetConfig('out')}/part.csv"
    with pytest.raises(ValueError, match="joined into the text"):
        Pipeline(ws, [step(arguments=[text])])

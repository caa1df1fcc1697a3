from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.control import fingerprint
from runner.errors import BadInput
from runner.model.data import DataRef, DatasetDefinition, DatastorePath, Mode
from runner.model.environment import EnvironmentSpec, NamedEnvironment
from runner.model.plan import Plan, Submission
from runner.model.published import Data
from runner.model.step import InputSpec, InputUse, OutputOf, OutputSpec, StepSpec
from runner.plan.codec import from_yaml, to_yaml
from runner.plan.data_parameters import bind, defaults, kind_of, with_source
from runner.plan.pipeline_file import PipelineFile
from runner.plan.validate import validate

PATHS = st.sampled_from(["", "a", "a/b.csv", "a/*.csv", "**", "b[12]"])
PLACES = st.builds(DatastorePath, st.sampled_from(["workspaceblobstore", "lake"]), PATHS)
FILES = st.builds(lambda paths: DatasetDefinition(kind="file", paths=tuple(paths)), st.lists(PLACES, max_size=2))
USES = st.builds(
    InputUse,
    st.sampled_from([Mode.AUTO, Mode.MOUNT, Mode.DOWNLOAD, Mode.UPLOAD, Mode.DIRECT]),
    st.booleans(),
    st.booleans(),
)
ONE = DatastorePath("lake", "one")
WRITTEN = InputUse(Mode.MOUNT, writable=True)


def plan(*inputs: InputSpec) -> Plan:
    step = StepSpec(
        key="s-1",
        name="s",
        command=("x",),
        environment="e",
        compute="",
        inputs=inputs,
        outputs=(OutputSpec(name="o"),),
    )
    return Plan(steps=(step,), environments={"e": NamedEnvironment("e", EnvironmentSpec())})


def lowered(source: Data, wanted: InputUse) -> InputSpec:
    """What lowering makes of an input that a parameter gives."""
    return with_source(InputSpec(name="x", source=source, parameter="p"), source, wanted)


@given(st.one_of(st.tuples(PLACES, PLACES, PLACES), st.tuples(FILES, FILES, FILES)), USES)
def test_binding_gives_what_lowering_with_the_value_gives(data: tuple[Data, Data, Data], wanted: InputUse) -> None:
    default, first, second = data
    made = plan(lowered(default, wanted))
    assert bind(made, {"p": first}) == plan(lowered(first, wanted))
    assert bind(bind(made, {"p": first}), {"p": second}) == plan(lowered(second, wanted))
    assert bind(bind(made, {"p": first}), {"p": default}) == made
    assert defaults(bind(made, {"p": first})) == {"p": first}


@given(PLACES, USES)
def test_only_a_plain_place_is_written_to(source: DatastorePath, wanted: InputUse) -> None:
    made = lowered(source, wanted)
    plain = not set("*[") & set(source.path)
    assert made.writable == (wanted.writable and plain)
    assert made.keep_existing == (wanted.keep_existing and plain)
    assert (made.declared is None) == ((made.mode, made.writable, made.keep_existing) == (wanted.mode, wanted.writable, wanted.keep_existing))  # fmt: skip # noqa: E501


def test_a_mount_that_nobody_asked_for_becomes_auto_for_a_pattern_and_a_mount_again_for_a_place() -> None:
    pattern = bind(plan(lowered(ONE, WRITTEN)), {"p": DatastorePath("lake", "*")}).steps[0].inputs[0]
    assert (pattern.mode, pattern.writable) == (Mode.AUTO, False)
    again = bind(plan(pattern), {"p": ONE}).steps[0].inputs[0]
    assert (again.mode, again.writable, again.declared) == (Mode.MOUNT, True, None)


def test_inputs_without_the_parameter_stay() -> None:
    other = InputSpec(name="y", source=DatastorePath("lake", "y"))
    made = bind(plan(lowered(ONE, WRITTEN), other), {"p": DatastorePath("lake", "two")})
    assert made.steps[0].inputs[1] is other
    assert bind(made, {}) is made


def test_every_problem_is_found_at_once() -> None:
    files, rows = (DatasetDefinition(kind=kind, paths=()) for kind in ("file", "tabular"))
    made = plan(lowered(ONE, WRITTEN), replace(lowered(files, InputUse()), name="y", parameter="files"))
    with pytest.raises(BadInput) as caught:
        bind(made, {"p": files, "files": rows, "pp": ONE})
    assert [problem.what for problem in caught.value.problems] == [
        "parameter 'p' stands for a DataPath, not a FileDataset",
        "parameter 'files' stands for a FileDataset, not a TabularDataset",
        "unknown parameter 'pp'; known: p, files",
    ]
    assert caught.value.problems[2].remedy == "did you mean 'p'?"
    assert [kind_of(each) for each in (files, rows, ONE, None)] == ["FileDataset", "TabularDataset", "DataPath", ""]


def test_a_pipeline_file_keeps_the_parameter_of_an_input() -> None:
    made = plan(lowered(DatastorePath("lake", "*"), WRITTEN), replace(lowered(ONE, WRITTEN), name="y", parameter="q"))
    text = to_yaml(PipelineFile(plan=made))
    assert "parameter: p" in text
    assert from_yaml(text, "p.yaml").plan.steps[0].inputs == made.steps[0].inputs


def test_parameters_that_clash_are_refused() -> None:
    wrong = plan(
        lowered(ONE, WRITTEN),
        replace(lowered(DatastorePath("lake", "two"), WRITTEN), name="y"),
        InputSpec(name="z", source=OutputOf("s-1", "o"), parameter="made"),
    )
    found = [problem.what for problem in validate(replace(wrong, parameters={"p": 1}))]
    assert "parameter 'p' has two defaults" in found
    assert "the output of a step cannot be the default of a parameter" in found
    assert found.count("parameter 'p' stands for data and for a plain value") == 2


def test_the_name_of_a_parameter_is_no_part_of_the_reuse_key() -> None:
    ref = DataRef(datastore="lake", key="one", digest="d" * 64)

    def key(made: Plan) -> str:
        said = Submission(plan=made.digest, experiment="e")
        return fingerprint.bind(made, said, made.steps[0], {}, {"x": ref}).fingerprint

    bare = with_source(InputSpec(name="x", source=ONE), ONE, WRITTEN)
    bound = bind(plan(lowered(DatastorePath("lake", "*"), WRITTEN)), {"p": ONE})
    assert key(plan(bare)) == key(plan(lowered(ONE, WRITTEN))) == key(bound) != ""

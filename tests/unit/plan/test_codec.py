"""Pipeline files: the reader takes what the writer makes and what people write, and names the line of each problem."""

from __future__ import annotations

from dataclasses import replace
from textwrap import dedent

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runner.errors import BadInput
from runner.model.data import DatasetDefinition, DatastorePath, Mode
from runner.model.environment import EnvironmentSpec, NamedEnvironment
from runner.model.pip_line import anchored
from runner.model.placement import Placement
from runner.model.plan import Plan
from runner.model.policy import DEFAULT, DEFAULT_RUN, RunPolicy, StepPolicy
from runner.model.resources import Resources
from runner.model.search import Expression, Goal, PastTrial, Sampling, Search, Stopping, StoppingRule
from runner.model.shapes import fields_of
from runner.model.step import (
    Argument,
    InputPath,
    InputSpec,
    Interpreter,
    OutputOf,
    OutputPath,
    OutputSpec,
    ParameterValue,
    RegisterAs,
    SampledArguments,
    StepSpec,
)
from runner.model.transforms import (
    DropColumns,
    Filter,
    KeepColumns,
    Sample,
    Skip,
    Take,
    TimeRange,
    TimestampColumns,
)
from runner.model.workers import WorkerKind, Workers
from runner.plan.codec import from_yaml, to_yaml
from runner.plan.full_form import known_fields
from runner.plan.full_workers import COUNTS as COUNTS_OF_WORKERS
from runner.plan.full_workers import WORKERS_FIELDS
from runner.plan.pipeline_file import PipelineFile
from tests.support import builders as b
from tests.support.examples import examples

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT
NAME = st.text("abcXYZ_019", min_size=1, max_size=6)
KEY = st.from_regex(r"[A-Za-z0-9]([-A-Za-z0-9_]{0,8}[A-Za-z0-9])?", fullmatch=True)
JSON = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXT, inner, max_size=2))
PATHS = st.builds(DatastorePath, TEXT | st.just("workspaceblobstore"), TEXT)
TRANSFORMS = st.one_of(
    st.builds(KeepColumns, st.lists(TEXT, max_size=2).map(tuple)),
    st.builds(DropColumns, st.lists(TEXT, max_size=2).map(tuple)),
    st.builds(Take, st.integers()),
    st.builds(Skip, st.integers()),
    st.builds(Sample, st.floats(0, 1), st.floats(0, 1), st.integers()),
    st.builds(Filter, JSON),
    st.builds(TimestampColumns, TEXT, TEXT),
    st.builds(TimeRange, TEXT, TEXT, TEXT, st.booleans()),
)
DATASETS = st.builds(
    DatasetDefinition,
    kind=st.sampled_from(["file", "tabular"]),
    paths=st.lists(PATHS, max_size=2).map(tuple),
    format=TEXT,
    options=st.dictionaries(TEXT, JSON, max_size=2),
    transforms=st.lists(TRANSFORMS, max_size=2).map(tuple),
    name=TEXT,
    version=st.integers(0, 9),
    id=TEXT,
)
SECONDS = st.none() | st.integers(0, 10**6).map(float) | st.floats(0, 1e9)
COUNTS = st.none() | st.integers(0, 99)
POLICIES = st.builds(
    StepPolicy,
    retries=COUNTS,
    infrastructure_retries=COUNTS,
    disruption_retries=COUNTS,
    retry_oom=st.none() | st.just(0.0) | st.floats(1.0, 64.0, exclude_min=True),
    backoff=SECONDS,
    queue_timeout=SECONDS,
    start_timeout=SECONDS,
    run_timeout=SECONDS,
)
TOLERATIONS = st.dictionaries(st.sampled_from(["key", "value", "effect"]), TEXT) | st.just(
    {"operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 60}
)
PLACEMENTS = st.builds(
    Placement,
    st.dictionaries(TEXT, TEXT, max_size=2),
    st.lists(TOLERATIONS, max_size=2).map(tuple),
    TEXT,
    st.lists(TEXT, max_size=2).map(tuple),
)
TEXTS = st.lists(TEXT, max_size=3).map(tuple)
PIP = st.lists(TEXT.filter(lambda line: anchored(line, "/else") == line), max_size=3).map(tuple)
"""Lines that name no file by a relative path, which reading makes absolute."""
ENVIRONMENTS = st.builds(
    NamedEnvironment,
    TEXT,
    st.builds(
        EnvironmentSpec,
        pip=PIP,
        conda=TEXTS,
        channels=TEXTS,
        python=TEXT,
        image=TEXT,
        ready=st.booleans(),
        dockerfile=TEXT,
        interpreter=TEXT,
    ),
    st.dictionaries(TEXT, TEXT, max_size=2),
)
OUTPUTS = st.builds(
    OutputSpec,
    name=NAME,
    datastore=TEXT | st.just("workspaceblobstore"),
    mode=st.sampled_from(Mode),
    folder=st.booleans(),
    pipeline_output_name=TEXT,
    destination=TEXT,
    register=st.lists(
        st.builds(RegisterAs, name=TEXT, description=TEXT, tags=st.dictionaries(TEXT, TEXT, max_size=1), view=DATASETS),
        max_size=1,
    ).map(tuple),
)


OPTIONS = st.lists(SCALARS, min_size=1, max_size=3).map(tuple)
EXPRESSIONS = st.builds(Expression, st.just("choice"), OPTIONS) | st.builds(
    Expression, st.sampled_from(["uniform", "quniform", "randint", "lognormal"]), st.just((1, 2.0, 0.1))
)
VALUES = st.dictionaries(TEXT, SCALARS, max_size=2)


def searches(trials: list[str]) -> st.SearchStrategy[Search]:
    return st.builds(
        Search,
        sampling=st.sampled_from(Sampling),
        space=st.dictionaries(TEXT, EXPRESSIONS, max_size=2),
        metric=TEXT,
        goal=st.sampled_from(Goal),
        trials=st.lists(st.sampled_from(trials), max_size=2).map(tuple) if trials else st.just(()),
        concurrent=st.integers(),
        minutes=st.floats(allow_nan=False, allow_infinity=False),
        seed=st.integers(),
        rule=st.none()
        | st.builds(
            StoppingRule,
            kind=st.sampled_from(Stopping),
            interval=st.integers(),
            delay=st.integers(),
            slack_factor=st.none() | st.floats(0, 9),
            slack_amount=st.none() | st.floats(0, 9),
            percentage=st.integers(),
        ),
        past=st.lists(st.builds(PastTrial, VALUES, st.floats(-9, 9)), max_size=2).map(tuple),
        resumed=st.lists(VALUES, max_size=2).map(tuple),
    )


@st.composite
def steps(draw: st.DrawFn, before: tuple[StepSpec, ...], plan: Plan) -> StepSpec:
    """A step that reads what earlier ones make."""
    made = [OutputOf(step.key, output.name) for step in before for output in step.outputs]
    sources = PATHS | DATASETS | st.sampled_from(made) if made else PATHS | DATASETS
    input_specs = st.builds(
        InputSpec,
        name=NAME,
        source=sources,
        mode=st.sampled_from(Mode),
        path_on_compute=TEXT,
        view=st.none() | DATASETS,
    )
    inputs = tuple(draw(st.lists(input_specs, max_size=3, unique_by=lambda spec: spec.name)))
    outputs = tuple(
        draw(st.lists(st.builds(OutputSpec, name=NAME) | OUTPUTS, max_size=3, unique_by=lambda spec: spec.name))
    )
    locked = draw(st.booleans())
    placeholders = [
        Interpreter(),
        SampledArguments(),
        *(InputPath(s.name) for s in inputs),
        *(OutputPath(s.name) for s in outputs),
    ]
    arguments: st.SearchStrategy[Argument] = TEXT | st.sampled_from(
        [*placeholders, *map(ParameterValue, plan.parameters)]
    )
    command = tuple(draw(st.lists(arguments, max_size=4)))
    script = draw(TEXT)
    if draw(st.booleans()) and script:
        command = (Interpreter(), script, *command)
    elif draw(st.booleans()):
        command = ("/bin/sh", "-c", draw(TEXT), "sh")
    return StepSpec(
        key=draw(KEY.filter(lambda key: key not in {step.key for step in before})),
        name=draw(TEXT),
        command=command,
        environment=draw(st.sampled_from(sorted(plan.environments))),
        compute=draw(TEXT),
        source="" if locked else draw(st.sampled_from(["", ".", "steps", "../x y", "/abs"])),
        snapshot="d" * 64 if locked else "",
        script=script,
        inputs=inputs,
        outputs=outputs,
        variables=draw(st.dictionaries(TEXT, TEXT, max_size=2)),
        parameters=draw(st.dictionaries(NAME, st.sampled_from(sorted(plan.parameters)), max_size=2))
        if plan.parameters
        else {},
        after=tuple(draw(st.lists(st.sampled_from([step.key for step in before]), max_size=2))) if before else (),
        resources=draw(
            st.builds(Resources, cpu=TEXT, memory=TEXT, cpu_limit=TEXT, memory_limit=TEXT, gpu=st.integers(0, 4))
        ),
        placement=draw(PLACEMENTS),
        policy=draw(POLICIES),
        always=draw(st.booleans()),
        reuse=draw(st.booleans()),
        version=draw(TEXT),
        search=draw(st.none() | searches([step.key for step in before])),
        trial_of=draw(st.sampled_from(["", *(step.key for step in before)])),
        workers=draw(st.none() | workers(["", *plan.parameters])),
    )


def workers(parameters: list[str]) -> st.SearchStrategy[Workers]:
    return st.builds(
        Workers,
        kind=st.sampled_from(WorkerKind),
        nodes=st.integers(),
        nodes_parameter=st.sampled_from(parameters),
        processes=st.integers(),
        processes_parameter=st.sampled_from(parameters),
    )


@st.composite
def files(draw: st.DrawFn) -> PipelineFile:
    environments = draw(st.dictionaries(KEY, ENVIRONMENTS, min_size=1, max_size=2))
    plan = Plan(
        steps=(),
        environments=environments,
        parameters=draw(st.dictionaries(KEY, SCALARS, max_size=3)),
        description=draw(TEXT),
    )
    for _ in range(draw(st.integers(0, 3))):
        plan = replace(plan, steps=(*plan.steps, draw(steps(plan.steps, plan))))
    plan = replace(plan, policy=RunPolicy(draw(SECONDS), draw(COUNTS)))
    tags = draw(st.dictionaries(TEXT, TEXT, max_size=2))
    return PipelineFile(
        plan=plan,
        experiment=draw(TEXT),
        tags=tags,
        continue_on_step_failure=draw(st.booleans()),
        regenerate_outputs=draw(st.booleans()),
    )


@settings(
    max_examples=examples(60), deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(files())
def test_what_is_written_is_read(file: PipelineFile) -> None:
    assert from_yaml(to_yaml(file), "plan.yaml") == file


@pytest.mark.parametrize(
    "odd",
    ["\x85", "a\u2028b", "\u2029", "\x00", "\ufeff", "é", " x ", "1", "0.10", "1e3", "010", "null", "~", "yes", "true",
     "2026-01-01", "\t\n",
     "a\nb", "a\nb\n", "a\nb\n\n", "\na", " a\nb", "a \nb", "a\r\nb", "- a", "{a}", "#", "a: b", "<<", "="],
)  # fmt: skip
def test_odd_texts_stay_as_they_are(odd: str) -> None:
    step = b.step("a", command=(odd,), outputs=(), source=".", snapshot="", variables={odd: odd})
    file = PipelineFile(plan=b.plan(step, parameters={"p": odd}, description=odd), experiment=odd)
    assert from_yaml(to_yaml(file), "plan.yaml") == file


def test_parameters_that_set_a_number_of_nodes_are_kept() -> None:
    plan = replace(b.plan(b.step("a", source=".", snapshot=""), parameters={"n": 1}), node_parameters=("n",))
    file = PipelineFile(plan=plan, experiment="e")
    assert "node_parameters: [n]" in to_yaml(file)
    assert from_yaml(to_yaml(file), "plan.yaml") == file


def test_every_field_of_the_model_has_a_place_in_the_file() -> None:
    """A field that the model gains must be written and read: give it a form."""
    file, step, given, made, environment, _workers, search, rule = map(set, known_fields())

    def names(shape: type) -> set[str]:
        return {field.name for field in fields_of(shape)}

    assert names(Plan) <= file
    assert names(StepSpec) - {"key"} <= step
    assert names(InputSpec) - {"name", "source"} <= given
    assert names(OutputSpec) - {"name"} <= made
    assert names(EnvironmentSpec) | names(NamedEnvironment) - {"spec"} <= environment
    assert (names(Search), names(StoppingRule)) == (search, rule)
    assert names(Workers) == {*WORKERS_FIELDS, *(f"{name}_parameter" for name in COUNTS_OF_WORKERS)}


def test_the_short_forms_of_workers() -> None:
    file = read("""
        parameters: {n: 3}
        steps:
          a: {script: a.py, workers: {kind: pool, nodes: 4, processes: 2}}
          b: {script: a.py, workers: {kind: gang, nodes: {parameter: n}, processes: {parameter: n, default: 2}}}
        """)
    assert [step.workers for step in file.plan.steps] == [
        Workers(kind=WorkerKind.POOL, nodes=4, processes=2),
        Workers(kind=WorkerKind.GANG, nodes_parameter="n", processes=2, processes_parameter="n"),
    ]
    written = to_yaml(file)
    assert "workers: {kind: pool, nodes: 4, processes: 2}" in written
    assert "nodes: {parameter: n}" in written


@pytest.mark.parametrize(
    ("workers", "words"),
    [
        ("{kind: swarm}", "'swarm'"),
        ("{nodes: 2}", "'kind' is missing"),
        ("{kind: pool, node: 2}", "unknown field 'node'"),
        ("{kind: pool, nodes: {parameter: m}}", "unknown parameter 'm'"),
        ("{kind: pool, nodes: {default: 3}}", "field 'parameter' is missing"),
        ("{kind: pool, nodes: {parameter: n, least: 3}}", "unknown field 'least'"),
        ("{kind: pool, nodes: two}", "expected a whole number"),
        ("4", "expected a mapping"),
    ],
)
def test_workers_that_are_written_wrong(workers: str, words: str) -> None:
    text = f"parameters: {{n: 3}}\nsteps:\n  a: {{script: a.py, workers: {workers}}}\n"
    with pytest.raises(BadInput) as caught:
        read(text)
    assert words in str(caught.value)
    assert "p.yaml:3" in str(caught.value)


def read(text: str, base: str = "") -> PipelineFile:
    return from_yaml(dedent(text), "p.yaml", base)


def test_the_short_forms() -> None:
    plan = read("""
        parameters: {rows: 10}
        steps:
          prep:
            script: prep.py
            arguments: [--rows, {parameter: rows}, --rate, 0.10, --deep, yes, {output: clean}]
            outputs: [clean]
            parameters: [rows]
            resources: {cpu: 2}
          train:
            source: lib
            command: wc -l
            inputs:
              clean: prep.clean
              raw: {path: a/*.csv}
            outputs: {model: , other: {folder: true}}
        """, "/project").plan  # fmt: skip
    prep, train = plan.steps
    assert prep.command == (
        Interpreter(), "prep.py", "--rows", ParameterValue("rows"), "--rate", "0.10", "--deep", "yes",
        OutputPath("clean"),
    )  # fmt: skip
    assert (prep.name, prep.source, prep.environment, prep.parameters) == (
        "prep",
        "/project",
        "default",
        {"rows": "rows"},
    )
    assert prep.resources.cpu == "2"
    assert (train.source, train.command) == ("/project/lib", ("/bin/sh", "-c", "wc -l", "sh"))
    assert [spec.source for spec in train.inputs] == [
        OutputOf("prep", "clean"),
        DatastorePath("workspaceblobstore", "a/*.csv"),
    ]
    assert train.outputs == (OutputSpec(name="model"), OutputSpec(name="other", folder=True))


def test_numbers_are_those_of_yaml_1_2() -> None:
    parameters = read(
        "steps: {}\nparameters: {a: 1e-3, b: 010, c: 0x1f, d: on, e: .inf, f: 12:30, g: ~, h: 1_000}"
    ).plan
    assert parameters.parameters == {
        "a": 0.001, "b": 10, "c": 31, "d": "on", "e": float("inf"), "f": "12:30", "g": None, "h": "1_000",
    }  # fmt: skip


def test_anchors_and_merge_keys() -> None:
    first, second = read("""
        steps:
          a: &a {script: x.py, source: lib, compute: cpu, variables: &v {A: 1}}
          b:
            <<: *a
            script: y.py
            variables: {<<: *v, B: 2}
        """).plan.steps  # fmt: skip
    assert (second.script, second.source, second.compute) == ("y.py", "lib", "cpu")
    assert (first.variables, second.variables) == ({"A": "1"}, {"A": "1", "B": "2"})


@pytest.mark.parametrize(
    ("text", "where", "what"),
    [
        ("steps: [", "p.yaml:1", "not valid YAML"),
        ("a: 1\n---\nb: 1", "p.yaml:2", "not valid YAML"),
        ("a: *b", "p.yaml:1", "not valid YAML"),
        ("a: &x [*x]", "p.yaml:1", "an alias contains itself"),
        ("steps: {}\n? [1]\n: 2", "p.yaml:2", "a key must be text"),
        ("steps: !!python/object:os.system {}", "p.yaml:1: steps", "the tag !!python/object:os.system"),
        ("7", "p.yaml:1", "expected a mapping, found '7'"),
        ("", "p.yaml:1", "expected a mapping, found nothing"),
        ("description: x", "p.yaml:1", "field 'steps' is missing"),
        ("steps: {}\nstep: 1", "p.yaml:2: step", "unknown field 'step'; known: experiment"),
        ("steps: {}\nparameters: {a: 1,\n  a: 2}", "p.yaml:3: parameters", "'a' is there twice, first in line 2"),
        ("steps: {a: {}}", "p.yaml:1: steps.a", "it has neither a script nor a command"),
        ("steps: {a: {script: x, reuse: yes}}", "p.yaml:1: steps.a.reuse", "expected true or false, found 'yes'"),
        ("steps: {a: {script: [x]}}", "p.yaml:1: steps.a.script", "expected text, found a list"),
        ("steps: {a: {command: [{inptu: x}]}}", "p.yaml:1: steps.a.command[0]", "expected text, {input: …}"),
        ("steps: {a: {command: x, arguments: []}}", "p.yaml:1: steps.a", "'arguments' go with a script alone"),
        ("steps: {a: {script: x, snapshot: d, source: y}}", "p.yaml:1: steps.a.source", "'source' is of a draft"),
        ("steps: {a: {script: x, inputs: {i: a.csv}}}", "p.yaml:1: steps.a.inputs.i", "'a' has no output 'csv'"),
        ("steps: {a: {script: x, inputs: {i: d/a.csv}}}", "p.yaml:1: steps.a.inputs.i", "expected the output"),
        ("steps: {a: {script: x, inputs: {i: {}}}}", "p.yaml:1: steps.a.inputs.i", "expected one of from"),
        ("steps: {a: {script: x, inputs: {i: {from: a.b, datastore: d}}}}", "p.yaml:1: steps.a.inputs.i", "'data"),
        ("steps: {a: {script: x, environment: e}}", "p.yaml:1: steps.a.environment", "unknown environment 'e'"),
        ("environments: {e: , f: }\nsteps: {a: {script: x}}", "p.yaml:2: steps.a", "field 'environment' is missing"),
        ("steps: {a: {script: x, after: [b]}}", "p.yaml:1: steps.a.after[0]", "unknown step 'b'"),
        ("steps: {a: {script: x, parameters: [p]}}", "p.yaml:1: steps.a.parameters[0]", "unknown parameter 'p'"),
    ],
)  # fmt: skip
def test_what_is_wrong_names_its_place(text: str, where: str, what: str) -> None:
    with pytest.raises(BadInput) as caught:
        read(text)
    problem = caught.value.problems[0]
    assert problem.where == where
    assert problem.what.startswith(what)


def test_all_problems_are_told_together_with_the_nearest_names() -> None:
    with pytest.raises(BadInput) as caught:
        read("""
            experimnt: x
            environments: {a: {pip: numpy}}
            steps:
              prep: {soruce: lib, script: a.py, outputs: [clean]}
              train:
                script: b.py
                arguments: [{input: cleen}]
                inputs: {clean: prep.clena, more: pre.clean}
                resources: {gpu: two}
            """)  # fmt: skip
    told = [(problem.where.split(":")[1], problem.remedy) for problem in caught.value.problems]
    assert told == [
        ("2", "did you mean 'experiment'?"),
        ("3", "correct the file"),
        ("5", "did you mean 'source'?"),
        ("8", "did you mean 'clean'?"),
        ("9", "did you mean 'clean'?"),
        ("9", "did you mean 'prep'?"),
        ("10", "correct the file"),
    ]


def test_too_deep_is_no_crash() -> None:
    with pytest.raises(BadInput):
        read("[\n" * 50_000)  # each on a line of its own: PyYAML takes quadratic time for those of one


def test_policies_as_people_write_them() -> None:
    text = """\
        policy: {deadline: 4h, max_parallel: 2, retries: 1, run_timeout: 2h}
        steps:
          a:
            command: [x]
            policy: {retries: 3, retry_oom: 2, queue_timeout: 90}
            resources: {cpu: 2, memory: 4Gi}
            placement: {node_selector: {pool: batch}, tolerations: [{key: spot, operator: Exists}]}
          end: {command: [x], always: true, resources: {memory: 1Gi, memory_limit: 2Gi}}
        """
    plan = from_yaml(dedent(text), "p.yaml").plan
    assert plan.policy == RunPolicy(14400.0, 2)
    assert plan.step("a").policy == StepPolicy(retries=3, retry_oom=2.0, queue_timeout=90.0, run_timeout=7200.0)
    assert plan.step("a").resources == Resources(cpu="2", memory="4Gi", cpu_limit="", memory_limit="4Gi")
    assert plan.step("a").placement == Placement({"pool": "batch"}, ({"key": "spot", "operator": "Exists"},))
    assert plan.step("end").policy == StepPolicy(retries=1, run_timeout=7200.0)
    assert plan.step("end").resources == Resources(cpu="100m", memory="1Gi", cpu_limit="", memory_limit="2Gi")
    assert (plan.step("a").always, plan.step("end").always) == (False, True)


def test_policies_that_mean_nothing_are_told_with_their_lines() -> None:
    text = """\
        policy: {deadline: soon, max_parallel: -1, retrys: 2}
        steps:
          a:
            command: [x]
            policy:
              retry_oom: 0.5
              run_timeout: [1]
              deadline: 2h
        """
    with pytest.raises(BadInput) as refused:
        from_yaml(dedent(text), "p.yaml")
    told = [(problem.where, problem.what) for problem in refused.value.problems]
    assert [where for where, _ in told] == [
        "p.yaml:1: policy.retrys", "p.yaml:1: policy.deadline", "p.yaml:1: policy.max_parallel",
        "p.yaml:6: steps.a.policy.retry_oom", "p.yaml:7: steps.a.policy.run_timeout",
        "p.yaml:8: steps.a.policy.deadline",
    ]  # fmt: skip
    assert "'soon' is no length of time" in told[1][1]
    assert all(problem.remedy for problem in refused.value.problems)


def test_what_all_steps_say_alike_is_written_once() -> None:
    kept = replace(DEFAULT, retries=2)
    file = PipelineFile(plan=b.plan(b.step("a", policy=DEFAULT), b.step("b", policy=kept), policy=DEFAULT_RUN))
    written = to_yaml(file)
    assert from_yaml(written, "p.yaml") == file
    assert written.count("queue_timeout: 1d") == 1
    assert written.count("policy: {retries: 2}") == 1
    alone = PipelineFile(plan=b.plan(b.step("a", policy=kept)))
    assert from_yaml(to_yaml(alone), "p.yaml") == alone


def test_what_the_reader_would_refuse_is_not_written() -> None:
    plan = b.plan(b.step("a", version=2))
    with pytest.raises(BadInput, match=r"expected str, found 2 \(int\)\n.*PipelineFile\.plan\.steps\[0\]\.version"):
        to_yaml(PipelineFile(plan=plan))


def test_text_that_utf_8_cannot_express_is_read_back() -> None:
    plan = b.plan(b.step("a", command=("x", "a\udcff")))
    text = to_yaml(PipelineFile(plan=plan))
    assert text.encode()
    assert from_yaml(text, "x.yml").plan.steps[0].command == ("x", "a\udcff")

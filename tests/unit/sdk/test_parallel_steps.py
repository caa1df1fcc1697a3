"""ParallelRunStep and ParallelRunConfig: the command they become, v1's rules, and their YAML form."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from runner.model.data import Mode
from runner.model.step import InputPath, Interpreter, OutputPath, ParameterValue, StepSpec
from runner.model.workers import WorkerKind
from runner.sdk.base.exceptions import PipelineInvalid, UserErrorException
from runner.sdk.base.pipeline_parameter import PipelineParameter
from runner.sdk.datasets.consumption import DatasetConsumptionConfig
from runner.sdk.datasets.dataset import Dataset
from runner.sdk.datasets.file_dataset import FileDataset
from runner.sdk.datasets.tabular import TabularDataset
from runner.sdk.datastores.data_paths import DataReference
from runner.sdk.datastores.datastore import Datastore
from runner.sdk.environments.conda_dependencies import CondaDependencies
from runner.sdk.environments.environment import Environment
from runner.sdk.outputs.output_dataset_config import OutputFileDatasetConfig
from runner.sdk.outputs.pipeline_data import PipelineData
from runner.sdk.parallel_run.settings import PROGRAM, Settings, Source, of_arguments
from runner.sdk.pipelines.pipeline import Pipeline
from runner.sdk.steps.parallel_run_config import ParallelRunConfig
from runner.sdk.steps.parallel_run_step import ParallelRunStep
from runner.sdk.steps.python_script import PythonScriptStep
from runner.sdk.workspaces.workspace import Workspace
from tests.support.fake_session import FakeSession


@pytest.fixture
def ws(session: FakeSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.chdir(tmp_path)
    Path("score.py").write_text("def run(batch): return batch")
    session.store.put("images/a.png", b"1")
    session.store.put("rows/a.csv", b"n\n1\n")
    return Workspace.from_config()


@pytest.fixture
def images(ws: Workspace) -> FileDataset:
    return Dataset.File.from_files((Datastore(ws), "images"))


@pytest.fixture
def rows(ws: Workspace) -> TabularDataset:
    return Dataset.Tabular.from_delimited_files((Datastore(ws), "rows"))


def config(**options: Any) -> ParallelRunConfig:
    given = {
        "environment": Environment("e"),
        "entry_script": "score.py",
        "error_threshold": 5,
        "output_action": "append_row",
        "compute_target": "cpu",
        "node_count": 2,
    }
    return ParallelRunConfig(**{**given, **options})


def spec_of(ws: Workspace, *steps: Any) -> StepSpec:
    return Pipeline(ws, list(steps)).plan.steps[-1]


def settings_of(spec: StepSpec, values: dict[str, str] | None = None) -> tuple[Settings, list[str]]:
    texts = []
    for item in spec.command[3:]:
        if isinstance(item, ParameterValue):
            texts.append((values or {})[item.name])
        else:
            texts.append(item if isinstance(item, str) else repr(item))
    return of_arguments(texts)


def test_the_command_has_the_settings_and_the_arguments(ws: Workspace, images: FileDataset) -> None:
    labels = images.as_named_input("labels").as_mount("/tmp/labels")
    step = ParallelRunStep(
        "score it",
        config(mini_batch_size="5", process_count_per_node=3, environment_variables={"LEVEL": 3}, run_max_try=2),
        [images.as_named_input("images")],
        output=PipelineData("scores"),
        side_inputs=[labels],
        arguments=["--model", "v1", "--labels", labels, "--n", 3],
        allow_reuse=False,
    )
    spec = spec_of(ws, step)
    assert spec.command[:3] == (Interpreter(), "-m", PROGRAM)
    settings, own = settings_of(spec)
    assert settings == Settings(
        entry_script="score.py",
        inputs=(Source("images", "file"),),
        output="scores",
        mini_batch_size="5",
        error_threshold=5,
        run_max_try=2,
    )
    assert own == ["--model", "v1", "--labels", repr(InputPath("labels")), "--n", "3"]
    assert spec.workers is not None
    assert (spec.workers.kind, spec.workers.nodes, spec.workers.processes) == (WorkerKind.POOL, 2, 3)
    assert [(one.name, one.mode, one.path_on_compute) for one in spec.inputs] == [
        ("images", Mode.MOUNT, ""),
        ("labels", Mode.MOUNT, "/tmp/labels"),
    ]
    assert (spec.reuse, spec.script, spec.variables["LEVEL"], spec.compute) == (False, "score.py", "3", "cpu")


def test_parameters_stand_for_settings_and_numbers_of_workers(ws: Workspace, rows: TabularDataset) -> None:
    given = {
        "mini_batch_size": PipelineParameter("size", "1KB"),
        "node_count": PipelineParameter("nodes", 2),
        "process_count_per_node": PipelineParameter("processes", "4"),
        "run_invocation_timeout": PipelineParameter("seconds", 30),
        "run_max_try": PipelineParameter("tries", 2),
        "logging_level": PipelineParameter("level", "DEBUG"),
    }
    step = ParallelRunStep("score", config(**given), [rows.as_named_input("rows")], PipelineData("scores"))
    plan = Pipeline(ws, [step]).plan
    assert plan.parameters == {
        "size": "1KB", "nodes": 2, "processes": "4", "seconds": 30, "tries": 2, "level": "DEBUG"
    }  # fmt: skip
    (spec,) = plan.steps
    assert spec.workers is not None
    assert (spec.workers.nodes_parameter, spec.workers.processes_parameter) == ("nodes", "processes")
    bound = spec.workers.bound({"nodes": 3, "processes": "1"})
    assert (bound.nodes, bound.processes) == (3, 1)
    settings, own = settings_of(spec, {"size": "2MB", "seconds": "9", "tries": "1", "level": "INFO"})
    assert settings.inputs == (Source("rows", "tabular"),)
    assert (settings.mini_batch_size, settings.run_invocation_timeout, settings.run_max_try) == ("2MB", 9, 1)
    assert (settings.logging_level, own) == ("INFO", [])


def test_values_at_submit_follow_the_rules_of_the_settings(ws: Workspace, images: FileDataset) -> None:
    given = {
        "mini_batch_size": PipelineParameter("size", "5"),
        "run_max_try": PipelineParameter("tries", 2),
        "logging_level": PipelineParameter("level", "INFO"),
        "node_count": PipelineParameter("nodes", 1),
    }
    step = ParallelRunStep("s", config(**given), [images.as_named_input("images")], PipelineData("o"))
    pipeline = Pipeline(ws, [step])
    values = {"size": 6, "tries": "3", "level": "debug", "nodes": "4"}
    assert dict(pipeline.bound(values)[1]) == values
    with pytest.raises(PipelineInvalid) as told:
        pipeline.bound({"size": "many", "tries": 0, "level": "LOUD", "nodes": 0})
    assert [problem.what for problem in told.value.problems][:3] == [
        "parameter 'size': mini_batch_size is 'many'",
        "parameter 'tries': run_max_try is 0",
        "parameter 'level': logging_level is 'LOUD'",
    ]
    assert len(told.value.problems) == 4


def test_partition_keys_may_be_a_parameter(ws: Workspace, session: FakeSession) -> None:
    session.store.put("shops/nl/a.csv", b"n\n1\n")
    shops = Dataset.Tabular.from_delimited_files((Datastore(ws), "shops"), partition_format="/{country}/a.csv")
    keys = PipelineParameter("keys", '["country"]')
    step = ParallelRunStep("s", config(partition_keys=keys), [shops.as_named_input("shops")], PipelineData("o"))
    assert settings_of(spec_of(ws, step), {"keys": '["country"]'})[0].partition_keys == ("country",)
    step = ParallelRunStep("s", config(partition_keys=["country"]), [shops.as_named_input("shops")], PipelineData("o"))
    assert settings_of(spec_of(ws, step))[0].partition_keys == ("country",)


def test_outputs_of_other_steps_are_inputs(ws: Workspace, images: FileDataset) -> None:
    Path("make.py").touch()
    made, table = PipelineData("made").as_dataset(), OutputFileDatasetConfig("table")
    make = PythonScriptStep("make.py", arguments=[table], outputs=[made], compute_target="cpu", source_directory=".")
    step = ParallelRunStep("s", config(), [made, made.as_named_input("again")], OutputFileDatasetConfig("o"))
    spec = spec_of(ws, make, step)
    assert [(one.name, one.mode) for one in spec.inputs] == [("made", Mode.MOUNT), ("again", Mode.MOUNT)]
    assert settings_of(spec)[0].inputs == (Source("made", "file"), Source("again", "file"))
    step = ParallelRunStep(
        "s", config(), [table.read_delimited_files()], PipelineData("o"), side_inputs=[table.as_input("files")]
    )
    spec = spec_of(ws, make, step)
    assert settings_of(spec)[0].inputs == (Source("table", "tabular"),)
    assert [one.mode for one in spec.inputs] == [Mode.DIRECT, Mode.MOUNT]
    step = ParallelRunStep("s", config(), [table], PipelineData("o"))
    assert settings_of(spec_of(ws, make, step))[0].inputs == (Source("table", "file"),)


def test_a_dataset_as_a_parameter_and_a_download(ws: Workspace, images: FileDataset) -> None:
    data = DatasetConsumptionConfig("data", PipelineParameter("which", images))
    step = ParallelRunStep("s", config(), [data, images.as_named_input("b").as_download()], PipelineData("o"))
    assert [one.mode for one in spec_of(ws, step).inputs] == [Mode.MOUNT, Mode.DOWNLOAD]


def test_summary_only_needs_no_output(ws: Workspace, images: FileDataset) -> None:
    step = ParallelRunStep("s", config(output_action="summary_only"), [images.as_named_input("images")])
    settings, _own = settings_of(spec_of(ws, step))
    assert (settings.output_action, settings.output) == ("summary_only", "")
    output = PipelineData("o")
    step = ParallelRunStep(
        "s", config(output_action="Summary_Only"), [images.as_named_input("images")], output, arguments=["--o", output]
    )
    settings, own = settings_of(spec_of(ws, step))
    assert (settings.output_action, settings.output, own) == ("summary_only", "o", ["--o", repr(OutputPath("o"))])


def refused(*arguments: Any, **options: Any) -> str:
    with pytest.raises(ValueError, match="ParallelRunStep") as error:
        ParallelRunStep(*arguments, **options)
    return str(error.value)


def test_all_that_is_wrong_with_a_step_is_told_at_once(
    ws: Workspace, images: FileDataset, rows: TabularDataset
) -> None:
    one = images.as_named_input("images")
    told = refused("s", config(), [one, rows.as_named_input("rows"), images, "x"], arguments=["v1", "--output=3"])
    for what in (
        "some inputs are files and others are tables",
        "a FileDataset cannot be an input",
        "a str cannot be an input",
        "there is no output for the rows",
        "the first argument is 'v1', which is no option",
        "the argument '--output' is one of v1's own",
    ):
        assert what in told
    assert "test_parallel_steps.py" in told
    assert "inputs must be a list with at least one element" in refused("s", config(), [], PipelineData("o"))
    assert "parallel_run_config is a str" in refused("s", "config", [one], PipelineData("o"))
    assert "a list cannot be the output" in refused("s", config(), [one], [PipelineData("o")])
    assert "arguments must be a list, not a str" in refused("s", config(), [one], PipelineData("o"), arguments="--a")
    raw = DataReference(Datastore(ws), path_on_datastore="images")
    assert "a DataReference cannot be an input" in refused("s", config(), [raw], PipelineData("o"))
    for name in ("mini_batch_size", "partition_keys", "logging_level"):
        assert name in refused("s", config(), [one], PipelineData("o"), arguments=["--a", 1, f"--{name}", 2])


def test_a_missing_script_is_told_with_the_pipeline(ws: Workspace, images: FileDataset) -> None:
    step = ParallelRunStep("s", config(entry_script="no.py"), [images.as_named_input("i")], PipelineData("o"))
    with pytest.raises(PipelineInvalid, match=r"there is no script .*no\.py"):
        Pipeline(ws, [step])


WRONG: dict[str, tuple[object, ...]] = {
    "error_threshold": (-2, 1.5, "1", None, True),
    "allowed_failed_count": (-2, 0.5),
    "allowed_failed_percent": (-1, 100.5, "3"),
    "output_action": ("rows", ""),
    "node_count": (0, -1, "two", 1.5, None),
    "process_count_per_node": (0, "no", PipelineParameter("p", 0)),
    "run_invocation_timeout": (0, "no"),
    "run_max_try": (0,),
    "logging_level": ("LOUD",),
    "mini_batch_size": ("1 KB", "KB", 0, 1.5, PipelineParameter("p", "many")),
    "partition_keys": ([], "store", [1], PipelineParameter("p", "store"), PipelineParameter("p", "[1]")),
    "append_row_file_name": ("a/b", "a:b", "..", ""),
    "environment": ("env",),
    "entry_script": ("", None),
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in WRONG.items() for value in values])
def test_v1s_rules_of_a_configuration(name: str, value: object) -> None:
    with pytest.raises(ValueError, match=f"ParallelRunConfig: .*{name}"):
        config(**{name: value})


def test_the_numbers_of_a_configuration_may_be_texts_and_v1_keeps_a_size_as_a_number() -> None:
    made = config(node_count="2", mini_batch_size="2kb", run_max_try="1", allowed_failed_percent=12.5)
    assert (made.mini_batch_size, made.run_invocation_timeout, made.logging_level) == (2048, 60, "INFO")


def test_all_that_is_wrong_with_a_configuration_is_told_at_once() -> None:
    with pytest.raises(PipelineInvalid) as told:
        config(error_threshold=-3, mini_batch_size=5, partition_keys=["a"], node_count=0)
    assert len(told.value.problems) == 3
    assert "both mini_batch_size and partition_keys are given" in str(told.value)


def test_the_yaml_form_comes_back(ws: Workspace) -> None:
    environment = Environment("e")
    environment.python.conda_dependencies = CondaDependencies.create(pip_packages=["pandas"])
    made = config(
        environment=environment,
        mini_batch_size=PipelineParameter("size", "5"),
        allowed_failed_count=3,
        allowed_failed_percent=2.5,
        append_row_file_name="rows.txt",
        environment_variables={"A": "1"},
        source_directory=".",
    )
    made.save_to_yaml("config.yml")
    read = ParallelRunConfig.load_yaml(ws, "config.yml")
    for name in ("error_threshold", "allowed_failed_count", "allowed_failed_percent", "append_row_file_name"):
        assert getattr(read, name) == getattr(made, name)
    assert (read.mini_batch_size, read.environment_variables, read.source_directory) == (5, {"A": "1"}, ".")
    assert read.compute_target.name == "cpu"  # type: ignore[attr-defined]
    dependencies = read.environment.python.conda_dependencies
    assert dependencies is not None
    assert "pandas" in " ".join(dependencies.pip_packages)
    config(partition_keys=PipelineParameter("keys", '["a"]')).save_to_yaml("keys.yml")
    assert ParallelRunConfig.load_yaml(ws, "keys.yml").partition_keys == ["a"]


def test_a_yaml_form_may_name_its_environment(ws: Workspace, tmp_path: Path) -> None:
    Environment("kept").save_to_directory(str(tmp_path / "env"))
    text = (
        "parallel_run_config:\n  entry_script: score.py\n  error_threshold: 1\n  output_action: append_row\n"
        "  node_count: 1\n  compute_target_name: cpu\n"
    )
    Path("a.yml").write_text(f"{text}  environment_dir_path: env\n")
    assert ParallelRunConfig.load_yaml(ws, "a.yml").environment.name == "kept"
    Path("b.yml").write_text(text)
    with pytest.raises(UserErrorException, match="there is no environment"):
        ParallelRunConfig.load_yaml(ws, "b.yml")
    Path("c.yml").write_text("other: 1\n")
    with pytest.raises(UserErrorException, match="there is no mapping parallel_run_config"):
        ParallelRunConfig.load_yaml(ws, "c.yml")


def test_partition_keys_that_an_input_does_not_have_are_told_at_once(ws: Workspace, images: FileDataset) -> None:
    told = refused("s", config(partition_keys=["store", "day"]), [images.as_named_input("images")], PipelineData("o"))
    for key in ("store", "day"):
        assert f"input 'images' has no partition key '{key}' (it has: none)" in told
    table = OutputFileDatasetConfig("made", partition_format="/{store}/*.csv")
    told = refused("s", config(partition_keys=["store", "day"]), [table], PipelineData("o"))
    assert "input 'made' has no partition key 'day' (it has: store)" in told
    assert "key 'store'" not in told


def test_a_size_in_bytes_is_refused_for_files(ws: Workspace, images: FileDataset, rows: TabularDataset) -> None:
    files = [images.as_named_input("images")]
    for size in ("1KB", "2mb", PipelineParameter("size", "1GB")):
        told = refused("s", config(mini_batch_size=size), files, PipelineData("o"))
        assert "mini_batch_size is a size in bytes, but the inputs are files, which are counted" in told
        assert "give the number of files of a mini-batch, such as '10'" in told
    ParallelRunStep("s", config(mini_batch_size="1KB"), [rows.as_named_input("rows")], PipelineData("o"))
    ParallelRunStep("s", config(mini_batch_size="10"), files, PipelineData("o"))
    ParallelRunStep("s", config(), files, PipelineData("o"))


def test_a_parameter_of_files_takes_no_size_in_bytes(ws: Workspace, images: FileDataset, rows: TabularDataset) -> None:
    size = PipelineParameter("size", "5")
    step = ParallelRunStep("s", config(mini_batch_size=size), [images.as_named_input("i")], PipelineData("o"))
    pipeline = Pipeline(ws, [step])
    with pytest.raises(ValueError, match="parameter 'size': mini_batch_size is a size in bytes"):
        pipeline.submit("e", pipeline_parameters={"size": "1MB"})
    with pytest.raises(ValueError, match="parameter 'size': mini_batch_size is 'many'"):
        pipeline.submit("e", pipeline_parameters={"size": "many"})
    pipeline.submit("e", pipeline_parameters={"size": "7"})
    step = ParallelRunStep("s", config(mini_batch_size=size), [rows.as_named_input("r")], PipelineData("o"))
    Pipeline(ws, [step]).submit("e", pipeline_parameters={"size": "1MB"})

"""Outputs that are datasets: where they go, what they are registered as, how they are read."""

from __future__ import annotations

from typing import Any

import pytest

from runner.model.data import Mode
from runner.model.plan import Plan
from runner.model.step import OutputSpec, RegisterAs
from runner.model.transforms import DropColumns, Sample
from runner.sdk import (
    DataPath,
    Datastore,
    OutputFileDatasetConfig,
    Pipeline,
    PipelineData,
    PipelineParameter,
    PythonScriptStep,
    Workspace,
)
from runner.sdk.base.exceptions import UserErrorException
from runner.sdk.datasets.types import DataType


def plan(ws: Workspace, *steps: PythonScriptStep) -> Plan:
    return Pipeline(ws, list(steps)).plan


def written(ws: Workspace, output: Any) -> OutputSpec:
    return plan(ws, PythonScriptStep("a.py", outputs=[output])).steps[0].outputs[0]


def test_the_place_by_default_is_v1s(ws: Workspace) -> None:
    spec = written(ws, OutputFileDatasetConfig("out"))
    assert (spec.datastore, spec.destination, spec.folder) == (
        "workspaceblobstore", "dataset/{run-id}/{output-name}", True,
    )  # fmt: skip
    alone = written(ws, OutputFileDatasetConfig("out", destination=(Datastore(ws), None)))
    assert alone.destination == spec.destination


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("kept/here", "kept/here"),
        ("/kept//here/", "kept/here"),
        ("x/{run-id}/{output-name}", "x/{run-id}/{output-name}"),
        ("models-{run-id}", "models-{run-id}"),
    ],
)
def test_a_destination_is_carried_as_it_is_written(ws: Workspace, path: str, expected: str) -> None:
    assert written(ws, OutputFileDatasetConfig("out", (Datastore(ws), path))).destination == expected
    assert written(ws, OutputFileDatasetConfig("out", DataPath(Datastore(ws), path))).destination == expected


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("x/{unknown}", r"holds \{unknown\}, which nothing fills in"),
        ("x/{run-id", r"holds \{, which"),
        ("x/*", "is no folder"),
        ("runs/x", "reserved for runner's own records"),
        (7, "cannot be a int"),
        (PipelineParameter("p", "x"), "a PipelineParameter in a destination would be taken for text"),
        (f"x/{PipelineParameter('p', 'x')}", "a PipelineParameter in a destination"),
    ],
)
def test_destinations_that_cannot_be(ws: Workspace, path: Any, text: str) -> None:
    with pytest.raises(UserErrorException, match=f"output 'out': .*{text}"):
        OutputFileDatasetConfig("out", (Datastore(ws), path))


def test_a_destination_stays_in_its_datastore(ws: Workspace) -> None:
    with pytest.raises(UserErrorException, match="leaves its datastore"):
        OutputFileDatasetConfig("out", (Datastore(ws), "../x"))


def test_registering_a_copy_registers_the_output(ws: Workspace) -> None:
    out = OutputFileDatasetConfig("out", partition_format="/{day}/x.csv")
    copy = out.register_on_complete("kept", "said", {"k": "v"})
    assert isinstance(copy, OutputFileDatasetConfig)
    copy.register_on_complete("kept", "said again")
    rows = out.read_delimited_files(separator="\t").drop_columns("a").register_on_complete("rows")
    spec = written(ws, copy)
    assert [(one.name, one.description, one.view.kind) for one in spec.register] == [
        ("kept", "said again", "file"), ("rows", "", "tabular"),
    ]  # fmt: skip
    assert spec.register[0].view.options == {"partition_format": "/{day}/x.csv"}
    assert spec.register[1].view.transforms == (DropColumns(("a",)),)
    assert plan(ws, PythonScriptStep("a.py", arguments=[rows])).steps[0].outputs[0].name == "out"


def test_uploads_of_what_fits(ws: Workspace) -> None:
    out = OutputFileDatasetConfig("out", source="made/here").as_upload(overwrite=True, source_globs="**/*.csv")
    spec = written(ws, out)
    assert (spec.mode, spec.globs, spec.path_on_compute) == (Mode.UPLOAD, ("**/*.csv",), "made/here")
    assert written(ws, OutputFileDatasetConfig("out").as_mount(disable_metadata_cache=True)).mode is Mode.MOUNT


def read_as(ws: Workspace, output: Any, read: Any) -> Any:
    steps = [PythonScriptStep("a.py", outputs=[output]), PythonScriptStep("b.py", inputs=[read])]
    return plan(ws, *steps).steps[1].inputs[0]


def test_files_of_an_output_configuration(ws: Workspace) -> None:
    out = OutputFileDatasetConfig("out")
    mounted = read_as(ws, out, out.as_input("seen").as_mount("/data"))
    assert (mounted.name, mounted.mode, mounted.path_on_compute) == ("seen", Mode.MOUNT, "/data")
    assert (mounted.view.kind, mounted.view.id) == ("file", "")
    direct = read_as(ws, out, out.as_input("seen").as_direct())
    assert (direct.mode, direct.view.kind) == (Mode.DIRECT, "file")


def test_rows_of_an_output_configuration(ws: Workspace) -> None:
    out = OutputFileDatasetConfig("out")
    rows = out.read_parquet_files(path_glob="*.parquet", set_column_types={"a": DataType.to_string()})
    spec = read_as(ws, out, rows.keep_columns(["a"]).as_input("rows"))
    assert (spec.mode, spec.view.format, spec.view.options["path_glob"]) == (Mode.DIRECT, "parquet", "*.parquet")
    assert spec.view.options["set_column_types"] == {"a": ["string"]}
    assert spec.view.id
    with pytest.raises(UserErrorException, match="rows cannot be mounted"):
        rows.as_input("rows").as_mount()


def test_the_parts_of_a_split_are_two_inputs(ws: Workspace) -> None:
    out = OutputFileDatasetConfig("out")
    some, rest = out.read_delimited_files().random_split(0.8, seed=1)
    steps = [
        PythonScriptStep("a.py", outputs=[out]),
        PythonScriptStep("b.py", inputs=[some.as_input("train"), rest.as_input("test")]),
    ]
    inputs = plan(ws, *steps).steps[1].inputs
    assert [one.name for one in inputs] == ["train", "test"]
    views = [one.view for one in inputs]
    assert [view.transforms for view in views if view] == [(Sample(0.0, 0.8, 1),), (Sample(0.8, 1.0, 1),)]
    assert len({view.id for view in views if view}) == 2


def test_pipeline_data_as_rows_with_every_option(ws: Workspace) -> None:
    data = PipelineData("data")
    rows = data.as_dataset().parse_delimited_files(
        include_path=True,
        separator="\t",
        header=True,
        partition_format="/{day}/x.tsv",
        file_extension=".txt",
        set_column_types={"a": DataType.to_long()},
        quoted_line_breaks=True,
    )
    options = read_as(ws, data, rows).view.options
    assert options == {
        "include_path": True,
        "separator": "\t",
        "header": True,
        "partition_format": "/{day}/x.tsv",
        "file_extension": ".txt",
        "set_column_types": {"a": ["long"]},
        "support_multi_line": True,
        "soft_extension": ".tsv",
    }
    parquet = read_as(ws, data, data.as_dataset().parse_parquet_files()).view
    assert parquet.options == {"soft_extension": ".parquet"}
    some, _rest = data.as_dataset().parse_parquet_files().random_split(0.5, seed=1)
    assert read_as(ws, data, some.as_named_input("train").drop_columns("x")).name == "train"


def test_pipeline_data_can_be_registered(ws: Workspace) -> None:
    data = PipelineData("data")
    dataset = data.as_dataset().register("files", create_new_version=False)
    dataset.parse_delimited_files().keep_columns("a").register("rows")
    spec = written(ws, dataset)
    assert [(one.name, one.view.kind, one.new_version) for one in spec.register] == [
        ("files", "file", False), ("rows", "tabular", True),
    ]  # fmt: skip
    assert isinstance(spec.register[0], RegisterAs)


def test_pipeline_data_modes_are_checked(ws: Workspace) -> None:
    with pytest.raises(ValueError, match="output_mode 'hdfs'"):
        PipelineData("data", output_mode="hdfs")
    data = PipelineData("data", output_name="made", is_directory=True)
    assert data.get_env_variable_name() == "AZUREML_DATAREFERENCE_made"
    bound = read_as(ws, data, data.as_download("seen", "/data"))
    assert (bound.name, bound.mode, bound.path_on_compute) == ("seen", Mode.DOWNLOAD, "/data")
    with pytest.raises(UserErrorException, match="input mode 'upload'"):
        read_as(ws, data, data.create_input_binding("seen", "upload"))

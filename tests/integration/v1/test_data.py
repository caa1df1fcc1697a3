"""Datasets and output destinations of v1 steps: the scripts run; the tests read what they saw."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from azureml.data import OutputFileDatasetConfig
from azureml.exceptions import UserErrorException
from azureml.pipeline.core import PipelineParameter

from tests.support.v1_drivers import HEAD, TOUCH

READ = """
import json, os, sys
from azureml.core import Run

run = Run.get_context()
found = {}
for name, value in run.input_datasets.items():
    found[name] = value if isinstance(value, str) else type(value).__name__
rows = run.input_datasets["rows"].to_pandas_dataframe()
seen = {"inputs": found, "env": dict(os.environ), "rows": rows.to_dict("list")}
os.makedirs("outputs", exist_ok=True)
with open("outputs/seen.json", "w") as file:
    json.dump(seen, file, default=str)
"""

DATASETS = """
def answer():
    for name, text in {"a": "x,y\\n1,2020-01-01\\n", "b": "x,y\\n3,2021-01-01\\n"}.items():
        Path("raw").mkdir(exist_ok=True)
        Path(f"raw/{name}.csv").write_text(text)
    store.upload("raw", "raw", show_progress=False)
    table = Dataset.Tabular.from_delimited_files((store, "raw/*.csv")).register(ws, "table")
    files = Dataset.File.from_files((store, "raw"))
    data = PipelineData("data", datastore=store)
    parquet = PipelineData("columns", datastore=store)
    make = step("touch", [data], name="make", outputs=[data])
    whole = step("touch", [parquet], name="whole", outputs=[parquet])
    config = OutputFileDatasetConfig("config")
    other = step("touch", [config], name="other")
    read = step("read", inputs=[
        table.as_named_input("rows"),
        files.as_named_input("mounted").as_mount(),
        files.as_named_input("copied").as_download(),
        files.as_named_input("object"),
        data.as_dataset().as_mount(),
        parquet.as_dataset().parse_parquet_files(),
        config.as_input("made"),
    ], name="read")
    run = ended(make, whole, other, read)
    (found,) = run.find_step_run("read")
    return {**seen(found, "seen.json"), "id": table.id}


ask("read", answer)
"""

DESTINATIONS = """
def answer():
    config = OutputFileDatasetConfig("config")
    named = OutputFileDatasetConfig("named", destination=(store, "kept/{output-name}/of/{run-id}"))
    run = ended(step("touch", [config], name="default"), step("touch", [named], name="named"))
    ids = [run.find_step_run(name)[0].id for name in ("default", "named")]
    ports = [run.find_step_run(a)[0].get_output_data(b) for a, b in (("default", "config"), ("named", "named"))]
    return {"ids": ids, "paths": [port.path_on_datastore for port in ports], "store": ports[0].datastore_name}


ask("destinations", answer)
ask("template", lambda: OutputFileDatasetConfig("odd", destination=(store, "x/{unknown}")) and
    ended(step("touch", [OutputFileDatasetConfig("odd", destination=(store, "x/{unknown}"))], name="odd")).get_status())


def lazy():
    Path("n").mkdir()
    rows = "\\n".join(["1"] * 250 + ["many"])
    Path("n/a.csv").write_text(f"x,y\\n1,\\n")
    store.upload("n", "lazy", show_progress=False)
    table = Dataset.Tabular.from_delimited_files((store, "lazy/*.csv"))
    before = len(table.to_pandas_dataframe())
    Path("n/b.csv").write_text("x,y\\n2,\\n")
    store.upload("n", "lazy", show_progress=False)
    Path("t").mkdir()
    Path("t/a.csv").write_text("x\\n" + rows + "\\n")
    store.upload("t", "typed", show_progress=False)
    typed = Dataset.Tabular.from_delimited_files((store, "typed/a.csv")).to_pandas_dataframe()
    return [before, len(table.to_pandas_dataframe()), str(typed["x"].dtype), int(typed["x"].isna().sum())]


ask("lazy", lazy)


def paths():
    Path("p/2020").mkdir(parents=True)
    Path("p/2020/file.csv").write_text("x\\n1\\n")
    Path("p/2021").mkdir(parents=True)
    Path("p/2021/file.csv").write_text("x\\n2\\n")
    store.upload("p", "p", show_progress=False)
    form = "p/{year}/file.csv"
    files = Dataset.File.from_files((store, "p/*/file.csv"), partition_format=form)
    rows = Dataset.Tabular.from_delimited_files((store, "p/*/file.csv"), partition_format=form).to_pandas_dataframe()
    dated = Dataset.Tabular.from_delimited_files((store, "p/*/file.csv"), partition_format="p/{when:yyyy}/file.csv")
    one = Dataset.File.from_files((store, "p/2020/file.csv"))
    return [one.to_path(), files.to_path(), list(files.partition_keys), sorted(rows["year"]),
            str(dated.to_pandas_dataframe()["when"].dtype)]


ask("paths", paths)
"""

Answer = dict[str, Any]


@pytest.fixture(scope="module")
def read(told: Callable[..., Answer]) -> Answer:
    found: Answer = told(HEAD, DATASETS, read=READ, touch=TOUCH)["read"]
    assert isinstance(found, dict), found
    return found


@pytest.fixture(scope="module")
def stored(told: Callable[..., Answer]) -> Answer:
    return told(HEAD, DESTINATIONS, touch=TOUCH)


def test_each_dataset_is_a_variable_named_exactly_as_the_input(read: Answer) -> None:
    assert read["env"]["rows"] == read["id"]
    assert Path(read["env"]["mounted"]).is_absolute()
    assert Path(read["env"]["copied"]).is_absolute()
    assert (read["env"]["made"], read["env"]["data"]) == (read["inputs"]["made"], read["inputs"]["data"])


def test_the_datasets_and_their_modes_are_listed_in_a_variable(read: Answer) -> None:
    listed = set(read["env"]["AZUREML_DATASET_ENVIRONMENT_VARS"].split(","))
    assert {"rows:direct", "mounted:mount", "copied:download", "made:mount", "data:mount"} <= listed


def test_input_datasets_are_objects_when_direct_and_paths_otherwise(read: Answer) -> None:
    assert (read["inputs"]["rows"], read["inputs"]["object"]) == ("TabularDataset", "FileDataset")
    assert all(Path(read["inputs"][name]).is_absolute() for name in ("mounted", "copied"))
    assert read["rows"]["x"] == [1, 3]


def test_data_as_dataset_is_found_under_the_datas_name(read: Answer) -> None:
    assert Path(read["inputs"]["data"]).is_absolute()


def test_parsed_parquet_files_are_a_tabular_dataset(read: Answer) -> None:
    assert read["inputs"]["columns"] == "TabularDataset"


def test_an_output_configuration_lies_by_default_below_dataset(stored: Answer) -> None:
    found = stored["destinations"]
    assert isinstance(found, dict), found
    assert (found["paths"][0], found["store"]) == (f"dataset/{found['ids'][0]}/config", "workspaceblobstore")


def test_a_destination_may_name_the_run_and_the_output(stored: Answer) -> None:
    found = stored["destinations"]
    assert isinstance(found, dict), found
    assert found["paths"][1] == f"kept/named/of/{found['ids'][1]}"


def test_a_destination_knows_no_other_template(stored: Answer) -> None:
    assert "unknown" in stored["template"]


def test_to_path_is_relative_to_the_prefix_before_the_first_glob(stored: Answer) -> None:
    assert stored["paths"][:2] == [["/file.csv"], ["/2020/file.csv", "/2021/file.csv"]]


def test_a_partition_format_makes_columns_of_text_and_times(stored: Answer) -> None:
    assert stored["paths"][2:4] == [["year"], ["2020", "2021"]]
    assert stored["paths"][4].startswith("datetime64")


def test_a_dataset_over_a_changed_folder_sees_the_change(stored: Answer) -> None:
    assert stored["lazy"][:2] == [1, 2]


def test_types_come_from_the_first_200_rows_and_misfits_are_null(stored: Answer) -> None:
    assert stored["lazy"][2:] == ["float64", 1]


def test_a_parameter_in_a_destination_is_refused(ws: Any) -> None:
    with pytest.raises(UserErrorException, match="destination"):
        OutputFileDatasetConfig("out", destination=(ws.get_default_datastore(), PipelineParameter("where", "x")))

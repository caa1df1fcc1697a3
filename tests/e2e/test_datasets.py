"""Datasets through a whole run on this machine: what steps write as datasets, how others and the driver read them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.projects import Project

DRIVER = """
    import json, os

    for year, text in {"2020": "x,keep\\n1,a\\n2,b\\n", "2021": "x,keep\\n3,c\\n"}.items():
        os.makedirs(f"in/{year}", exist_ok=True)
        with open(f"in/{year}/rows.csv", "w") as file:
            file.write(text)
    store.upload("in", "in", show_progress=False)
    table = Dataset.Tabular.from_delimited_files((store, "in/*/rows.csv"), partition_format="/{year}/rows.csv")
    files = Dataset.File.from_files((store, "in"), partition_format="/{year}/rows.csv")
    lone = Dataset.File.from_files((store, "in/2020/rows.csv"))

    made = OutputFileDatasetConfig("made", (store, "kept/{run-id}/made")).register_on_complete("made", tags={"k": "v"})
    fixed = OutputFileDatasetConfig("fixed", (store, "fixed/place"), source="outputs/here")
    fixed = fixed.as_upload(source_globs=["*.csv"]).register_on_complete("fixed")
    old = PipelineData("old", datastore=store)
    first = PythonScriptStep(
        "write.py", "write", [table.as_named_input("table"), "--", made, fixed, old], "local",
        inputs=[files.filter(files["year"] == "2021").as_named_input("chosen").as_mount(),
                lone.as_named_input("lone").as_download()],
        outputs=[old], source_directory="steps",
    )
    rows = old.as_dataset().parse_delimited_files(include_path=True)
    some, rest = made.read_delimited_files(path_glob="*.csv").drop_columns("keep").random_split(0.5, seed=1)
    second = PythonScriptStep(
        "read.py", "read", [made.as_input("whole"), rows.as_named_input("rows")], "local",
        inputs=[some.as_input("some"), rest.as_input("rest"), fixed.as_input("fixed_in").as_direct()],
        source_directory="steps",
    )
    run = Experiment(ws, "tests").submit(Pipeline(ws, [second]))
    run.wait_for_completion(show_output=False)
    seen = {name: Dataset.get_by_name(ws, name) for name in ("made", "fixed", "by_step")}
    print("SEEN", json.dumps({name: dataset.to_path() for name, dataset in seen.items() if name != "by_step"}))
    print("TAGS", json.dumps(seen["made"].tags), seen["by_step"].to_pandas_dataframe()["x"].tolist())
"""
WRITE = """\
import os, sys
from azureml.core import Dataset, Run

run = Run.get_context()
ws = run.experiment.workspace
table = Dataset.get_by_id(ws, sys.argv[1])
frame = table.to_pandas_dataframe()
assert frame["year"].tolist() == ["2020", "2020", "2021"], frame
chosen = run.input_datasets["chosen"]
assert [os.path.join(folder, name)[len(chosen):] for folder, _, names in os.walk(chosen) for name in names] == [
    "/2021/rows.csv"
], chosen
assert open(run.input_datasets["lone"]).read().startswith("x,keep")
assert run.input_datasets["lone"].endswith("/rows.csv")
made, fixed, old = sys.argv[3:]
assert fixed.endswith("/outputs/here"), fixed
for folder in (made, fixed):
    os.makedirs(folder, exist_ok=True)
    frame.drop(columns="year").to_csv(os.path.join(folder, "rows.csv"), index=False)
    open(os.path.join(folder, "notes.txt"), "w").write("not rows")
os.makedirs(old)
frame.to_csv(os.path.join(old, "rows.csv"), index=False)
open(os.path.join(old, "_SUCCESS"), "w").close()
store = ws.get_default_datastore()
Dataset.Tabular.from_delimited_files((store, "in/2021/rows.csv")).register(ws, "by_step")
"""
READ = """\
import json, os, sys
from azureml.core import Run

run = Run.get_context()
inputs = run.input_datasets
some, rest = (inputs[name].to_pandas_dataframe() for name in ("some", "rest"))
assert list(some.columns) == ["x"], some
found = {
    "parts": sorted([*some["x"].tolist(), *rest["x"].tolist()]),
    "whole": sorted(os.listdir(sys.argv[1])),
    "rows": inputs["rows"].to_pandas_dataframe().to_dict("list"),
    "fixed": inputs["fixed_in"].to_path(),
}
print("FOUND", json.dumps(found))
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = Project(tmp_path / "project", tmp_path / "cache")
    made.write("steps/write.py", WRITE)
    made.write("steps/read.py", READ)
    return made


def told(text: str, word: str) -> str:
    (line,) = [line for line in text.splitlines() if f"{word} " in line]
    return line.partition(f"{word} ")[2]


def test_datasets_of_outputs_and_outputs_of_datasets(project: Project) -> None:
    project.driver(DRIVER)
    ended = project.run("run", "pipeline.py")
    logs = project.run("logs", "latest", "read").stdout
    assert ended.returncode == 0, ended.stdout + ended.stderr + logs
    found = json.loads(told(logs, "FOUND"))
    assert found == {
        "parts": [1, 2, 3],
        "whole": ["notes.txt", "rows.csv"],
        "rows": {
            "Path": ["/rows.csv"] * 3, "x": [1, 2, 3], "keep": ["a", "b", "c"], "year": [2020, 2020, 2021],
        },
        "fixed": ["/rows.csv"],
    }  # fmt: skip
    assert json.loads(told(ended.stdout, "SEEN")) == {"made": ["/notes.txt", "/rows.csv"], "fixed": ["/rows.csv"]}
    assert told(ended.stdout, "TAGS") == '{"k": "v"} [3]'
    assert (project.folder / ".runner").is_dir()

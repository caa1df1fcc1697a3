"""Pipeline.load_yaml: v1's YAML form becomes the same plan as the objects, and each problem has its line."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from runner.model.data import DatastorePath, Mode
from runner.model.plan import Plan
from runner.model.step import InputPath, Interpreter, OutputOf, OutputPath, ParameterValue
from runner.sdk.base.exceptions import NotOffered, PipelineInvalid
from runner.sdk.base.pipeline_parameter import PipelineParameter
from runner.sdk.datastores.data_paths import DataPath, DataPathComputeBinding, DataReference
from runner.sdk.datastores.datastore import Datastore
from runner.sdk.outputs.pipeline_data import PipelineData
from runner.sdk.pipelines.pipeline import Pipeline
from runner.sdk.steps.module import Module
from runner.sdk.steps.python_script import PythonScriptStep
from runner.sdk.workspaces.workspace import Workspace

DOCUMENT = """\
pipeline:
  description: from YAML
  parameters:
    rate: {type: float, default: 2}
    title: {type: string, default: 010}
    many: {type: int}
    where: {type: datapath, default: {datastore: workspaceblobstore, path_on_datastore: raw/a.csv}}
  default_compute: local
  data_references:
    raw: {datastore: workspaceblobstore, path_on_datastore: raw}
  steps:
    Report:
      type: PythonScriptStep
      name: report
      script_name: b.py
      source_directory: src
      allow_reuse: False
      version: 3
      inputs:
        clean: {source: cleaned, bind_mode: download}
      arguments: ["input:clean", "a b", 5]
    Clean:
      compute: local
      parameters:
        speed: {source: rate}
        fixed: 7
      inputs:
        given: {source: raw, type: mount}
        place: {source: where}
      outputs:
        out: {destination: cleaned, datastore: workspaceblobstore, bind_mode: upload}
      arguments: ["parameter:speed", "input:given", "output:out", "input:place"]
      python_script_step:
        name: clean
        script_name: a.py
        source_directory: src
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("src").mkdir()
    for name in ("a.py", "b.py"):
        Path("src", name).touch()
    return tmp_path


def load(ws: Workspace, text: str) -> Pipeline:
    Path("p.yml").write_text(dedent(text))
    return Pipeline.load_yaml(ws, "p.yml")


def problems(ws: Workspace, text: str) -> list[str]:
    with pytest.raises(PipelineInvalid) as refused:
        load(ws, text)
    return [f"{one.where}: {one.what}" for one in refused.value.problems]


def written(ws: Workspace) -> Plan:
    """The same pipeline by objects."""
    store = Datastore(ws, "workspaceblobstore")
    rate = PipelineParameter("rate", 2.0)
    where = (PipelineParameter("where", DataPath(store, "raw/a.csv")), DataPathComputeBinding())
    given = DataReference(store, "given", "raw")
    cleaned = PipelineData("cleaned", store, output_name="out", output_mode="upload")
    clean = cleaned.as_download("clean")
    report = PythonScriptStep(
        "b.py", "report", [clean, "a b", 5], "local", inputs=[clean], source_directory="src", allow_reuse=False,
        version="3",
    )  # fmt: skip
    step = PythonScriptStep(
        "a.py", "clean", ["parameter:speed", given, cleaned, where], "local", inputs=[given, where], outputs=[cleaned],
        params={"speed": rate, "fixed": 7}, source_directory="src",
    )  # fmt: skip
    return Pipeline(ws, [report, step], description="from YAML").plan


def test_it_is_the_plan_of_the_same_objects(ws: Workspace) -> None:
    plan = load(ws, DOCUMENT).plan
    assert plan == written(ws)
    clean, report = plan.steps
    assert clean.command[1:] == (
        "a.py", ParameterValue("rate"), InputPath("given"), OutputPath("out"), InputPath("where"),
    )  # fmt: skip
    assert clean.inputs[0].source == DatastorePath("workspaceblobstore", "raw")
    assert report.command == (Interpreter(), "b.py", InputPath("clean"), "a b", "5")
    assert (report.inputs[0].source, report.inputs[0].mode) == (OutputOf(clean.key, "out"), Mode.DOWNLOAD)
    assert plan.parameters == {"rate": 2.0}


def test_a_problem_of_the_graph_has_the_line_of_its_step(ws: Workspace) -> None:
    text = DOCUMENT.replace("script_name: b.py", "script_name: none.py")
    (found,) = problems(ws, text)
    assert found.startswith("p.yml:12: pipeline.steps.Report: step 'report': there is no script")


def test_all_problems_come_at_once(ws: Workspace) -> None:
    found = problems(
        ws,
        """\
        pipeline:
          parameters:
            rate: {type: floot, default: 1}
            many: {type: int, default: x}
            where: {type: datapath, default: {datastore: nowhere, path_on_datastore: a}}
            text: {type: string}
          default_computer: local
          data_references:
            raw: {datastore: workspaceblobstore}
            sql: {datastore: workspaceblobstore, sql_table: t}
            set: {dataset_name: absent}
          steps:
            one:
              type: PythonScriptStep
              inputs:
                a: {source: rwa}
                b: {source: raw}
                c: {bind_mode: upload, source: made}
              outputs:
                o: {destination: made}
                p: {destination: made}
                q: {bind_mode: mount}
              parameters: {x: {source: rte}, y: {source: rate}, z: [1]}
              arguments: text
            two: {type: PythonScript}
            three: {type: DatabricksStep, notebook_path: /x}
            four: {type: ModuleStep, name: absent}
            five: {type: PythonScriptStep, script_name: a.py, allow_reuse: maybe, runconfig: none.runconfig}
            six: 7
        """,
    )
    expected = [
        "3: pipeline.parameters.rate: unknown type of a parameter 'floot'",
        "4: pipeline.parameters.many.default: expected int, found 'x'",
        "5: pipeline.parameters.where.default.datastore: ",
        "6: pipeline.parameters.text: the parameter has no default",
        "7: pipeline.default_computer: unknown key of a pipeline 'default_computer'",
        "9: pipeline.data_references.raw: it names no data",
        "10: pipeline.data_references.sql.sql_table: sql_table is not offered",
        "11: pipeline.data_references.set.dataset_name: ",
        "13: pipeline.steps.one: ",
        "16: pipeline.steps.one.inputs.a: unknown source of an input 'rwa'",
        "18: pipeline.steps.one.inputs.c.bind_mode: bind_mode 'upload' is not one of mount, download",
        "21: pipeline.steps.one.outputs.p: two outputs have the destination 'made'",
        "22: pipeline.steps.one.outputs.q: the output has no destination",
        "23: pipeline.steps.one.parameters.x: unknown parameter of the pipeline 'rte'",
        "23: pipeline.steps.one.parameters.z: expected a value or a mapping with 'source'",
        "24: pipeline.steps.one.arguments: expected a list of texts",
        "25: pipeline.steps.two: unknown type of step 'PythonScript'",
        "26: pipeline.steps.three: DatabricksStep is not offered",
        "27: pipeline.steps.four: there is no module 'absent'",
        "28: pipeline.steps.five.runconfig: ",
        "28: pipeline.steps.five.allow_reuse: expected true or false",
        "29: pipeline.steps.six: expected a step",
    ]
    missing = [line for line in expected if not any(one.startswith(f"p.yml:{line}") for one in found)]
    assert missing == [], "\n".join(found)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "p.yml:1: expected a pipeline's file, found nothing"),
        ("pipeline: {}\n", "the pipeline has no steps"),
        ("steps: {}\n", "unknown key of a pipeline's file 'steps'"),
        ("- a\n", "expected a pipeline's file, found a list"),
        ("pipeline: {steps: [", "not valid YAML"),
        ("pipeline: {steps: {a: {}}}", "the step states no type"),
    ],
)
def test_what_is_no_pipeline(ws: Workspace, text: str, words: str) -> None:
    assert any(words in one for one in problems(ws, text))


def test_a_file_that_is_not_there(ws: Workspace) -> None:
    with pytest.raises(ValueError, match="there is no file"):
        Pipeline.load_yaml(ws, "absent.yml")


def test_modules_have_no_yaml(ws: Workspace) -> None:
    refusing: Any = Module.load_yaml
    with pytest.raises(NotOffered, match="publish_python_script"):
        refusing(ws, "module.yml")
